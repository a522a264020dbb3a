import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { api as contracts, basePath } from '../src/api.ts';
import type { Endpoint } from '../src/contract/endpoint.ts';
import { networkOf } from '../src/http/address.ts';
import { rateLimits } from '../src/http/limits.ts';
import { makeAdministrator } from './support/administrators.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { type Member, memberOf, signUp } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { exchange, type WireAnswer } from './support/wire.ts';

const database = useDatabase();
let api: Api;
let direct: Api;
let unlimited: Api;
beforeAll(async () => {
  api = await startInstance(database(), { RATE_LIMIT: 'on', TRUST_PROXY: '1' });
  direct = await startInstance(database(), { RATE_LIMIT: 'on', TRUST_PROXY: '0' });
  unlimited = await startInstance(database(), { RATE_LIMIT: 'off' });
});
afterAll(() => Promise.all([api, direct, unlimited].map((instance) => instance.close())));

/** An address from which no other test sends. */
const newAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

interface Sender {
  from?: string;
  as?: Pick<Member, 'accessToken'>;
}

function send(method: string, path: string, { from = newAddress(), as }: Sender = {}) {
  const headers = {
    'X-Forwarded-For': from,
    ...(as && { Authorization: `Bearer ${as.accessToken}` }),
  };
  return exchange(api.origin + basePath + path, { method, headers });
}

type Parameters_ = Record<string, number>;

/** A list of strings with integers for parameters (RFC 9651), by the strings; anything else throws. */
function parseLimits(header: unknown): Record<string, Parameters_> {
  const item = /^"([a-z]+)"((?:; *[a-z]+=(?:\d+|:[A-Za-z0-9+/=]*:))+)$/;
  const entries = String(header)
    .split(/, */)
    .map((text) => {
      const [, name, parameters] = item.exec(text) ?? [];
      if (name === undefined || parameters === undefined) throw new Error(`not an item: ${text}`);
      const numbers = [...parameters.matchAll(/([a-z]+)=(\d+)/g)];
      const values = numbers.map(([, key, value]) => [key, Number(value)] as const);
      return [name, Object.fromEntries(values) as Parameters_] as const;
    });
  return Object.fromEntries(entries);
}

/** How many requests a limit still allows, by the answer itself. */
function left({ headers }: WireAnswer, limit: string): number | undefined {
  return parseLimits(headers['ratelimit'])[limit]?.['r'];
}

const endpoints: Endpoint[] = Object.values(contracts).flatMap((contract) =>
  Object.values(contract),
);

/** Uses up what an address may try of passwords and tokens. */
async function exhaust(sendOne: () => Promise<WireAnswer>): Promise<WireAnswer> {
  const answers = Array.from({ length: rateLimits.credentials }, sendOne);
  const statuses = (await Promise.all(answers)).map(({ status }) => status);
  expect(statuses).not.toContain(429);
  return sendOne();
}

describe('RateLimit-Policy and RateLimit', () => {
  let member: Member;
  beforeAll(async () => {
    member = await signUp(unlimited);
    await makeAdministrator(member);
  });

  test.each(endpoints)('are on $method $path', async ({ access, limit, method, path }) => {
    const address = path.replace(':id', 'f'.repeat(24));
    const sender = access !== 'public' ? { as: member } : {};
    const { headers } = await send(method.toUpperCase(), `${address}?unknown=1`, sender);
    const names = [
      ...(access !== 'public' ? (['user'] as const) : []),
      ...(limit ? [limit] : []),
      ...(access === 'public' && !limit ? (['address'] as const) : []),
    ];
    const policies = parseLimits(headers['ratelimit-policy']);
    const states = parseLimits(headers['ratelimit']);
    expect(Object.keys(policies)).toEqual(names);
    expect(Object.keys(states)).toEqual(names);
    for (const name of names) {
      expect(policies[name]).toEqual({ q: rateLimits[name], w: 60 });
      expect(states[name]?.['r']).toBeLessThan(rateLimits[name]);
      expect(states[name]?.['t']).toBeLessThanOrEqual(60);
    }
  });

  test('are not where nothing is limited', async () => {
    for (const path of ['/livez', '/docs', '/problems/not-found', '/nothing']) {
      const { headers } = await exchange(api.origin + path);
      expect(headers).not.toHaveProperty('ratelimit');
    }
  });

  test('are nowhere when RATE_LIMIT is off, and nothing is refused', async () => {
    const login = () => exchange(`${unlimited.origin}/api/v1/auth/login`, { method: 'POST' });
    const answers = Array.from({ length: rateLimits.credentials + 5 }, login);
    for (const { status, headers } of await Promise.all(answers)) {
      expect(status).toBe(400);
      expect(Object.keys(headers).filter((name) => name.startsWith('ratelimit'))).toEqual([]);
    }
  });
});

