import { createHash } from 'node:crypto';
import type { Database } from './connection.ts';
import { CounterModel, type CounterRecord } from './counters.model.ts';
import { isDuplicateKey } from './duplicate-key.ts';

/** Something that is counted in windows of time, shared by all instances. */
export interface Counted {
  /** Hashed before it is stored: it may hold an e-mail or an IP address. */
  readonly key: string;
  /** The length of a window, in seconds. */
  readonly window: number;
}

export interface Count {
  readonly count: number;
  readonly resetsAt: Date;
}

/** What requests are counted with. */
export interface RequestCounters {
  countUp(counted: Counted, by?: number): Promise<Count>;
  countFromZero(counted: Counted): Promise<void>;
}

/** The name under which something is counted. */
export function nameOf({ key }: Counted): string {
  return createHash('sha256').update(key).digest('base64url');
}

/** A window begins with the first count after the end of the last one. */
async function add(counted: Counted, step: number): Promise<Count> {
  const _id = nameOf(counted);
  for (;;) {
    const now = Date.now();
    const expiresAt = new Date(now + counted.window * 1000);
    try {
      const record = await CounterModel.findOneAndUpdate(
        { _id, expiresAt: { $gt: new Date(now) } },
        { $inc: { count: step }, $setOnInsert: { expiresAt } },
        { upsert: true, returnDocument: 'after' },
      ).lean<CounterRecord>();
      return { count: record.count, resetsAt: record.expiresAt };
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Either another one has made the record just now, or its window is over.
      await CounterModel.deleteOne({ _id, expiresAt: { $lte: new Date(now) } });
    }
  }
}

/** Counts before anything is decided, so that requests at the same time cannot slip through. */
export function countUp(counted: Counted, by = 1): Promise<Count> {
  return add(counted, by);
}

/** Takes one back that has turned out not to count. */
export async function countDown(counted: Counted): Promise<void> {
  await add(counted, -1);
}

/** Forgets what was counted in this window. */
export async function countFromZero(counted: Counted): Promise<void> {
  await CounterModel.deleteOne({ _id: nameOf(counted) });
}

/** Counts requests in the database, for all instances together. */
export function databaseCounters({ run }: Pick<Database, 'run'>): RequestCounters {
  return {
    countUp: (counted, by) => run(() => countUp(counted, by)),
    countFromZero: (counted) => run(() => countFromZero(counted)),
  };
}
