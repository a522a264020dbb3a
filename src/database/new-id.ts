import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { type mongo, Types } from 'mongoose';
import { isDuplicateKey } from './duplicate-key.ts';

/** How many ids a repeatable piece of work has been given so far. */
interface Ids {
  readonly seed: Types.ObjectId;
  count: number;
}

const current = new AsyncLocalStorage<Ids>();
let underWay = 0;

/**
 * Does work whose every repetition with this seed is given the same ids, and finds what an earlier one
 * has stored.
 */
export async function repeatably<T>(seed: Types.ObjectId, work: () => Promise<T> | T): Promise<T> {
  underWay += 1;
  try {
    return await current.run({ seed, count: 0 }, work);
  } finally {
    underWay -= 1;
    // Once in use, it makes every promise of the process cost three times as much (Node 20).
    if (underWay === 0) current.disable();
  }
}

/**
 * The id of a new object. In a request with an idempotency key it is the one that an earlier attempt at
 * the same request has taken: so take ids in the same order each time.
 */
export function newId(): Types.ObjectId {
  const ids = current.getStore();
  if (!ids) return new Types.ObjectId();
  ids.count += 1;
  const seed = Buffer.from(ids.seed.id);
  const rest = createHash('sha256').update(seed).update(String(ids.count)).digest();
  // The time remains in front, so that neighbours in time are neighbours in the index.
  return new Types.ObjectId(Buffer.concat([seed.subarray(0, 4), rest.subarray(0, 8)]));
}

/**
 * Stores an object with an id by `newId`. If an earlier attempt at the same request has stored it, that
 * one is left as it is and returned: compare what is random in it, such as the hash of a secret.
 * @throws MongoServerError for any other key that is taken
 */
export async function insertOnce<T extends { _id: Types.ObjectId }>(
  collection: {
    insertOne(document: NoInfer<T>, options?: mongo.InsertOneOptions): Promise<unknown>;
    findOne(filter: { _id: Types.ObjectId }): Promise<unknown>;
  },
  document: T,
  options?: mongo.InsertOneOptions,
): Promise<T> {
  try {
    await collection.insertOne(document, options);
    return document;
  } catch (error) {
    if (!current.getStore() || !isDuplicateKey(error)) throw error;
    const earlier = await collection.findOne({ _id: document._id });
    if (!earlier) throw error;
    return earlier as T;
  }
}
