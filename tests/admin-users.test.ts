import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Endpoint } from '../src/contract/endpoint.ts';
import { adminContract } from '../src/features/admin/admin.contract.ts';
import { expectProblem, expectUnauthorized, violationsIn } from './support/accounts.ts';
import { changeRecord, secondFactor, signUpAdministrator } from './support/account-records.ts';
import { allScopes, createToken } from './support/api-tokens.ts';
import { useApi } from './support/api.ts';
import { basePath, createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();
let admin: Member;
beforeAll(async () => {
  admin = await signUpAdministrator(api());
});

const pathOf = (member: Member) => `/admin/users/${member.user.id}`;

/** The ids that a list shows, as far as they are of these members. */
async function listed(query: string, ...members: Member[]): Promise<string[]> {
  const answer = await admin.send('get', `/admin/users?limit=100&${query}`);
  expect(answer.status).toBe(200);
  const ids = (answer.body.data as { id: string }[]).map(({ id }) => id);
  return ids.filter((id) => members.some(({ user }) => user.id === id));
}

const idsOf = (...members: Member[]) => members.map(({ user }) => user.id);

describe.each<[string, Endpoint]>(Object.entries(adminContract))(
  'whoever is no administrator with a second factor: %s',
  (_, { method, path, example }) => {
    const ask = (member: Member | undefined) =>
      send(api(), member?.accessToken, method, path.replace(':id', admin.user.id)).send(
        example.body as object | undefined,
      );

    test('401: asks for a token', async () => {
      expectUnauthorized(await ask(undefined), 'unauthenticated');
    });

    test('403: is refused without the role, whether or not there is such an account', async () => {
      const member = await signUp(api());
      await changeRecord(member, { secondFactor });
      expectProblem(await ask(member), 403, 'not_allowed');
      const absent = path.replace(':id', 'f'.repeat(24));
      const answer = await send(api(), member.accessToken, method, absent);
      expectProblem(answer, 403, 'not_allowed');
    });

    test('403: is refused without a second factor, or with one that is not confirmed', async () => {
      const member = await signUp(api());
      await changeRecord(member, { role: 'admin' });
      expectProblem(await ask(member), 403, 'second_factor_required');
      const { enabledAt: _enabledAt, ...unconfirmed } = secondFactor;
      await changeRecord(member, { secondFactor: unconfirmed });
      expectProblem(await ask(member), 403, 'second_factor_required');
    });

    test('403: is refused with an API token, even an administrator’s with every scope', async () => {
      const member = await signUp(api());
      const { token } = await createToken(member, { scopes: allScopes });
      await changeRecord(member, { role: 'admin', secondFactor });
      const address = path.replace(':id', admin.user.id);
      expectProblem(await send(api(), token, method, address), 403, 'insufficient_scope');
    });

    test('is let in, and kept out again, from the very next request on', async () => {
      const member = await signUp(api());
      await changeRecord(member, { role: 'admin', secondFactor });
      const list = () => member.send('get', '/admin/users?limit=1');
      expect((await list()).status).toBe(200);
      await changeRecord(member, { role: 'user' });
      expectProblem(await ask(member), 403, 'not_allowed');
    });
  },
);

test('nobody makes themselves an administrator', async () => {
  const member = await signUp(api());
  for (const role of ['admin', ['admin']]) {
    expect(violationsIn(await member.send('patch', '/users/me', { role }))).toEqual([
      'body.role unrecognized_key',
    ]);
  }
  const account = { email: `${randomUUID()}@example.com`, password: member.password, name: 'Eve' };
  const registered = await api()
    .request.post(`${basePath}/auth/register`)
    .send({ ...account, role: 'admin' });
  expect(violationsIn(registered)).toEqual(['body.role unrecognized_key']);
  expectProblem(await member.send('get', '/admin/users'), 403, 'not_allowed');
});

describe('GET /admin/users', () => {
  test('shows what runs an account, and nothing of what is in it', async () => {
    const member = await signUp(api(), { name: 'Grace' });
    await createTask(member, { title: 'Private' });
    await changeRecord(member, { secondFactor });
    const answer = await admin.send('get', `/admin/users?q=${member.user.email}`);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      data: [
        {
          id: member.user.id,
          email: member.user.email,
          name: 'Grace',
          role: 'user',
          emailVerified: false,
          secondFactor: true,
          disabledAt: null,
          createdAt: member.user.createdAt,
        },
      ],
      nextCursor: null,
    });
  });

  test('puts the newest first, and visits each account once, page by page', async () => {
    const name = `Page ${randomUUID()}`;
    const made: Member[] = [];
    for (let index = 0; index < 5; index += 1) made.unshift(await signUp(api(), { name }));
    const visited: string[] = [];
    let path = `/admin/users?limit=2&q=${encodeURIComponent(name)}`;
    for (;;) {
      const { body, headers } = await admin.send('get', path);
      visited.push(...(body.data as { id: string }[]).map(({ id }) => id));
      if (body.nextCursor === null) break;
      path = /^<([^>]+)>; rel="next"$/.exec(headers['link'] ?? '')?.[1] ?? '';
    }
    expect(visited).toEqual(idsOf(...made));
  });

  test('finds addresses and names by their beginning, in whatever case', async () => {
    const key = randomUUID();
    const byEmail = await signUp(api(), { email: `Find-${key}@Example.com`, name: 'Ada' });
    const byName = await signUp(api(), { name: `Find-${key} (Ünal)` });
    const members = [byEmail, byName];
    expect(await listed(`q=find-${key}`, ...members)).toEqual(idsOf(byName, byEmail));
    expect(await listed(`q=FIND-${key}@`, ...members)).toEqual(idsOf(byEmail));
    const whole = encodeURIComponent(`find-${key.toUpperCase()} (ünal)`);
    expect(await listed(`q=${whole}`, ...members)).toEqual(idsOf(byName));
    expect(await listed(`q=${key}`, ...members)).toEqual([]);
  });

  test.each(['.', '.*', '^', '[a-z]', 'a|b', '$where', '(', '\\', '%00'])(
    'takes %s for text, not for a pattern',
    async (q) => {
      const member = await signUp(api(), { name: 'Ada' });
      const query = q.startsWith('%') ? 'q=x%5C0' : `q=${encodeURIComponent(q)}`;
      expect(await listed(query, member, admin)).toEqual([]);
    },
  );

  test('filters by role and by being disabled', async () => {
    const [plain, disabled] = [await signUp(api()), await signUp(api())];
    const second = await signUpAdministrator(api());
    await changeRecord(disabled, { disabledAt: new Date() });
    const members = [plain, disabled, second];
    expect(await listed('role=admin', ...members)).toEqual(idsOf(second));
    expect(await listed('role=user', ...members)).toEqual(idsOf(disabled, plain));
    expect(await listed('disabled=true', ...members)).toEqual(idsOf(disabled));
    expect(await listed('disabled=false', ...members)).toEqual(idsOf(second, plain));
    expect(await listed('disabled=true&role=admin', ...members)).toEqual([]);
  });

  test('leaves out accounts that are about to be gone', async () => {
    const member = await signUp(api());
    await changeRecord(member, { deletedAt: new Date() });
    expect(await listed('', member)).toEqual([]);
    expectProblem(await admin.send('get', pathOf(member)), 404, 'not_found');
    expectProblem(await admin.send('patch', pathOf(member), { disabled: true }), 404, 'not_found');
  });

  test.each([
    ['role=root', 'query.role invalid_value'],
    ['disabled=1', 'query.disabled invalid_value'],
    ['q=', 'query.q too_small'],
    ['q[$ne]=x', 'query.q[$ne] unrecognized_key'],
    ['limit=101', 'query.limit too_big'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['include=total', 'query.include unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const answer = await admin.send('get', `/admin/users?${query}`);
    expect(violationsIn(answer)).toEqual([violation]);
  });

  test('422: refuses the cursor of a list with another filter', async () => {
    await signUp(api());
    const { body } = await admin.send('get', '/admin/users?limit=1');
    const answer = await admin.send('get', `/admin/users?role=user&cursor=${body.nextCursor}`);
    expect(violationsIn(answer)).toEqual(['query.cursor invalid_cursor']);
  });
});

test('404: an account that is not there is answered alike everywhere', async () => {
  for (const id of [
    'f'.repeat(24),
    'x',
    'me',
    '%7B%22$ne%22:null%7D',
    admin.user.id.toUpperCase(),
  ]) {
    const path = `/admin/users/${id}`;
    expectProblem(await admin.send('get', path), 404, 'not_found');
    expectProblem(await admin.send('patch', path, { disabled: true }), 404, 'not_found');
    expectProblem(await admin.send('delete', `${path}/sessions`), 404, 'not_found');
  }
});

test('GET /admin/users/:id shows one account as the list does', async () => {
  const member = await signUp(api());
  const { body } = await admin.send('get', `/admin/users?q=${member.user.email}`);
  const answer = await admin.send('get', pathOf(member));
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual(body.data[0]);
});

test('administrators read neither tasks nor sessions of others', async () => {
  const member = await signUp(api());
  const task = await createTask(member);
  for (const path of [
    `/tasks/${task.id}`,
    `${pathOf(member)}/tasks`,
    `${pathOf(member)}/sessions`,
  ]) {
    const { status } = await admin.send('get', path);
    expect([404, 405]).toContain(status);
  }
  expect((await admin.send('get', '/tasks')).body.data).toEqual([]);
});
