import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { IdempotencyKeyModel } from '../src/database/idempotency-keys.model.ts';
import { ApiTokenModel } from '../src/features/api-tokens/api-tokens.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectUnauthorized, logInAgain } from './support/accounts.ts';
import { startInstance, useApi } from './support/api.ts';
import { tokenRequest } from './support/api-tokens.ts';
import { basePath, createTask, type Member, send, signUp } from './support/factories.ts';
import { breakOff } from './support/idempotency.ts';
import { expectProblem, expectViolations } from './support/problems.ts';
import { everything } from './support/stored.ts';
import { exchange } from './support/wire.ts';

const api = useApi();
let member: Member;
beforeAll(async () => {
  member = await signUp(api());
});

/** A request with a key, its body byte by byte as it is given here. */
function post(path: string, key: string | string[], body: string | object, token?: string) {
  const headers = {
    'Content-Type': 'application/json',
    'Idempotency-Key': key,
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  };
  const content = typeof body === 'string' ? body : JSON.stringify(body);
  return exchange(`${api().origin}${basePath}${path}`, { method: 'POST', headers }, content);
}

const create = (key: string | string[], body: string | object = { title: 'Pay rent' }) =>
  post('/tasks', key, body, member.accessToken);

async function titles(of: Member): Promise<string[]> {
  const { body } = await of.send('get', '/tasks?limit=100');
  return (body.data as { title: string }[]).map(({ title }) => title);
}

const newAccount = () => ({
  email: `${randomUUID()}@example.com`,
  password: `open sesame ${randomUUID()}`,
  name: 'Ada',
});

describe('The same key with the same request', () => {
  test('gives the same answer, and says so', async () => {
    const title = `Once ${randomUUID()}`;
    const key = randomUUID();
    const first = await create(key, { title });
    expect(first.status).toBe(201);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    const second = await create(key, { title });
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second).toMatchObject({ status: 201, text: first.text });
    for (const name of ['location', 'etag', 'content-type', 'cache-control', 'vary'] as const) {
      expect(first.headers[name]).toBeTruthy();
      expect(second.headers[name]).toBe(first.headers[name]);
    }
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
    expect((await titles(member)).filter((each) => each === title)).toHaveLength(1);
  });

  test('shows what was answered, not what has become of it', async () => {
    const key = randomUUID();
    const first = await create(key);
    const path = `/tasks/${String(first.body['id'])}`;
    await member.send('patch', path, { title: 'Another title' });
    expect((await create(key)).text).toBe(first.text);
    await member.send('delete', path);
    expect((await create(key)).text).toBe(first.text);
  });

  test('may be written in another way: the same JSON is the same request', async () => {
    const key = randomUUID();
    const first = await create(key, '{"title":"Pay rent","labels":["a","b"],"priority":"low"}');
    expect(first.status).toBe(201);
    const again = await create(
      key,
      '{ "priority" : "low",\n"labels":["a", "b"], "title":"Pay \\u0072ent"}',
    );
    expect(again).toMatchObject({ status: 201, text: first.text });
    const reordered = '{"title":"Pay rent","labels":["b","a"],"priority":"low"}';
    expectProblem(await create(key, reordered), 422, 'idempotency_key_reused');
  });

  test('makes one object of fifty at the same time', async () => {
    const key = randomUUID();
    const stranger = await signUp(api());
    const ask = () => post('/tasks', key, { title: 'One of many' }, stranger.accessToken);
    const answers = await Promise.all(Array.from({ length: 50 }, ask));
    const last = await ask();
    expect(last.status).toBe(201);
    expect(last.headers['idempotent-replayed']).toBe('true');
    for (const answer of answers) {
      if (answer.status === 409) expectProblem(answer, 409, 'idempotency_key_in_flight');
      else expect(answer).toMatchObject({ status: 201, text: last.text });
    }
    const made = answers.filter(({ status }) => status === 201);
    const firsts = made.filter(({ headers }) => headers['idempotent-replayed'] === undefined);
    expect(firsts).toHaveLength(1);
    expect(await titles(stranger)).toEqual(['One of many']);
  });

  test('is the same in quotes, as the draft has it, and without', async () => {
    const key = randomUUID();
    const first = await create(`"${key}"`);
    expect(first.status).toBe(201);
    expect((await create(key)).text).toBe(first.text);
  });

  test('is the same in every session of the caller', async () => {
    const key = randomUUID();
    const first = await create(key);
    const { accessToken } = await logInAgain(api(), member);
    const again = await post('/tasks', key, { title: 'Pay rent' }, accessToken);
    expect(again.text).toBe(first.text);
  });

  test('counts towards the limits of the caller', async () => {
    const instance = await startInstance(api().dependencies.database, { RATE_LIMIT: 'on' });
    const key = randomUUID();
    const left = async () => {
      const answer = await send(instance, member.accessToken, 'post', '/tasks')
        .set('Idempotency-Key', key)
        .send({ title: 'Pay rent' });
      expect(answer.status).toBe(201);
      return Number(/r=(\d+)/.exec(String(answer.headers['ratelimit']))?.[1]);
    };
    const first = await left();
    expect(await left()).toBe(first - 1);
    await instance.close();
  });
});

