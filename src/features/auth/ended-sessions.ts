import type { Database } from '../../database/connection.ts';
import { AppError } from '../../errors.ts';
import type { Announcements } from '../../redis/announcements.ts';
import { SessionModel } from './sessions.model.ts';

/** Milliseconds. What is known is refreshed after the first and never trusted after the second. */
const refreshAfter = 400;
const staleAfter = 900;
/** Milliseconds by which each reading overlaps the last, for writes that became visible late. */
const overlap = 10_000;

export interface EndedSessions {
  /** @throws AppError `invalid_token` once the session has ended */
  requireActive(sessionId: string): void | Promise<void>;
  /** Takes in every end that was written before the call, so that it holds here at once; announces it. */
  catchUp(): Promise<void>;
}

/**
 * Which sessions have ended while their access tokens still live, held in memory and read again from
 * the database at most every 400 ms, so that an authenticated request costs no query of its own. An
 * end on another instance holds here within a second, and at once where it is announced; while the database cannot be asked, requests
 * fail rather than trust what was known. Readings happen on demand: an idle server makes none.
 * @param remember seconds for which an access token can outlive its session
 */
export function createEndedSessions(
  database: Pick<Database, 'run'>,
  remember: number,
  announcements: Announcements,
): EndedSessions {
  /** When each ended session may be forgotten, in the order of becoming known. */
  const ended = new Map<string, number>();
  // What ended before has no access token left.
  let newest = new Date(Date.now() - remember * 1000);
  let readAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const startedAt = performance.now();
    for (const [id, forgetAt] of ended) {
      if (forgetAt > startedAt) break;
      ended.delete(id);
    }
    const since = new Date(newest.getTime() - overlap);
    const found = await database.run(() =>
      SessionModel.find({ endedAt: { $gt: since } }, { endedAt: 1 })
        .lean()
        .exec(),
    );
    for (const { _id, endedAt } of found) {
      const id = _id.toHexString();
      if (!ended.has(id)) ended.set(id, startedAt + remember * 1000);
      if (endedAt && endedAt > newest) newest = endedAt;
    }
    readAt = startedAt;
  }

  function refresh(): Promise<void> {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function knowSince(time: number): Promise<void> {
    while (readAt < time) await refresh();
  }

  function check(sessionId: string): void {
    if (ended.has(sessionId)) throw new AppError('invalid_token');
  }

  // Should it fail, the next request finds it out.
  announcements.listen(
    'ended sessions',
    () => void knowSince(performance.now()).catch(() => undefined),
  );

  return {
    catchUp() {
      announcements.announce('ended sessions');
      return knowSince(performance.now());
    },
    requireActive(sessionId) {
      const now = performance.now();
      const age = now - readAt;
      if (age > staleAfter) return knowSince(now - staleAfter).then(() => check(sessionId));
      // A failure is not lost: once what is known is stale, the next request meets it.
      if (age > refreshAfter) refresh().catch(() => undefined);
      return check(sessionId);
    },
  };
}
