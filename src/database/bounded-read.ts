import type { Model, mongo } from 'mongoose';
import { isDatabaseUnavailable } from './unavailable.ts';

/** How many documents that is at most: a page and one more, of what has 150 kB at most. */
export const mostAtOnce = 101;

interface Read {
  filter: Record<string, unknown>;
  projection: Record<string, 0 | 1>;
  sort?: Record<string, 1 | -1> | undefined;
  /** At most `mostAtOnce`. */
  limit: number;
}

/**
 * Reads a few documents, which fit into one answer of the database (16 MB). A cursor, which could ask for
 * more, would cost a third as much again; only when the primary has changed is the reading left to one, as
 * the driver then asks again.
 */
export async function readBounded<T extends mongo.Document>(
  { collection, db: connection }: Pick<Model<unknown>, 'collection' | 'db'>,
  { filter, projection, sort, limit }: Read,
): Promise<T[]> {
  const command = {
    find: collection.collectionName,
    filter,
    projection,
    ...(sort && { sort }),
    limit,
    singleBatch: true,
  };
  try {
    const answer = await connection.db?.command(command, { enableUtf8Validation: false });
    return (answer as { cursor: { firstBatch: T[] } }).cursor.firstBatch;
  } catch (error) {
    if (!isDatabaseUnavailable(error)) throw error;
    const options = { projection, limit, ...(sort && { sort }) };
    return collection.find<T>(filter, options).toArray();
  }
}