describe('Another request', () => {
  test.each([
    ['another body', '/tasks', { title: 'Another' }],
    ['another path', '/users/me/api-tokens', { name: 'x', scopes: ['tasks:read'], password: 'x' }],
  ])('422: %s cannot have the same key', async (_, path, body) => {
    const key = randomUUID();
    expect((await create(key)).status).toBe(201);
    const answer = await post(path, key, body, member.accessToken);
    expectProblem(answer, 422, 'idempotency_key_reused');
    expect(await titles(member)).not.toContain('Another');
  });

  test('of another user may have the same key', async () => {
    const key = randomUUID();
    const first = await create(key);
    const stranger = await signUp(api());
    const second = await post('/tasks', key, { title: 'Pay rent' }, stranger.accessToken);
    expect(second.status).toBe(201);
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    expect(second.body['id']).not.toBe(first.body['id']);
  });

  test('without a key is another one each time', async () => {
    const one = await createTask(member);
    expect((await createTask(member)).id).not.toBe(one.id);
    expect(
      await IdempotencyKeyModel.countDocuments({ userId: (await signUp(api())).user.id }),
    ).toBe(0);
  });

  test.each(['patch', 'put', 'delete', 'get'] as const)(
    '%s does not look at keys',
    async (method) => {
      const stranger = await signUp(api());
      const { id } = await createTask(stranger);
      const path = method === 'put' ? '/users/me/password' : `/tasks/${id}`;
      const passwords = { currentPassword: stranger.password, newPassword: 'a good new password' };
      const body =
        method === 'patch' ? { title: 'Other' } : method === 'put' ? passwords : undefined;
      const request = send(api(), stranger.accessToken, method, path).set('Idempotency-Key', 'a b');
      const answer = await (body ? request.send(body) : request);
      expect(answer.status).toBeLessThan(300);
      expect(await IdempotencyKeyModel.countDocuments({ userId: stranger.user.id })).toBe(0);
    },
  );
});

describe('What comes before', () => {
  test('401: a key does not let anybody in', async () => {
    const key = randomUUID();
    await create(key);
    expectUnauthorized(
      await send(api(), undefined, 'post', '/tasks')
        .set('Idempotency-Key', key)
        .send({ title: 'Pay rent' }),
      'unauthenticated',
    );
  });

  test('422: what breaks the schema leaves the key to what mends it', async () => {
    const key = randomUUID();
    expectViolations(await create(key, { title: '' }), 'body.title');
    expect((await create(key, { title: 'Mended' })).status).toBe(201);
    expectViolations(await create(key, { title: '' }), 'body.title');
  });

  test('403: a wrong password leaves the key to the right one', async () => {
    const stranger = await signUp(api());
    const key = randomUUID();
    const ask = (given: object) =>
      post('/users/me/api-tokens', key, tokenRequest(stranger, given), stranger.accessToken);
    expectProblem(await ask({ password: 'not the right one' }), 403, 'wrong_password');
    expect((await ask({})).status).toBe(201);
  });
});

