import { Types } from 'mongoose';
import { AppError } from '../errors.ts';

/**
 * The stored form of an id.
 * @throws AppError `not_found` for text that was never an id: to a caller that is an absent object
 */
export function objectId(id: string): Types.ObjectId {
  if (!/^[0-9a-f]{24}$/.test(id)) throw new AppError('not_found');
  return new Types.ObjectId(id);
}
