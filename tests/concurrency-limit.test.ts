import { describe, expect, test } from '@jest/globals';
import { type ConcurrencyLimit, createConcurrencyLimit } from '../src/http/concurrency-limit.ts';

interface Simulated {
  done: number;
  refused: number;
  /** The longest that an admitted request took, in milliseconds. */
  longest: number;
}

/** Requests that come evenly, and are worked off one after the other at a rate of its own. */
function simulate(limit: ConcurrencyLimit, rate: number, capacity: number, seconds: number) {
  const result: Simulated = { done: 0, refused: 0, longest: 0 };
  const waiting: number[] = [];
  let doneAt = Number.POSITIVE_INFINITY;
  const begin = (now: number) => {
    doneAt = waiting.length > 0 ? now + 1000 / capacity : Number.POSITIVE_INFINITY;
  };
  const finish = () => {
    const now = doneAt;
    const arrivedAt = waiting.shift() ?? now;
    limit.leave();
    limit.learn(arrivedAt, now);
    result.done += 1;
    result.longest = Math.max(result.longest, now - arrivedAt);
    begin(now);
  };
  for (let arrival = 0; arrival < rate * seconds; arrival += 1) {
    const now = (arrival * 1000) / rate;
    while (doneAt <= now) finish();
    if (limit.isFull()) result.refused += 1;
    else {
      limit.enter();
      waiting.push(now);
      if (waiting.length === 1) begin(now);
    }
  }
  while (waiting.length > 0) finish();
  return result;
}

const quick = 4000;
const slow = 200;

describe.each([slow, 600, 1500, quick])('a database that does %d requests a second', (capacity) => {
  test('does as many of twice as many, none of which waits for half a second', () => {
    const limit = createConcurrencyLimit();
    const { done, longest, refused } = simulate(limit, 2 * capacity, capacity, 20);
    expect(done / 20).toBeGreaterThan(0.98 * capacity);
    expect(longest).toBeLessThan(500);
    expect(refused).toBeGreaterThan(0);
  });

  test('refuses none that it can do', () => {
    const { refused } = simulate(createConcurrencyLimit(), 0.95 * capacity, capacity, 20);
    expect(refused).toBe(0);
  });

  test('refuses none any more once it can do them again', () => {
    const limit = createConcurrencyLimit();
    const before = limit.limit;
    simulate(limit, 2 * capacity, capacity, 5);
    expect(limit.limit).toBe(before);
    expect(simulate(limit, 0.95 * capacity, capacity, 20).refused).toBe(0);
  });
});

describe('the limit', () => {
  /** So many answers, after so long, while so many are under way. */
  function answer(limit: ConcurrencyLimit, underWay: number, ...milliseconds: number[]): number {
    for (let entered = 0; entered < underWay; entered += 1) limit.enter();
    // Far enough apart for each to be looked at.
    for (const [index, time] of milliseconds.entries()) {
      const now = (index + 1) * 1000;
      limit.learn(now - time, now);
    }
    return limit.limit;
  }

  const initial = createConcurrencyLimit().limit;

  test('lets a hundred come at once', () => {
    expect(initial).toBeGreaterThan(100);
  });

  test('stays while few requests are slow by themselves', () => {
    expect(answer(createConcurrencyLimit(), 20, 900, 900, 900, 900)).toBe(initial);
  });

  test('stays while some of many are slow', () => {
    const limit = createConcurrencyLimit();
    for (let entered = 0; entered < 100; entered += 1) limit.enter();
    for (let now = 0; now < 10_000; now += 10) limit.learn(now - (now % 30 === 0 ? 900 : 20), now);
    expect(limit.limit).toBe(initial);
  });

  test('goes down step by step while most of many are slow, to what the database can be asked at once', () => {
    const once = answer(createConcurrencyLimit(), 100, 900);
    expect(once).toBeLessThan(100);
    const slowly = Array.from({ length: 100 }, () => 900);
    expect(answer(createConcurrencyLimit(), 60, ...slowly)).toBe(54);
    expect(answer(createConcurrencyLimit(), 51, ...slowly)).toBe(50);
  });

  test('goes up step by step when they are quick again, and no higher than it was', () => {
    const once = answer(createConcurrencyLimit(), 100, 900);
    expect(answer(createConcurrencyLimit(), 100, 900, 20)).toBeGreaterThan(once);
    const quickly = Array.from({ length: 100 }, () => 20);
    expect(answer(createConcurrencyLimit(), 100, 900, ...quickly)).toBe(initial);
  });

  test('is at once what it was when nothing waits any more', () => {
    const limit = createConcurrencyLimit();
    expect(answer(limit, 100, 900)).toBeLessThan(initial);
    for (let left = 0; left < 90; left += 1) limit.leave();
    expect(limit.limit).toBe(initial);
  });
});