describe('Without an account', () => {
  test('registers once, and gives the same tokens again', async () => {
    const account = newAccount();
    const key = randomUUID();
    const first = await post('/auth/register', key, account);
    expect(first.status).toBe(201);
    const second = await post('/auth/register', key, account);
    expect(second).toMatchObject({ status: 201, text: first.text });
    expect(second.headers['cache-control']).toBe('no-store');
    const other = { ...account, password: `another ${randomUUID()}` };
    expectProblem(await post('/auth/register', key, other), 422, 'idempotency_key_reused');
  });

  test('409: a failure is repeated as it was', async () => {
    const account = { ...newAccount(), email: member.user.email };
    const key = randomUUID();
    const first = await post('/auth/register', key, account);
    expectProblem(first, 409, 'email_taken');
    const second = await post('/auth/register', key, account);
    expect(second).toMatchObject({ status: 409, text: first.text });
    expect(second.headers['idempotent-replayed']).toBe('true');
  });

  test('a process that was killed after it wrote the account is made up for', async () => {
    const account = newAccount();
    const key = randomUUID();
    await IdempotencyKeyModel.deleteMany({ userId: { $exists: false } });
    const first = await post('/auth/register', key, account);
    await breakOff({ userId: { $exists: false } });
    const second = await post('/auth/register', key, account);
    expect(second.status).toBe(201);
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    expect(second.body['user']).toEqual(first.body['user']);
    expect(await UserModel.countDocuments({ emailKey: account.email })).toBe(1);
    const me = await send(api(), String(second.body['accessToken']), 'get', '/users/me');
    expect(me.status).toBe(200);
  });
});

describe('A secret that is shown once', () => {
  const path = '/users/me/api-tokens';

  test('is shown again to whoever repeats the request, and kept in no readable form', async () => {
    const stranger = await signUp(api());
    const key = randomUUID();
    const given = tokenRequest(stranger);
    const first = await post(path, key, given, stranger.accessToken);
    expect(first.status).toBe(201);
    const token = String(first.body['token']);
    expect((await post(path, key, given, stranger.accessToken)).body['token']).toBe(token);
    const account = newAccount();
    const registered = await post('/auth/register', key, account);
    const { accessToken, refreshToken } = registered.body;
    const stored = await everything();
    expect(stored).toContain(stranger.user.id);
    for (const secret of [
      token,
      accessToken,
      refreshToken,
      account.password,
      given.password,
      key,
    ]) {
      expect(stored).not.toContain(String(secret));
    }
  });

  test('is a new one after a process was killed before it was shown, and the only one', async () => {
    const stranger = await signUp(api());
    const key = randomUUID();
    const given = tokenRequest(stranger);
    const first = await post(path, key, given, stranger.accessToken);
    await breakOff({ userId: stranger.user.id });
    const second = await post(path, key, given, stranger.accessToken);
    expect(second.status).toBe(201);
    expect(second.body['id']).toBe(first.body['id']);
    expect(await ApiTokenModel.countDocuments({ userId: stranger.user.id })).toBe(1);
    const { token, ...shown } = second.body;
    const listed = await stranger.send('get', path);
    expect(listed.body.data).toEqual([shown]);
    const use = (secret: unknown) => send(api(), String(secret), 'get', '/tasks');
    expect((await use(token)).status).toBe(200);
    expectUnauthorized(await use(first.body['token']), 'invalid_token');
  });
});
