import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { rateLimits } from '../src/http/limits.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { signUp } from './support/factories.ts';
import { layWire, type Wire } from './support/network.ts';
import { describeWithRedis, useRedis } from './support/redis.ts';

const database = useDatabase();
const redis = useRedis();
/** What an instance may let pass before it tells the others. */
const step = (limit: number) => limit / 20;

async function startTwo(settings: Record<string, string>): Promise<[Api, Api]> {
  const limited = { RATE_LIMIT: 'on', TRUST_PROXY: '1', ...settings };
  return [await startInstance(database(), limited), await startInstance(database(), limited)];
}

/** Sends so many requests to an instance, some at a time, and counts those that were refused. */
async function refusedOf(
  count: number,
  { origin }: Api,
  headers: Record<string, string>,
): Promise<number> {
  let refused = 0;
  let left = count;
  const sendOneByOne = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await fetch(`${origin}/api/v1/users/me`, { headers });
      await answer.arrayBuffer();
      if (answer.status === 429) refused += 1;
    }
  };
  await Promise.all(Array.from({ length: 10 }, sendOneByOne));
  return refused;
}

const newAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;

/** Fills the limit of an address on one instance, and expects another one to know. */
async function expectShared([first, second]: [Api, Api]): Promise<void> {
  const limit = rateLimits.address;
  const headers = { 'X-Forwarded-For': newAddress() };
  expect(await refusedOf(limit, first, headers)).toBe(0);
  const refused = await refusedOf(3 * step(limit), second, headers);
  expect(refused).toBeGreaterThanOrEqual(step(limit));
  expect(await refusedOf(1, second, { 'X-Forwarded-For': newAddress() })).toBe(0);
}

describe('a limit that two instances share through the database', () => {
  let instances: [Api, Api];
  beforeAll(async () => {
    instances = await startTwo({});
  });
  afterAll(() => Promise.all(instances.map((instance) => instance.close())));

  test('holds for requests without a token, whichever instance they reach', () =>
    expectShared(instances));

  test('holds for a user, whichever instance is asked', async () => {
    const [first, second] = instances;
    const { accessToken } = await signUp(first);
    const headers = { Authorization: `Bearer ${accessToken}` };
    const limit = rateLimits.user;
    expect(await refusedOf(limit - 1, first, headers)).toBe(0);
    expect(await refusedOf(3 * step(limit), second, headers)).toBeGreaterThanOrEqual(step(limit));
  });
});

describeWithRedis('a limit that two instances share through Redis', () => {
  let instances: [Api, Api];
  let wire: Wire;
  beforeAll(async () => {
    wire = await layWire('127.0.0.1', redis().port);
    instances = await startTwo({ REDIS_URL: `redis://127.0.0.1:${wire.port}` });
  });
  afterAll(async () => {
    await Promise.all(instances.map((instance) => instance.close()));
    await wire.close();
  });

  test('holds whichever instance is asked', () => expectShared(instances));

  test('is exact where passwords are tried', async () => {
    const [first, second] = instances;
    const headers = { 'X-Forwarded-For': newAddress() };
    const guess = async ({ origin }: Api) => {
      const path = `${origin}/api/v1/auth/login`;
      return (await fetch(path, { method: 'POST', headers })).status;
    };
    const guesses = Array.from({ length: rateLimits.credentials }, (_, number) =>
      guess(number % 2 === 0 ? first : second),
    );
    expect(new Set(await Promise.all(guesses))).toEqual(new Set([400]));
    expect([await guess(first), await guess(second)]).toEqual([429, 429]);
  });

  test('holds while Redis is away, counted anew', async () => {
    await wire.cut();
    await expectShared(instances);
    await wire.mend();
  });
});
