import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { api as contracts, basePath } from '../src/api.ts';
import { createApp } from '../src/app.ts';
import type { Endpoint } from '../src/contract/endpoint.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { makeAdministrator } from './support/administrators.ts';
import { useApi } from './support/api.ts';
import { attach } from './support/attachments.ts';
import { createTask, type Member, memberOf, send, signUp } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { createProject, createSection } from './support/projects.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

/** Everything that answers somebody without a token. */
const publicRoutes = [
  'POST /api/v1/auth/register',
  'POST /api/v1/auth/login',
  'POST /api/v1/auth/refresh',
  'POST /api/v1/auth/verify-email',
  'POST /api/v1/auth/forgot-password',
  'POST /api/v1/auth/reset-password',
  'GET /api/v1/auth/providers',
  'POST /api/v1/auth/oauth/:provider/start',
  'POST /api/v1/auth/oauth/complete',
  'GET /livez',
  'GET /readyz',
  'GET /metrics',
  'GET /openapi.json',
  'GET /docs',
  'GET /docs/start.js',
  'GET /docs/:asset',
  'GET /problems/:code',
  'GET /.well-known/security.txt',
  'GET /verify-email',
  'GET /reset-password',
  'GET /account.js',
];

const endpoints: Endpoint[] = Object.values(contracts).flatMap((contract) =>
  Object.values(contract),
);
const declared = endpoints.map(({ method, path }) => `${method.toUpperCase()} ${basePath}${path}`);
const operational = publicRoutes.filter((route) => !route.includes(basePath));
const routes = [...declared, ...operational].map((route) => {
  const [method = '', pattern = ''] = route.split(' ');
  return { route, method, pattern };
});
const patterns = [...new Set(routes.map(({ pattern }) => pattern))];

const samples: Record<string, string> = {
  id: '0123456789abcdef01234567',
  asset: 'swagger-ui.css',
  code: 'not-found',
  provider: 'oidc',
};

function addressOf(pattern: string): string {
  const path = pattern.replace(/:(\w+)/g, (_, name: string) => samples[name] ?? 'unknown');
  return api().origin + path;
}

interface Layer {
  route?: { path: string; methods: Record<string, boolean> };
  handle: { stack?: Layer[] };
}

function routesIn(stack: Layer[]): string[] {
  return stack.flatMap(({ route, handle }) => {
    if (!route) return routesIn(handle.stack ?? []);
    const methods = Object.keys(route.methods).filter((method) => method !== '_all');
    return methods.map((method) => `${method.toUpperCase()} ${route.path}`);
  });
}

test('The application has the declared routes and the operational ones, and no others', () => {
  const app = createApp(api().dependencies, api().lifecycle);
  const registered = routesIn((app as unknown as { router: { stack: Layer[] } }).router.stack);
  expect(registered.toSorted()).toEqual(routes.map(({ route }) => route).toSorted());
});

test('The public list names no route that does not exist', () => {
  expect(publicRoutes.filter((route) => !routes.some((known) => known.route === route))).toEqual(
    [],
  );
});

describe('An anonymous caller', () => {
  test.each(routes)('$route', async ({ route, method, pattern }) => {
    const answer = await exchange(addressOf(pattern), { method });
    if (publicRoutes.includes(route)) {
      expect(answer.status).not.toBe(401);
    } else {
      expectProblem(answer, 401, 'unauthenticated');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    }
  });
});

describe('405', () => {
  test.each(patterns)('%s refuses every method that it does not have', async (pattern) => {
    const own = routes.filter((route) => route.pattern === pattern).map(({ method }) => method);
    const head = own.includes('GET') ? ['HEAD'] : [];
    const allowed = [...own, ...head, 'OPTIONS'].toSorted();
    const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];
    for (const method of others.filter((name) => !own.includes(name))) {
      const answer = await exchange(addressOf(pattern), { method });
      expectProblem(answer, 405, 'method_not_allowed');
      expect(answer.headers.allow?.split(', ').toSorted()).toEqual(allowed);
    }
    const options = await exchange(addressOf(pattern), { method: 'OPTIONS' });
    expect(options).toMatchObject({ status: 204, text: '', headers: { allow: expect.anything() } });
    expect(options.headers.allow?.split(', ').toSorted()).toEqual(allowed);
  });
});

/** How to come by an object of each kind that a path names, and how to delete it. */
const kinds: Record<string, (owner: Member) => Promise<string>> = {
  '/tasks/:id': async (owner) => (await createTask(owner)).id,
  '/auth/sessions/:id': async ({ user, password }) => {
    const { email } = user;
    const answer = await send(api(), undefined, 'post', '/auth/login').send({ email, password });
    const session = memberOf(api(), answer.body, password);
    const list = await session.send('get', '/auth/sessions');
    return list.body.data.find(({ current }: { current: boolean }) => current).id;
  },
  '/users/me/api-tokens/:id': async (owner) => {
    const wanted = { name: 'Script', scopes: ['tasks:read'], password: owner.password };
    return (await owner.send('post', '/users/me/api-tokens', wanted)).body.id;
  },
  '/users/me/identities/:id': async ({ user }) => {
    const [_id, subject] = [new Types.ObjectId(), randomUUID()];
    const identity = { _id, provider: 'oidc', issuer: 'https://id.example.com', subject };
    await UserModel.updateOne(
      { _id: user.id },
      { $push: { identities: { ...identity, linkedAt: new Date() }, identityKeys: subject } },
    );
    return _id.toHexString();
  },
  '/admin/users/:id': async ({ user }) => user.id,
  '/trash/:id': async (owner) => {
    const { id } = await createTask(owner);
    await owner.send('delete', `/tasks/${id}`);
    return id;
  },
  '/projects/:id': async (owner) => (await createProject(owner)).id,
  '/sections/:id': async (owner) => {
    const project = await createProject(owner);
    return (await createSection(owner, project)).id;
  },
  '/labels/:id': async (owner) => {
    return (await owner.send('post', '/labels', { name: randomUUID() })).body.id;
  },
  '/filters/:id': async (owner) => {
    const wanted = { name: randomUUID(), filter: 'overdue' };
    return (await owner.send('post', '/filters', wanted)).body.id;
  },
};

