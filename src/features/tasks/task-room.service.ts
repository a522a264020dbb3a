import { LRUCache } from 'lru-cache';
import type { Caller } from '../../contract/endpoint.ts';
import { AppError } from '../../errors.ts';
import { accessibleTasks, trashedTasks } from './tasks.access.ts';
import { TaskModel } from './tasks.model.ts';
import { maximumTasks } from './tasks.schemas.ts';

/** Milliseconds for which a count holds. */
const staleness = 600_000;
/** How many tasks are created between two counts at most: each instance may go so far beyond the limit. */
const stride = 500;

/** How many more tasks an account may have, as far as this process knows. */
const room = new LRUCache<string, { left: number }>({
  max: 10_000,
  ttl: staleness,
  // Else the clock is read, and a timer set, for every task.
  ttlResolution: 1000,
});

async function count(caller: Caller): Promise<number> {
  const counts = [accessibleTasks(caller), trashedTasks(caller)].map((filter) =>
    TaskModel.collection.countDocuments(filter),
  );
  return (await Promise.all(counts)).reduce((sum, one) => sum + one, 0);
}

/**
 * Lets one more task be created. Counting all of them takes long, so it is done now and then.
 * @throws AppError `limit_reached`
 */
export async function requireTaskRoom(caller: Caller): Promise<void> {
  const known = room.get(caller.userId);
  if (known && known.left > 0) {
    known.left -= 1;
    return;
  }
  const left = Math.min(maximumTasks - (await count(caller)), stride);
  if (left <= 0) {
    const detail = `An account has at most ${maximumTasks.toLocaleString('en')} tasks, those in the trash included.`;
    throw new AppError('limit_reached', { detail });
  }
  room.set(caller.userId, { left: left - 1 });
}
