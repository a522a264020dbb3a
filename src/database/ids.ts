import { Types } from 'mongoose';
import { AppError } from '../errors.ts';

/** The stored form of an id; undefined for text that was never one. */
export function parseId(id: string): Types.ObjectId | undefined {
  return /^[0-9a-f]{24}$/.test(id) ? new Types.ObjectId(id) : undefined;
}

/**
 * The stored form of an id.
 * @throws AppError `not_found` for text that was never an id: to a caller that is an absent object
 */
export function objectId(id: string): Types.ObjectId {
  const parsed = parseId(id);
  if (!parsed) throw new AppError('not_found');
  return parsed;
}