/** The kind of the object that a path names first; what is within it goes with it. */
function kindOf(path: string): string {
  return path.replace(/(:id).*/, '$1');
}

/** How to come by an object within the one that a path names first. */
const innerKinds: Record<string, (owner: Member, outerId: string) => Promise<string>> = {
  ':reminderId': async (owner, id) => {
    const at = '2099-12-01T09:30:00.000Z';
    return (await owner.send('post', `/tasks/${id}/reminders`, { at })).body.id;
  },
  ':commentId': async (owner, id) =>
    (await owner.send('post', `/tasks/${id}/comments`, { text: 'Hello' })).body.id,
  ':attachmentId': async (owner, id) => (await attach(api(), owner, `/tasks/${id}/attachments`)).id,
};

describe('HEAD', () => {
  const readable = routes.filter(({ method }) => method === 'GET');

  test.each(readable)('$pattern answers as GET does, without a body', async ({ pattern }) => {
    const member = await signUp(api());
    const headers = { Authorization: `Bearer ${member.accessToken}` };
    const make = kinds[kindOf(pattern.replace(basePath, ''))];
    const id = (await make?.(member)) ?? '';
    let path = make ? pattern.replace(':id', id) : pattern;
    for (const [parameter, makeInner] of Object.entries(innerKinds)) {
      if (path.includes(parameter)) path = path.replace(parameter, await makeInner(member, id));
    }
    if (path.includes('/admin/')) await makeAdministrator(member);
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map((method) => exchange(addressOf(path), { method, headers })),
    );
    expect(get?.status).toBe(200);
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head?.headers['content-type']).toBe(get?.headers['content-type']);
    expect(head?.headers.etag).toBe(get?.headers.etag);
  });
});

describe('404', () => {
  test.each(patterns)('%s is spelled in one way only', async (pattern) => {
    const [exact] = addressOf(pattern).split(api().origin).slice(1);
    const upper = exact?.replace(/[a-z](?=[a-z.]*(\/|$))/, (letter) => letter.toUpperCase());
    for (const path of [`${exact}/`, `/${exact}`, upper]) {
      const answer = await exchange(api().origin + path);
      expectProblem(answer, 404, 'not_found');
    }
  });
});

describe('An object that is absent, deleted or somebody else’s', () => {
  const ofObjects = endpoints.filter(
    ({ access, path }) => access === 'user' && path.includes(':id'),
  );
  let member: Member;
  let stranger: Member;
  beforeAll(async () => {
    member = await signUp(api());
    stranger = await signUp(api());
  });

  async function refusal({ method, path, example }: Endpoint, id: string) {
    const query = new URLSearchParams(example.query).toString();
    const address = addressOf(`${basePath}${path.replace(':id', id)}`) + (query && `?${query}`);
    const proof = { password: member.password };
    const given = example.body as object | undefined;
    const body = given && { ...given, ...('password' in given && proof) };
    const json = body && JSON.stringify(body);
    const headers = {
      Authorization: `Bearer ${member.accessToken}`,
      'If-Match': '"1"',
      ...(json && { 'Content-Type': 'application/json' }),
    };
    const answer = await exchange(address, { method: method.toUpperCase(), headers }, json);
    const { detail } = expectProblem(answer, 404, 'not_found');
    const { date: _, 'x-request-id': __, 'content-length': ___, ...sent } = answer.headers;
    return { detail, headers: sent };
  }

  test.each(ofObjects)('answers alike: $method $path', async (endpoint) => {
    const make = kinds[kindOf(endpoint.path)];
    if (!make) throw new Error(`teach this test to make ${endpoint.path}`);
    const deleted = await make(member);
    const proof = { password: member.password };
    const needsProof = endpoint.path.startsWith('/users/me/identities/');
    const path = kindOf(endpoint.path).replace(':id', deleted);
    await member.send('delete', path, ...(needsProof ? [proof] : []));
    const absent = await refusal(endpoint, 'f'.repeat(24));
    const others = [
      deleted,
      await make(stranger),
      (await make(member)).toUpperCase(),
      'me',
      '0',
      'F'.repeat(24),
      'a'.repeat(1000),
      '__proto__',
      '[object%20Object]',
      '%7B%22$gt%22:%22%22%7D',
      '%F0%9F%99%82',
      '..%2Fusers%2Fme',
      '%00',
    ];
    for (const id of others) expect(await refusal(endpoint, id)).toEqual(absent);
  });
});
