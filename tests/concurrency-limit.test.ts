import { beforeEach, describe, expect, test } from '@jest/globals';
import { type ConcurrencyLimit, createConcurrencyLimit } from '../src/http/concurrency-limit.ts';

interface Simulated {
  done: number;
  refused: number;
  /** The longest that an admitted request took, in milliseconds. */
  longest: number;
}

/** Requests that come evenly, and are worked off one after the other at a rate of its own. */
function simulate(
  limit: ConcurrencyLimit,
  rate: number,
  capacity: number,
  seconds: number,
  from = 0,
) {
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
    const now = from + (arrival * 1000) / rate;
    while (doneAt <= now) finish();
    if (limit.isFull(now)) result.refused += 1;
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
    expect(simulate(limit, 2 * capacity, capacity, 5).refused).toBeGreaterThan(0);
    expect(simulate(limit, 0.95 * capacity, capacity, 20, 5000).refused).toBe(0);
    expect(limit.limit).toBe(before);
  });
});

describe('the limit', () => {
  const initial = createConcurrencyLimit().limit;
  let limit: ConcurrencyLimit;
  let now = 0;
  beforeEach(() => {
    limit = createConcurrencyLimit();
  });

  function enter(count: number): void {
    for (let entered = 0; entered < count; entered += 1) limit.enter();
  }

  /** Looks at the limit in which half of the answers took so long; gives what it is then. */
  function look(milliseconds: number, times = 1): number {
    for (let time = 0; time < times; time += 1) {
      now += 100;
      limit.learn(now - milliseconds, now);
    }
    return limit.limit;
  }

  test('lets a hundred come at once', () => {
    expect(initial).toBeGreaterThan(100);
  });

  test('stays while few requests are slow by themselves', () => {
    enter(24);
    expect(look(900, 100)).toBe(initial);
  });

  test('stays while the smaller part of many is slow', () => {
    enter(100);
    for (let time = 0; time < 10_000; time += 10) limit.learn(time - (time % 30 ? 20 : 900), time);
    expect(limit.limit).toBe(initial);
  });

  test('stays at a pause', () => {
    enter(100);
    look(20, 10);
    expect(look(900)).toBe(initial);
    expect(look(20)).toBe(initial);
    expect(look(900)).toBe(initial);
  });

  test('goes down step by step while most of many are slow, but never too far', () => {
    enter(100);
    expect(look(120, 2)).toBe(80);
    for (let left = 0; left < 30; left += 1) limit.leave();
    expect(look(200)).toBe(35);
    expect(look(900)).toBe(24);
  });

  test('goes up step by step when they are quick again, and no higher than it was', () => {
    enter(100);
    const low = look(900, 2);
    const higher = look(20);
    expect(higher).toBeGreaterThan(low);
    expect(higher).toBeLessThan(low + 10);
    expect(look(20, 1000)).toBe(initial);
  });

  test('is what it was for the next request when nothing waits any more', () => {
    enter(100);
    expect(look(900, 2)).toBeLessThan(initial);
    for (let left = 0; left < 97; left += 1) limit.leave();
    expect(limit.isFull(now)).toBe(false);
    expect(limit.limit).toBe(initial);
  });

  test('stays low while there are refusals, also where little is under way for a moment', () => {
    enter(100);
    const low = look(900, 2);
    expect(limit.isFull(now)).toBe(true);
    for (let left = 0; left < 97; left += 1) limit.leave();
    expect(limit.isFull(now + 1000)).toBe(false);
    expect(limit.limit).toBe(low);
    expect(limit.isFull(now + 1001)).toBe(false);
    expect(limit.limit).toBe(initial);
  });

  test('bears with a database that is far away', () => {
    enter(1);
    look(90, 100);
    enter(50);
    expect(look(120, 100)).toBe(initial);
    expect(look(250, 2)).toBeLessThan(initial);
  });
});
