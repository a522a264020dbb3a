import { mongo } from 'mongoose';

/** Whether a write failed because a unique key is taken. FerretDB tells it of an upsert in words only. */
export function isDuplicateKey(error: unknown): boolean {
  if (!(error instanceof mongo.MongoServerError)) return false;
  return error.code === 11000 || /duplicate key|violates exclusion constraint/.test(error.message);
}
