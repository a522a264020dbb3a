import { expect } from '@jest/globals';
import mongoose, { type Connection } from 'mongoose';

/** Everything that a database holds, as text; the one of the test file unless told. */
export async function everything(connection: Connection = mongoose.connection): Promise<string> {
  const collections = (await connection.db?.collections()) ?? [];
  // A sweep over nothing would find nothing.
  expect(collections.length).toBeGreaterThanOrEqual(3);
  const stored = await Promise.all(collections.map((collection) => collection.find().toArray()));
  return JSON.stringify(stored);
}
