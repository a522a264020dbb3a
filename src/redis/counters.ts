import type { Count, Counted, RequestCounters } from '../database/counters.ts';
import { nameOf } from '../database/counters.ts';
import type { Redis } from './connection.ts';

/** Milliseconds for which Redis is not asked again after it took too long. */
const pause = 5000;

/** A window begins with the first count after the end of the last one. */
const script = `
  local count = redis.call('INCRBY', KEYS[1], ARGV[1])
  local left = redis.call('PTTL', KEYS[1])
  if left < 0 then
    redis.call('PEXPIRE', KEYS[1], ARGV[2])
    left = tonumber(ARGV[2])
  end
  return { count, left }
`;

/**
 * Counts in Redis, and elsewhere while it is away: counting begins anew there, so that a limit may be
 * exceeded once, but requests neither fail nor go uncounted.
 * @param prefix what the keys of this deployment begin with
 */
export function redisCounters(
  { client }: Redis,
  prefix: string,
  elsewhere: RequestCounters,
): RequestCounters {
  let awayUntil = 0;
  const keyOf = (counted: Counted) => `${prefix}count:${nameOf(counted)}`;

  async function inRedis(counted: Counted, by: number): Promise<Count> {
    const window = Math.max(1, Math.round(counted.window * 1000));
    const answer = await client.eval(script, 1, keyOf(counted), by, window);
    const [count, left] = answer as [number, number];
    return { count, resetsAt: new Date(Date.now() + left) };
  }

  return {
    async countUp(counted, by = 1) {
      const connected = client.status === 'ready';
      if (!connected || performance.now() < awayUntil) return elsewhere.countUp(counted, by);
      try {
        return await inRedis(counted, by);
      } catch {
        awayUntil = performance.now() + pause;
        return elsewhere.countUp(counted, by);
      }
    },
    async countFromZero(counted) {
      await client.del(keyOf(counted)).catch(() => undefined);
      await elsewhere.countFromZero(counted);
    },
  };
}
