import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import bcrypt from 'bcrypt';
import pLimit from 'p-limit';
import { AppError } from '../../errors.ts';

/** bcrypt ignores what comes after. */
const maximumBytes = 72;

/** Whether bcrypt tells this text from every other: it reads all lone surrogates as U+FFFD. */
function isDistinct(password: string): boolean {
  return Buffer.byteLength(password) <= maximumBytes && password.isWellFormed();
}

/** Waiting hashes for each one that runs: at cost 12 the last of them waits about 10 s. */
const waitingPerWorker = 50;
/** Hashes run in Node's pool of four threads, and name resolution and files need one of them. */
const maximumWorkers = 3;

/** How the queue stands. */
interface PasswordQueue {
  readonly running: number;
  readonly waiting: number;
  /** How many hashes were refused since the start, as the queue was full. */
  readonly refused: number;
}

export interface Passwords {
  queue(): PasswordQueue;
  hash(password: string): Promise<string>;
  /** Takes as long for an unknown account (no hash) as for a wrong password. */
  verify(password: string, hash: string | undefined): Promise<boolean>;
  /** Whether a hash was made at a lower cost than is asked for today. */
  isOutdated(hash: string): boolean;
}

/**
 * bcrypt behind a queue. A hash keeps a core busy for about 0.2 s at cost 12, so one core is left to
 * everything else, and a queue that grows too long refuses rather than makes everybody wait.
 * @param cost the base-2 logarithm of the number of rounds
 * @param processes how many share the cores
 */
export function createPasswords(cost: number, processes = 1): Passwords {
  const share = Math.floor((availableParallelism() - 1) / processes);
  const workers = Math.min(maximumWorkers, Math.max(1, share));
  const queue = pLimit(workers);
  let refused = 0;
  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    if (queue.pendingCount >= workers * waitingPerWorker) {
      refused += 1;
      throw new AppError('overloaded', { retryAfter: 5 });
    }
    return queue(work);
  };
  const hash = (password: string) => enqueue(() => bcrypt.hash(password, cost));
  let decoy: Promise<string> | undefined;

  return {
    queue: () => ({ running: queue.activeCount, waiting: queue.pendingCount, refused }),
    hash,
    isOutdated: (made) => bcrypt.getRounds(made) < cost,
    async verify(password, expected) {
      decoy ??= hash(randomBytes(16).toString('hex'));
      const against = expected ?? (await decoy);
      const matches = await enqueue(() => bcrypt.compare(password, against));
      return matches && expected !== undefined && isDistinct(password);
    },
  };
}
