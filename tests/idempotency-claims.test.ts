import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Types } from 'mongoose';
import { IdempotencyKeyModel } from '../src/database/idempotency-keys.model.ts';
import { AppError } from '../src/errors.ts';
import {
  breakOff,
  countThings,
  createThing,
  gate,
  type ThingHandlers,
  useThings,
} from './support/idempotency.ts';
import { expectProblem } from './support/problems.ts';

const begin = useThings();

afterEach(() => {
  jest.restoreAllMocks();
});

/** Creates things too, after a test has let it; counts how often it began. */
function heldUp() {
  const begun = gate();
  const held = gate();
  const handler: ThingHandlers['create'] = async (request) => {
    begun.open();
    await held.passed;
    return createThing(request);
  };
  return { handler, begun: begun.passed, letGo: held.open };
}

describe('409', () => {
  test('tells while the first one is in flight, and when to come again', async () => {
    const { handler, begun, letGo } = heldUp();
    const { ask } = await begin({ create: handler });
    const first = ask();
    await begun;
    const second = await ask();
    expectProblem(second, 409, 'idempotency_key_in_flight');
    expect(second.headers['retry-after']).toBe('1');
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    letGo();
    expect((await first).status).toBe(201);
    const third = await ask();
    expect(third.headers['idempotent-replayed']).toBe('true');
    expect(third.text).toBe((await first).text);
  });

  test('holds for as long as the first one takes', async () => {
    const timers = jest.spyOn(globalThis, 'setInterval');
    const stops = jest.spyOn(globalThis, 'clearInterval');
    const { handler, begun, letGo } = heldUp();
    const { ask, record, userId } = await begin({ create: handler });
    const first = ask();
    await begun;
    const mine = timers.mock.calls.findIndex(([, interval]) => interval === 3000);
    const [renew] = timers.mock.calls[mine]!;
    const isHeld = async () => ((await record())?.leaseEndsAt.getTime() ?? 0) > Date.now();
    await IdempotencyKeyModel.updateOne({ userId }, { $set: { leaseEndsAt: new Date(0) } });
    expect(await isHeld()).toBe(false);
    renew();
    while (!(await isHeld()));
    expectProblem(await ask(), 409, 'idempotency_key_in_flight');
    letGo();
    expect((await first).status).toBe(201);
    expect(stops.mock.calls).toContainEqual([timers.mock.results[mine]!.value]);
  });

  test('keeps nobody out for longer than ten seconds once nobody is at it', async () => {
    const { handler, begun, letGo } = heldUp();
    const { ask, record } = await begin({ create: handler });
    const first = ask();
    await begun;
    const { leaseEndsAt } = (await record())!;
    expect(leaseEndsAt.getTime() - Date.now()).toBeLessThanOrEqual(10_000);
    letGo();
    await first;
  });

  test('is also the answer to one that has been overtaken: what is shown is what was kept', async () => {
    const slow = heldUp();
    const calls = [slow.handler, createThing];
    const { ask, userId } = await begin({ create: (request) => calls.shift()!(request) });
    const body = { name: `of ${userId.toHexString()}` };
    const first = ask({ body });
    await slow.begun;
    await breakOff({ userId });
    const second = await ask({ body });
    expect(second.status).toBe(201);
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    slow.letGo();
    expectProblem(await first, 409, 'idempotency_key_in_flight');
    expect((await ask({ body })).text).toBe(second.text);
    expect(await countThings(body.name)).toBe(1);
  });
});

describe('422', () => {
  test.each([
    ['another body', { body: { name: 'Chair' } }],
    ['one member more', { body: { name: 'Lamp', size: 1 } }],
    ['another query', { path: '/things?colour=red' }],
  ])('refuses %s, done or in flight', async (_, other) => {
    const { handler, begun, letGo } = heldUp();
    const { ask } = await begin({ create: handler });
    const first = ask();
    await begun;
    expectProblem(await ask(other), 422, 'idempotency_key_reused');
    letGo();
    await first;
    expectProblem(await ask(other), 422, 'idempotency_key_reused');
    expect((await ask()).status).toBe(201);
  });

  test('refuses what cannot be compared, as the secret of the server is another one', async () => {
    const { ask, userId } = await begin({ create: createThing });
    expect((await ask()).status).toBe(201);
    const other = await begin({ create: createThing }, { userId, secret: 'another secret' });
    expectProblem(await other.ask(), 422, 'idempotency_key_reused');
  });
});

describe('an attempt that broke off', () => {
  test('before it wrote anything is made up for', async () => {
    const { handler, begun } = heldUp();
    const calls = [handler, createThing];
    const { ask, userId } = await begin({ create: (request) => calls.shift()!(request) });
    void ask().catch(() => {});
    await begun;
    await breakOff({ userId });
    expect((await ask()).status).toBe(201);
    expect((await ask()).headers['idempotent-replayed']).toBe('true');
  });

  test('after it wrote its object has made the only one', async () => {
    const { ask, userId } = await begin({ create: createThing });
    const first = await ask();
    await breakOff({ userId });
    const second = await ask();
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    expect(second).toMatchObject({ status: 201, text: first.text });
    expect(second.headers['location']).toBe(first.headers['location']);
  });

  test('is made up for once, also where two find it at the same time', async () => {
    let calls = 0;
    const { ask, userId } = await begin({
      create: (request) => {
        calls += 1;
        return createThing(request);
      },
    });
    const first = await ask();
    await breakOff({ userId });
    const both = gate();
    let readers = 0;
    const find = IdempotencyKeyModel.findById.bind(IdempotencyKeyModel);
    const findTogether = (id: string) => ({
      lean: async () => {
        const record = await find(id).lean();
        readers += 1;
        if (readers === 2) both.open();
        await both.passed;
        return record;
      },
    });
    jest.spyOn(IdempotencyKeyModel, 'findById').mockImplementation(findTogether as never);
    const answers = await Promise.all([ask(), ask()]);
    for (const answer of answers) {
      if (answer.status === 409) expectProblem(answer, 409, 'idempotency_key_in_flight');
      else expect(answer).toMatchObject({ status: 201, text: first.text });
    }
    expect(calls).toBe(2);
  });

  test('while it claimed the key, as the database was lost, is in nobody’s way', async () => {
    const userId = new Types.ObjectId();
    /** Goes on in the background with what it gives up, as the driver does. */
    const lost: typeof run = (work) => {
      void run(work);
      return Promise.reject(new AppError('database_unavailable', { retryAfter: 2 }));
    };
    const run = async <T>(work: () => Promise<T> | T) => work();
    const refused = await begin({}, { userId, database: { run: lost } });
    expectProblem(await refused.ask(), 503, 'database_unavailable');
    while ((await refused.record())?.attempt !== '');
    const { ask } = await begin({ create: createThing }, { userId });
    expect((await ask()).status).toBe(201);
  });

  test('has ids of its own in another request', async () => {
    const { ask } = await begin({ create: createThing });
    const ids = [await ask({ key: 'a' }), await ask({ key: 'b' })].map(({ body }) => body['id']);
    expect(new Set(ids).size).toBe(2);
  });
});
