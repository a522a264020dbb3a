import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createApp } from '../src/app.ts';
import { createClient } from '../src/client.ts';
import { ApiTokenModel } from '../src/features/api-tokens/api-tokens.model.ts';
import { rateLimits } from '../src/http/limits.ts';
import { createServer } from '../src/http/server.ts';
import { createLogger } from '../src/logger.ts';
import { expectProblem, expectUnauthorized } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { allScopes, createToken } from './support/api-tokens.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { useServers } from './support/serving.ts';
import { exchange } from './support/wire.ts';

const database = useDatabase();
const serve = useServers();
let first: Api;
let second: Api;
let limited: Api;
beforeAll(async () => {
  first = await startInstance(database());
  second = await startInstance(database());
  limited = await startInstance(database(), { RATE_LIMIT: 'on' });
});
afterAll(() => Promise.all([first, second, limited].map((instance) => instance.close())));

/** Somebody with a token for everything that a token may do. */
async function withToken() {
  const member = await signUp(first);
  const { id, token } = await createToken(member, { scopes: allScopes });
  return { member, id, token };
}

const read = async (api: Api, token: string) => send(api, token, 'get', '/users/me');
const lastUse = async (member: Member, id: string): Promise<string | null> =>
  (await member.send('get', `/users/me/api-tokens/${id}`)).body.lastUsedAt;

describe('An API token is accepted', () => {
  test('on every instance, as often as it is sent', async () => {
    const { member, token } = await withToken();
    for (const api of [first, second, first]) {
      expect((await read(api, token)).body).toEqual(member.user);
    }
  });

  test('as the access token of a client', async () => {
    const { member, token } = await withToken();
    const client = createClient({ baseUrl: first.origin, accessToken: () => token });
    expect(await client.users.read()).toEqual(member.user);
    expect(await client.tasks.list()).toEqual({ data: [], nextCursor: null });
  });

  test('after the session that made it has ended', async () => {
    const { member, token } = await withToken();
    await member.send('post', '/auth/logout');
    expect((await read(first, token)).status).toBe(200);
  });
});

describe('An API token is refused', () => {
  test.each<[string, (token: string) => string]>([
    [
      'of which a character was changed',
      (token) => `tma_${token[4] === 'a' ? 'b' : 'a'}${token.slice(5)}`,
    ],
    [
      'of which the checksum was changed',
      (token) => token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a'),
    ],
    ['of which a character is missing', (token) => token.slice(0, -1)],
    ['that goes on', (token) => `${token}0`],
    ['that is a prefix alone', () => 'tma_'],
  ])('%s', async (_, change) => {
    const { token } = await withToken();
    expectUnauthorized(await read(first, change(token)), 'invalid_token');
  });

  test('that was never given out, though it could have been', async () => {
    expectUnauthorized(
      await read(first, 'tma_0000000000000000000000000000002C8GjS'),
      'invalid_token',
    );
  });

  test('by the hash that is stored', async () => {
    const { id } = await withToken();
    const stored = await ApiTokenModel.findById(id).lean();
    const answer = await read(first, stored?.tokenHash ?? '');
    expectUnauthorized(answer, 'invalid_token');
  });

  test('in a query, a body or another header', async () => {
    const { token } = await withToken();
    const answers = await Promise.all([
      send(first, undefined, 'get', `/users/me?access_token=${token}`),
      send(first, undefined, 'get', '/users/me').set('X-Api-Key', token),
      send(first, undefined, 'get', '/users/me').set('Cookie', `accessToken=${token}`),
    ]);
    for (const answer of answers) expectUnauthorized(answer, 'unauthenticated');
  });

  test('as a refresh token', async () => {
    const { token } = await withToken();
    const answer = await send(first, undefined, 'post', '/auth/refresh').send({
      refreshToken: token,
    });
    expectProblem(answer, 401, 'invalid_refresh_token');
  });

  test('once it has expired', async () => {
    const { member, id, token } = await withToken();
    await ApiTokenModel.updateOne({ _id: id }, { $set: { expiresAt: new Date(Date.now() - 1) } });
    expectUnauthorized(await read(first, token), 'invalid_token');
    expect(await lastUse(member, id)).toBeNull();
  });
});

describe('The last use', () => {
  test('is listed, also of a token that was sent in vain', async () => {
    const { member, id, token } = await withToken();
    expect(await lastUse(member, id)).toBeNull();
    const before = Date.now();
    await send(first, token, 'post', '/auth/logout');
    const usedAt = Date.parse((await lastUse(member, id)) ?? '');
    expect(usedAt).toBeGreaterThanOrEqual(before);
    expect(usedAt).toBeLessThanOrEqual(Date.now());
  });

  test('is written once a minute at most, by all instances together', async () => {
    const { member, id, token } = await withToken();
    await Promise.all([first, second, first, second].map((api) => read(api, token)));
    const written = await lastUse(member, id);
    for (const api of [first, second]) {
      api.dependencies.apiTokens.forget();
      await read(api, token);
    }
    expect(await lastUse(member, id)).toBe(written);
    const earlier = new Date(Date.now() - 60_001);
    await ApiTokenModel.updateOne({ _id: id }, { $set: { lastUsedAt: earlier } });
    first.dependencies.apiTokens.forget();
    await read(first, token);
    expect(Date.parse((await lastUse(member, id)) ?? '')).toBeGreaterThan(earlier.getTime());
  });
});

test('The limit of a user counts API tokens with the sessions', async () => {
  const { member, token } = await withToken();
  const left = async (bearer: string) => {
    const { headers } = await read(limited, bearer);
    return Number(/"user"; *r=(\d+)/.exec(headers['ratelimit'] ?? '')?.[1]);
  };
  expect(await left(member.accessToken)).toBe(rateLimits.user - 1);
  expect(await left(token)).toBe(rateLimits.user - 2);
  expect(await left(member.accessToken)).toBe(rateLimits.user - 3);
});

test('No line of the log has a token or its hash, and each names the owner', async () => {
  const { member, id, token } = await withToken();
  const stored = await ApiTokenModel.findById(id).lean();
  const written = new PassThrough();
  const lines = createInterface(written);
  const { dependencies, lifecycle } = first;
  const logger = createLogger('trace', written);
  const app = createApp({ ...dependencies, logger }, lifecycle);
  const origin = await serve(createServer(app, dependencies.config));
  const headers = { Authorization: `Bearer ${token}` };
  const all: string[] = [];
  for (const path of ['/users/me', '/auth/sessions', `/tasks?cursor=${token}`]) {
    const line = once(lines, 'line') as Promise<[string]>;
    await exchange(`${origin}/api/v1${path}`, { headers });
    all.push(...(await line));
  }
  for (const line of all) {
    expect(JSON.parse(line)).toMatchObject({ userId: member.user.id });
    expect(line).not.toContain(token);
    expect(line).not.toContain(stored?.tokenHash);
  }
  expect(all.map((line) => JSON.parse(line).status)).toEqual([200, 403, 422]);
});
