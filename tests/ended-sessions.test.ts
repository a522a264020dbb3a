import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import {
  expectProblem,
  expectUnauthorized,
  refresh,
  sessionIdOf,
  untilRefused,
} from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { type Member, memberOf, send, signUp } from './support/factories.ts';

const database = useDatabase();
let first: Api;
let second: Api;
beforeAll(async () => {
  first = await startInstance(database());
  second = await startInstance(database());
});
afterAll(() => Promise.all([first.close(), second.close()]));

describe('a session that ended on another instance', () => {
  test.each<[string, (member: Member) => Promise<Response>]>([
    ['by its logout', (member) => member.send('post', '/auth/logout')],
    ['by its id', (member) => member.send('delete', `/auth/sessions/${sessionIdOf(member)}`)],
  ])('%s, is refused here within a second', async (_, end) => {
    const member = await signUp(first);
    const here = memberOf(second, member, member.password);
    // From now on this instance has an opinion of its own.
    expect((await here.send('get', '/users/me')).status).toBe(200);
    expect((await end(member)).status).toBe(204);
    expectUnauthorized(await untilRefused(() => here.send('get', '/users/me')), 'invalid_token');
    expectUnauthorized(await here.send('get', '/users/me'), 'invalid_token');
    expectProblem(await refresh(second, here.refreshToken), 401, 'invalid_refresh_token');
  });

  test('is refused at the first request after a second in which nobody asked', async () => {
    const member = await signUp(first);
    const here = memberOf(second, member, member.password);
    expect((await here.send('get', '/users/me')).status).toBe(200);
    await member.send('post', '/auth/logout');
    // The second is what the API promises; a request in the meantime would make it look again.
    await sleep(1000);
    expectUnauthorized(await here.send('get', '/users/me'), 'invalid_token');
  });

  test('is refused by an instance that starts later', async () => {
    const member = await signUp(first);
    await member.send('post', '/auth/logout');
    const third = await startInstance(database());
    const answer = await send(third, member.accessToken, 'get', '/users/me');
    await third.close();
    expectUnauthorized(answer, 'invalid_token');
  });
});
