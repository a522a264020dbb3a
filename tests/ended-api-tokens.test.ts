import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { noAnnouncements } from '../src/redis/announcements.ts';
import type { Database } from '../src/database/connection.ts';
import { objectId } from '../src/database/ids.ts';
import { AppError } from '../src/errors.ts';
import { ApiTokenModel } from '../src/features/api-tokens/api-tokens.model.ts';
import { createApiTokens } from '../src/features/api-tokens/api-tokens.ts';
import { deleteTokensOf } from '../src/features/api-tokens/api-tokens.service.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, expectUnauthorized, untilRefused } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { allScopes, createToken } from './support/api-tokens.ts';
import { send, signUp } from './support/factories.ts';

const database = useDatabase();
let first: Api;
let second: Api;
/** Whether the second instance has lost the database. */
let away = false;

/** As a lost database refuses work. */
const unreachable = () => Promise.reject(new AppError('database_unavailable', { retryAfter: 2 }));

beforeAll(async () => {
  const losing: Database = {
    ...database(),
    run: (work) => (away ? unreachable() : database().run(work)),
  };
  first = await startInstance(database());
  second = await startInstance(losing);
});
afterAll(() => Promise.all([first.close(), second.close()]));

/** Somebody with a token for everything that a token may do. */
async function withToken() {
  const member = await signUp(first);
  const { id, token } = await createToken(member, { scopes: allScopes });
  return { member, id, token };
}

const read = async (api: Api, token: string) => send(api, token, 'get', '/users/me');

describe('What is taken away holds at once here, and within a second elsewhere', () => {
  test.each<[string, (given: Awaited<ReturnType<typeof withToken>>) => Promise<unknown>]>([
    ['a deleted token', ({ member, id }) => member.send('delete', `/users/me/api-tokens/${id}`)],
    [
      'a token of a deleted account',
      ({ member }) => member.send('delete', '/users/me', { password: member.password }),
    ],
    [
      'a token of a disabled account',
      async ({ member }) => {
        await UserModel.updateOne({ _id: member.user.id }, { $set: { disabledAt: new Date() } });
        first.dependencies.apiTokens.forget();
      },
    ],
    [
      'all tokens of an account',
      async ({ member }) => {
        await deleteTokensOf(objectId(member.user.id));
        first.dependencies.apiTokens.forget();
      },
    ],
  ])('%s', async (_, takeAway) => {
    const given = await withToken();
    // From now on both instances have an opinion of their own.
    for (const api of [first, second]) expect((await read(api, given.token)).status).toBe(200);
    await takeAway(given);
    expectUnauthorized(await read(first, given.token), 'invalid_token');
    expectUnauthorized(await untilRefused(() => read(second, given.token)), 'invalid_token');
    expectUnauthorized(await read(second, given.token), 'invalid_token');
  });

  test('nothing is left of the tokens of a deleted account', async () => {
    const { member } = await withToken();
    await member.send('delete', '/users/me', { password: member.password });
    expect(await ApiTokenModel.countDocuments({ userId: member.user.id })).toBe(0);
  });

  test('other tokens of the account go on', async () => {
    const { member, id } = await withToken();
    const other = await createToken(member, { scopes: ['account:read'] });
    await member.send('delete', `/users/me/api-tokens/${id}`);
    expect((await read(first, other.token)).status).toBe(200);
  });
});

describe('While the database is away', () => {
  test('a token is refused within a second, rather than trusted', async () => {
    const { token } = await withToken();
    // Nothing but the token needs the database here: the query is refused before anything is read.
    const ask = async () => send(second, token, 'get', '/users/me?unknown=1');
    expect((await ask()).status).toBe(422);
    away = true;
    const since = performance.now();
    let answer = await ask();
    while (answer.status === 422 && performance.now() - since < 1000) answer = await ask();
    expectProblem(answer, 503, 'database_unavailable');
    away = false;
    expect((await ask()).status).toBe(422);
  });
});

describe('The database is asked', () => {
  /** Counts what is asked, and holds the answers back for as long as the test wants. */
  function asking() {
    const counted = { asked: 0, heldUntil: Promise.resolve() };
    const run: Database['run'] = async (work) => {
      counted.asked += 1;
      const { heldUntil } = counted;
      const answer = await database().run(work);
      await heldUntil;
      return answer;
    };
    return Object.assign(counted, { apiTokens: createApiTokens({ run }, noAnnouncements) });
  }

  test('never for what lacks the right checksum', async () => {
    const { token } = await withToken();
    const counted = asking();
    const typo = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
    await expect(counted.apiTokens.verify(typo)).rejects.toThrow(AppError);
    expect(counted.asked).toBe(0);
  });

  test('once for many requests with the same token', async () => {
    const { member, token } = await withToken();
    const counted = asking();
    const verified = await Promise.all(
      Array.from({ length: 20 }, () => counted.apiTokens.verify(token)),
    );
    for (const { caller } of verified) expect(caller).toEqual({ userId: member.user.id });
    expect(counted.asked).toBe(1);
  });

  test('no more of a token that expires while it is remembered', async () => {
    const { member, token } = await withToken();
    const { apiTokens } = asking();
    await apiTokens.verify(token);
    const { body } = await member.send('get', '/users/me/api-tokens');
    jest.spyOn(Date, 'now').mockReturnValue(Date.parse(body.data[0].expiresAt));
    await expect(apiTokens.verify(token)).rejects.toMatchObject({ code: 'invalid_token' });
    jest.restoreAllMocks();
    await apiTokens.verify(token);
  });

  test('again after a change, even where an older answer was still on its way', async () => {
    const { id, token } = await withToken();
    const counted = asking();
    let release = () => {};
    counted.heldUntil = new Promise((resolve) => {
      release = resolve;
    });
    const underWay = counted.apiTokens.verify(token);
    counted.heldUntil = Promise.resolve();
    // The use is the last thing that a look-up writes: from then on its answer is there, and held.
    while (!(await ApiTokenModel.exists({ _id: id, lastUsedAt: { $ne: null } })));
    await ApiTokenModel.deleteOne({ _id: id });
    counted.apiTokens.forget();
    await expect(counted.apiTokens.verify(token)).rejects.toThrow(AppError);
    release();
    await underWay;
    await expect(counted.apiTokens.verify(token)).rejects.toThrow(AppError);
  });
});
