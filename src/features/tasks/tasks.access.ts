import { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';

/** The tasks that the caller may see and change: the one place that decides it. */
export function accessibleTasks(caller: Caller): { ownerId: Types.ObjectId } {
  return { ownerId: new Types.ObjectId(caller.userId) };
}