describe('429', () => {
  test('after too many passwords from one address, until the window ends', async () => {
    const from = newAddress();
    const answer = await exhaust(() => send('POST', '/auth/login', { from }));
    expectProblem(answer, 429, 'rate_limited');
    const wait = Number(answer.headers['retry-after']);
    expect(Number.isInteger(wait)).toBe(true);
    expect(wait).toBeGreaterThanOrEqual(1);
    expect(wait).toBeLessThanOrEqual(60);
    expect(left(answer, 'credentials')).toBe(0);
    expectProblem(await send('POST', '/auth/refresh', { from }), 429, 'rate_limited');
    expect(await send('POST', '/auth/login')).toMatchObject({ status: 400 });
  });

  test('also for a caller who tries passwords', async () => {
    const member = await signUp(unlimited);
    const from = newAddress();
    const answer = await exhaust(() => send('PUT', '/users/me/password', { from, as: member }));
    expectProblem(answer, 429, 'rate_limited');
    expect(await send('GET', '/users/me', { from, as: member })).toMatchObject({ status: 200 });
  });

  test('after too many requests without a valid token, but not for those with one', async () => {
    const from = newAddress();
    const member = await signUp(unlimited);
    const forged = { accessToken: 'e30.e30.e30' };
    const tries = Array.from({ length: rateLimits.address }, (_, index) =>
      send('GET', '/tasks', index % 2 === 0 ? { from } : { from, as: forged }),
    );
    for (const { status } of await Promise.all(tries)) expect(status).toBe(401);
    const answer = await send('GET', '/tasks', { from });
    expectProblem(answer, 429, 'rate_limited');
    expect(answer.headers['retry-after']).toMatch(/^\d+$/);
    expect(await send('GET', '/tasks', { from, as: member })).toMatchObject({ status: 200 });
  });

  test('whatever X-Forwarded-For says, where no proxy is trusted', async () => {
    const answer = await exhaust(() => {
      const headers = { 'X-Forwarded-For': newAddress(), Forwarded: `for=${newAddress()}` };
      return exchange(`${direct.origin}/api/v1/auth/login`, { method: 'POST', headers });
    });
    expectProblem(answer, 429, 'rate_limited');
  });

  test('whatever a client writes in front of what the trusted proxy adds', async () => {
    const real = newAddress();
    const answer = await exhaust(() =>
      send('POST', '/auth/login', { from: `${newAddress()}, ${newAddress()}, ${real}` }),
    );
    expectProblem(answer, 429, 'rate_limited');
  });

  test('whichever port a proxy adds to the address', async () => {
    const real = newAddress();
    let port = 1024;
    const answer = await exhaust(() => {
      port += 1;
      return send('POST', '/auth/login', { from: `${real}:${port}` });
    });
    expectProblem(answer, 429, 'rate_limited');
  });
});

describe('The limit of a user', () => {
  test('counts all sessions and addresses of theirs, and nobody else', async () => {
    const member = await signUp(unlimited);
    const { email } = member.user;
    const login = await unlimited.request
      .post(`${basePath}/auth/login`)
      .send({ email, password: member.password });
    const otherSession = memberOf(unlimited, login.body, member.password);
    const from = newAddress();
    const first = left(await send('GET', '/users/me', { from, as: member }), 'user');
    const second = left(await send('GET', '/users/me', { as: otherSession }), 'user');
    expect([first, second]).toEqual([rateLimits.user - 1, rateLimits.user - 2]);
    const stranger = await signUp(unlimited);
    const theirs = left(await send('GET', '/users/me', { from, as: stranger }), 'user');
    expect(theirs).toBe(rateLimits.user - 1);
  });

  test('is spent by failures too', async () => {
    const member = await signUp(unlimited);
    await send('GET', '/tasks?unknown=1', { as: member });
    await send('GET', '/tasks/nothing', { as: member });
    const answer = await send('GET', '/users/me', { as: member });
    expect(left(answer, 'user')).toBe(rateLimits.user - 3);
  });
});

describe('The key of an address', () => {
  test.each([
    ['2001:db8:1:2:a::1', '2001:db8:1:2:b::9'],
    ['2001:db8:1:2::', '2001:DB8:0001:0002:ffff:ffff:ffff:ffff'],
    ['203.0.113.7', '::ffff:203.0.113.7'],
    ['203.0.113.7', '::FFFF:203.0.113.7'],
    ['203.0.113.7', '::ffff:cb00:7107'],
    ['203.0.113.7', '203.0.113.7:50123'],
    ['2001:db8:1:2::1', '[2001:db8:1:2::1]:50123'],
  ])('%s and %s are one', (one, other) => {
    expect(networkOf(other)).toBe(networkOf(one));
  });

  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:3::1'],
    ['203.0.113.7', '203.0.113.8'],
    ['::1', '127.0.0.1'],
  ])('%s and %s are two', (one, other) => {
    expect(networkOf(other)).not.toBe(networkOf(one));
  });
});
