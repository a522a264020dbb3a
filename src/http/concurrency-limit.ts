import { maximumConnections } from '../database/connection.ts';

/** Milliseconds that half of the answers may take before there is more under way than can be done. */
const target = 150;
/** Milliseconds from one look at the answers to the next. */
const period = 100;
/** Fewer than the database has connections would leave some of them idle. */
const floor = maximumConnections;
/** What comes at once may wait; more than this would be left waiting for too long. */
const ceiling = 256;
/** So few under way tell that nothing waits any more. */
const calm = floor / 4;
const step = 5;
const backOff = 0.9;

export interface ConcurrencyLimit {
  /** How many requests may be under way. */
  readonly limit: number;
  /** How many are. */
  readonly underWay: number;
  isFull(): boolean;
  enter(): void;
  leave(): void;
  /** Learns when a request began and when its answer was there; in milliseconds of one clock. */
  learn(beganAt: number, now: number): void;
}

/**
 * A limit of requests under way that goes by the time they take, so that it fits a quick database and a
 * slow one alike: additive increase and multiplicative decrease (AIMD), by which TCP finds its share of
 * a line (Chiu and Jain 1989), as Netflix' concurrency-limits applies it to servers. Two things are
 * otherwise. The median tells, which some requests that are slow by themselves cannot move. And from
 * CoDel (RFC 8289) comes the difference between a burst, after which nothing waits any more and the limit
 * is what it was, and a queue that stays. An event loop that is behind needs no look of its own: the
 * answers of the database wait in it too.
 */
export function createConcurrencyLimit(): ConcurrencyLimit {
  let limit = ceiling;
  let underWay = 0;
  let answers = 0;
  let late = 0;
  let lookedAt = 0;

  function adapt(): void {
    // Down from what is under way: a limit that nobody has reached says nothing.
    if (late * 2 > answers && underWay > floor) {
      limit = Math.max(floor, Math.floor(underWay * backOff));
    } else limit = Math.min(ceiling, limit + step);
  }

  return {
    get limit() {
      return limit;
    },
    get underWay() {
      return underWay;
    },
    isFull: () => underWay >= limit,
    enter() {
      underWay += 1;
    },
    leave() {
      underWay -= 1;
      if (underWay <= calm) limit = ceiling;
    },
    learn(beganAt, now) {
      answers += 1;
      if (now - beganAt > target) late += 1;
      if (now - lookedAt < period) return;
      adapt();
      lookedAt = now;
      answers = 0;
      late = 0;
    },
  };
}
