import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { api as contracts } from '../src/api.ts';
import type { Endpoint } from '../src/contract/endpoint.ts';
import type { Scope } from '../src/contract/scopes.ts';
import { expectProblem } from './support/accounts.ts';
import { makeAdministrator } from './support/administrators.ts';
import { useApi } from './support/api.ts';
import { allScopes, createToken } from './support/api-tokens.ts';
import { createTask, send, signUp } from './support/factories.ts';

const api = useApi();

const endpoints: (Endpoint & { name: string })[] = Object.entries(contracts).flatMap(
  ([feature, contract]) =>
    Object.entries(contract as Record<string, Endpoint>).map(([name, endpoint]) => ({
      ...endpoint,
      name: `${feature}.${name}`,
    })),
);
const scoped = endpoints.flatMap(({ scope, ...rest }) => (scope ? [{ ...rest, scope }] : []));
const unscoped = endpoints.filter(({ access, scope }) => access !== 'public' && !scope);

/** Tokens of an administrator. */
let withAll: string;
let withOnly: Map<Scope, string>;
let withoutOnly: Map<Scope, string>;

beforeAll(async () => {
  const member = await signUp(api());
  const token = async (scopes: Scope[]) => (await createToken(member, { scopes })).token;
  withAll = await token(allScopes);
  withOnly = new Map();
  withoutOnly = new Map();
  for (const scope of allScopes) {
    withOnly.set(scope, await token([scope]));
    withoutOnly.set(scope, await token(allScopes.filter((other) => other !== scope)));
  }
  await makeAdministrator(member);
});

/** A request that gets as far as being read, and no farther: a parameter that is not known stops it. */
function ask({ method, path }: Endpoint, token: string | undefined): PromiseLike<Response> {
  return send(api(), token, method, `${path.replace(/:\w+/g, 'f'.repeat(24))}?unknown=1`);
}

function expectInsufficientScope(answer: Response, scope?: Scope): void {
  expectProblem(answer, 403, 'insufficient_scope');
  expect(answer.headers['www-authenticate']).toBe(
    `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`,
  );
}

describe.each(scoped)('$name', (endpoint) => {
  const { scope } = endpoint;

  test('takes an API token with its scope alone', async () => {
    const answer = await ask(endpoint, withOnly.get(scope));
    expect(['malformed_request', 'validation_failed']).toContain(answer.body.code);
  });

  test('refuses one with all other scopes, and names what is missing', async () => {
    expectInsufficientScope(await ask(endpoint, withoutOnly.get(scope)), scope);
  });
});

describe.each(unscoped)('$name', (endpoint) => {
  test('refuses an API token with every scope, of an administrator', async () => {
    expectInsufficientScope(await ask(endpoint, withAll));
  });
});

describe('No scope opens', () => {
  test('what is for administrators', () => {
    expect(scoped.filter(({ access }) => access !== 'user')).toEqual([]);
  });

  test('what asks for a password or a code', () => {
    const proof = new Set(['password', 'currentPassword', 'newPassword', 'code']);
    const open = scoped.filter(({ body }) =>
      Object.keys(body?.shape ?? {}).some((member) => proof.has(member)),
    );
    expect(open).toEqual([]);
  });

  test('any change but those of tasks and what they stand in, and of the name and the time zone', () => {
    const changes = scoped.filter(({ method }) => method !== 'get');
    const ofTasks = /^\/(tasks|trash|projects|sections|labels|filters)(\/|$)/;
    const others = changes.filter(({ path }) => !ofTasks.test(path));
    expect(others.map(({ method, path }) => `${method} ${path}`)).toEqual(['patch /users/me']);
  });

  test('sessions or API tokens, not even to be read', () => {
    const guarded = scoped.filter(({ path }) => /^\/(auth|admin|users\/me\/api-tokens)/.test(path));
    expect(guarded).toEqual([]);
  });
});

describe('A scope', () => {
  test.each(allScopes)(
    '%s opens something, and what it opens reads or writes as it says',
    (name) => {
      const opened = scoped.filter(({ scope }) => scope === name);
      expect(opened.length).toBeGreaterThan(0);
      for (const { method } of opened) expect(method === 'get').toBe(name.endsWith(':read'));
    },
  );
});

describe('An API token', () => {
  test('acts for its owner alone', async () => {
    const member = await signUp(api());
    const own = await createTask(member, { title: 'Own' });
    const theirs = await createTask(await signUp(api()));
    const { token } = await createToken(member, { scopes: ['tasks:read', 'tasks:write'] });
    const { body } = await send(api(), token, 'get', '/tasks');
    expect(body.data).toEqual([own]);
    const read = await send(api(), token, 'get', `/tasks/${theirs.id}`);
    expectProblem(read, 404, 'not_found');
    const made = await send(api(), token, 'post', '/tasks').send({ title: 'By a script' });
    expect(made.status).toBe(201);
    expect((await member.send('get', `/tasks/${made.body.id}`)).body).toEqual(made.body);
  });

  test('gets no more scopes than it was made with, whatever it asks for', async () => {
    const member = await signUp(api());
    const { token } = await createToken(member, { scopes: ['tasks:read'] });
    const asked = await send(api(), token, 'post', '/tasks').send({ scope: 'tasks:write' });
    expectInsufficientScope(asked, 'tasks:write');
  });
});
