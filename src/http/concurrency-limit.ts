/** Milliseconds from one look at the answers to the next. */
const period = 100;
/** After so many late looks in a row, what waits is a queue that stays and not a burst. */
const patience = 2;
/** Bounds of what half of the answers may take, in milliseconds. */
const target = { least: 100, most: 200 };
/** Fewer would leave a database idle now and then, and refuse a handful of callers who wait their turn. */
const floor = 24;
/** What comes at once may wait; more than this would be left waiting for too long. */
const ceiling = 128;
/** So few under way tell that nothing waits. */
const calm = 4;
/** Milliseconds without a refusal after which it is over, once nothing waits. */
const quiet = 1000;
const step = 2;
/** How far down at once: by what the median asks for, but within these bounds. */
const backOff = { most: 0.3, least: 0.8 };

export interface ConcurrencyLimit {
  /** How many requests may be under way. */
  readonly limit: number;
  /** How many are. */
  readonly underWay: number;
  /** Whether one more would be too many; with the time in milliseconds, of the same clock as below. */
  isFull(now: number): boolean;
  enter(): void;
  leave(): void;
  /** Learns when a request began and when its answer was there. */
  learn(beganAt: number, now: number): void;
}

function medianOf(times: number[]): number {
  times.sort((one, other) => one - other);
  return times[times.length >> 1] ?? 0;
}

/**
 * A limit of requests under way that goes by the time they take, so that it fits a quick database and a
 * slow one alike: additive increase and multiplicative decrease (AIMD), by which TCP finds its share of
 * a line (Chiu and Jain 1989), as Netflix' concurrency-limits applies it to servers. Three things are
 * otherwise. The median tells, which some requests that are slow by themselves cannot move. It is compared
 * with what requests take while nothing waits, as a database may be far away. And from CoDel (RFC 8289)
 * comes the difference between a burst, after which nothing waits any more and the limit is what it was,
 * and a queue that stays. An event loop that is behind needs no look of its own: the answers of the
 * database wait in it too.
 */
export function createConcurrencyLimit(): ConcurrencyLimit {
  let limit = ceiling;
  let underWay = 0;
  let times: number[] = [];
  let lookedAt = 0;
  let lateLooks = 0;
  let fullAt = Number.NEGATIVE_INFINITY;
  /** What requests take while nothing waits. */
  let undisturbed = 0;

  function adapt(): void {
    const median = medianOf(times);
    if (underWay <= calm) undisturbed += (Math.min(median, target.most / 2) - undisturbed) / 10;
    const acceptable = Math.max(target.least, 2 * undisturbed);
    lateLooks = median > acceptable && underWay > floor ? lateLooks + 1 : 0;
    // Down from what is under way: a limit that nobody has reached says nothing.
    if (lateLooks >= patience) {
      const factor = Math.min(backOff.least, Math.max(backOff.most, acceptable / median));
      limit = Math.max(floor, Math.floor(underWay * factor));
    } else if (lateLooks === 0) limit = Math.min(ceiling, limit + step);
  }

  return {
    get limit() {
      return limit;
    },
    get underWay() {
      return underWay;
    },
    isFull(now) {
      if (underWay <= calm && now - fullAt > quiet) limit = ceiling;
      if (underWay < limit) return false;
      fullAt = now;
      return true;
    },
    enter() {
      underWay += 1;
    },
    leave() {
      underWay -= 1;
    },
    learn(beganAt, now) {
      times.push(now - beganAt);
      if (now - lookedAt < period) return;
      adapt();
      lookedAt = now;
      times = [];
    },
  };
}
