import type { Store } from 'express-rate-limit';
import type { RequestCounters } from '../database/counters.ts';

/** A limit whose hits all instances count together. */
interface Shared {
  readonly prefix: string;
  /** Seconds. */
  readonly window: number;
  readonly counters: RequestCounters;
}

/** Counts each hit together with all instances before anything is decided. */
export function countExactly({ prefix, window, counters }: Shared): Store {
  const counted = (key: string) => ({ key: `${prefix}:${key}`, window });
  return {
    localKeys: false,
    async increment(key) {
      const { count, resetsAt } = await counters.countUp(counted(key));
      return { totalHits: count, resetTime: resetsAt };
    },
    decrement: async (key) => void (await counters.countUp(counted(key), -1)),
    resetKey: (key) => counters.countFromZero(counted(key)),
  };
}

interface Hits {
  /** Those of all instances that are known of. */
  known: number;
  /** Those of this instance that the others do not know of yet. */
  untold: number;
  resetsAt: number;
  telling: boolean;
}

/**
 * Counts here, and tells the others of every so many hits without anybody waiting for it, as counting each
 * together would cost more than most requests. Between them, the instances let up to one step each pass
 * beyond the limit.
 */
export function countInSteps({ prefix, window, counters }: Shared, step: number): Store {
  const all = new Map<string, Hits>();
  let sweptAt = 0;

  function forgetWhatIsOver(now: number): void {
    if (now - sweptAt < window * 1000) return;
    sweptAt = now;
    for (const [key, { resetsAt }] of all) if (resetsAt <= now) all.delete(key);
  }

  async function tell(key: string, hits: Hits, now: number): Promise<void> {
    const { untold } = hits;
    hits.telling = true;
    try {
      const left = (hits.resetsAt - now) / 1000;
      const counted = { key: `${prefix}:${key}`, window: left };
      const { count, resetsAt } = await counters.countUp(counted, untold);
      hits.untold -= untold;
      hits.known = count;
      hits.resetsAt = resetsAt.getTime();
    } catch {
      // Told with the next hit, when it may succeed.
    } finally {
      hits.telling = false;
    }
  }

  return {
    localKeys: false,
    increment(key) {
      const now = Date.now();
      forgetWhatIsOver(now);
      let hits = all.get(key);
      if (!hits || hits.resetsAt <= now) {
        hits = { known: 0, untold: 0, resetsAt: now + window * 1000, telling: false };
        all.set(key, hits);
      }
      hits.untold += 1;
      if (hits.untold >= step && !hits.telling) void tell(key, hits, now);
      return { totalHits: hits.known + hits.untold, resetTime: new Date(hits.resetsAt) };
    },
    decrement(key) {
      const hits = all.get(key);
      if (hits) hits.untold -= 1;
    },
    resetKey: (key) => void all.delete(key),
  };
}
