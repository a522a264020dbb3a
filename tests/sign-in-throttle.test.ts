import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { CounterModel } from '../src/database/counters.model.ts';
import { attemptLimits } from '../src/features/auth/attempts.service.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { basePath, type Member, signUp } from './support/factories.ts';

const database = useDatabase();
let unlimited: Api;
let api: Api;
let other: Api;
beforeAll(async () => {
  unlimited = await startInstance(database());
  api = await startInstance(database(), { RATE_LIMIT: 'on', TRUST_PROXY: '1' });
  other = await startInstance(database(), { RATE_LIMIT: 'on', TRUST_PROXY: '1' });
});
afterAll(() => Promise.all([unlimited, api, other].map((instance) => instance.close())));

const newAddress = () => `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
const newNetwork = () => `2001:db8:${randomInt(65_536).toString(16)}:${randomInt(9999)}`;

interface Attempt {
  email: string;
  password?: string;
  from?: string;
  at?: Api;
}

const logIn = ({ email, password = 'not the password', from = newAddress(), at = api }: Attempt) =>
  at.request.post(`${basePath}/auth/login`).set('X-Forwarded-For', from).send({ email, password });

const times = async <T>(count: number, work: (index: number) => PromiseLike<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

/** As if the fifteen minutes were over. */
const letWindowsEnd = () => CounterModel.updateMany({}, { expiresAt: new Date(Date.now() - 1) });

const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status).toSorted();

describe('Guessing a password', () => {
  test('is refused from one address after ten failures, even for the right one', async () => {
    const { user, password } = await signUp(unlimited);
    const from = newAddress();
    const failed = await times(attemptLimits.network, () => logIn({ email: user.email, from }));
    expect(statuses(failed)).toEqual(failed.map(() => 401));
    const answer = await logIn({ email: user.email, password, from });
    expectProblem(answer, 429, 'rate_limited');
    const seconds = Number(answer.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(900);
  });

  test('cannot slip through by many requests at once', async () => {
    const { user } = await signUp(unlimited);
    const from = newAddress();
    const answers = await times(30, () => logIn({ email: user.email, from }));
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(attemptLimits.network);
  });

  test('is counted for all instances together', async () => {
    const { user } = await signUp(unlimited);
    const from = newAddress();
    await times(attemptLimits.network, (index) =>
      logIn({ email: user.email, from, at: index % 2 ? api : other }),
    );
    for (const at of [api, other]) {
      expect((await logIn({ email: user.email, from, at })).status).toBe(429);
    }
  });

  test('is counted for an address that nobody has, too, in the same way', async () => {
    const email = `${randomUUID()}@example.com`;
    const from = newAddress();
    await times(attemptLimits.network, () => logIn({ email, from }));
    expectProblem(await logIn({ email, from }), 429, 'rate_limited');
  });

  test('is counted alike for upper and lower case', async () => {
    const { user } = await signUp(unlimited);
    const from = newAddress();
    await times(attemptLimits.network, (index) =>
      logIn({ email: index % 2 ? user.email : user.email.toUpperCase(), from }),
    );
    expect((await logIn({ email: user.email, from })).status).toBe(429);
  });

  test.each<[string, (network: string, index: number) => string]>([
    ['another address of the same /64', (network, index) => `${network}:0:0:${index}:1`],
    ['IPv4 written as IPv6', (_, index) => (index % 2 ? '::ffff:10.9.8.7' : '10.9.8.7')],
    ['a forged X-Forwarded-For', (_, index) => `10.1.1.${index}, 10.7.7.7`],
  ])('is not to be dodged by %s', async (_, addressOf) => {
    const { user } = await signUp(unlimited);
    const network = newNetwork();
    await times(attemptLimits.network, (index) =>
      logIn({ email: user.email, from: addressOf(network, index) }),
    );
    const answer = await logIn({ email: user.email, from: addressOf(network, 99) });
    expect(answer.status).toBe(429);
  });

  test('is forgiven after fifteen minutes', async () => {
    const { user, password } = await signUp(unlimited);
    const from = newAddress();
    await times(attemptLimits.network + 1, () => logIn({ email: user.email, from }));
    const counters = await CounterModel.find().lean();
    const latest = Math.max(...counters.map(({ expiresAt }) => expiresAt.getTime()));
    expect(latest - Date.now()).toBeLessThanOrEqual(900_000);
    await letWindowsEnd();
    expect((await logIn({ email: user.email, password, from })).status).toBe(200);
  });

  test('is forgiven at once by the right password', async () => {
    const { user, password } = await signUp(unlimited);
    const from = newAddress();
    await times(attemptLimits.network - 1, () => logIn({ email: user.email, from }));
    expect((await logIn({ email: user.email, password, from })).status).toBe(200);
    const again = await times(attemptLimits.network, () => logIn({ email: user.email, from }));
    expect(statuses(again)).toEqual(again.map(() => 401));
  });

  test('keeps nobody else out', async () => {
    const [victim, bystander] = [await signUp(unlimited), await signUp(unlimited)];
    const from = newAddress();
    await times(attemptLimits.network + 1, () => logIn({ email: victim.user.email, from }));
    const { user, password } = bystander;
    expect((await logIn({ email: user.email, password, from })).status).toBe(200);
  });

  test('does not run into a limit where limits are off', async () => {
    const { user } = await signUp(unlimited);
    const answers = await times(attemptLimits.network + 5, () =>
      logIn({ email: user.email, at: unlimited }),
    );
    expect(statuses(answers)).toEqual(answers.map(() => 401));
  });
});

describe('An attack on one account from many addresses', () => {
  async function attacked(): Promise<Member & { home: string }> {
    const member = await signUp(unlimited);
    const { user, password } = member;
    const home = newAddress();
    expect((await logIn({ email: user.email, password, from: home })).status).toBe(200);
    await times(attemptLimits.account, () => logIn({ email: user.email }));
    return { ...member, home };
  }

  test('is stopped after a hundred failures', async () => {
    const { user, password } = await attacked();
    expectProblem(await logIn({ email: user.email, password }), 429, 'rate_limited');
  });

  test('never keeps out its owner, at an address from which the account was used', async () => {
    const { user, password, home } = await attacked();
    expect((await logIn({ email: user.email, password, from: home })).status).toBe(200);
  });

  test('does not turn into a lock: nothing in the account says that it was attacked', async () => {
    const { user, password } = await attacked();
    expect((await UserModel.findById(user.id).lean())?.disabledAt).toBeUndefined();
    await letWindowsEnd();
    expect((await logIn({ email: user.email, password })).status).toBe(200);
  });
});

describe('Guessing the password inside a session', () => {
  test('is refused after ten failures: a stolen access token is no way to the password', async () => {
    const { user, password, accessToken } = await signUp(unlimited);
    const from = newAddress();
    const change = (currentPassword: string) =>
      api.request
        .put(`${basePath}/users/me/password`)
        .set('Authorization', `Bearer ${accessToken}`)
        .set('X-Forwarded-For', from)
        .send({ currentPassword, newPassword: 'quartz lagoon violin' });
    const failed = await times(attemptLimits.network, () => change('not the password'));
    expect(statuses(failed)).toEqual(failed.map(() => 403));
    expectProblem(await change(password), 429, 'rate_limited');
    expectProblem(await logIn({ email: user.email, password, from }), 429, 'rate_limited');
  });
});

test('What is counted tells neither addresses nor e-mails', async () => {
  const email = `${randomUUID()}@example.com`;
  const from = newAddress();
  await logIn({ email, from });
  const text = JSON.stringify(await CounterModel.find().lean());
  expect(text).not.toBe('[]');
  expect(text).not.toContain(email);
  expect(text).not.toContain(from);
});
