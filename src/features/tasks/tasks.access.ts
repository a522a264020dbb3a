import { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';

/** The tasks that the caller may see and change: the one place that decides it. */
export function accessibleTasks(caller: Caller): { ownerId: Types.ObjectId } {
  return { ownerId: new Types.ObjectId(caller.userId) };
}

/** The caller's tasks in the trash, which nothing but the trash shows. */
export function trashedTasks(caller: Caller): { 'trash.ownerId': Types.ObjectId } {
  return { 'trash.ownerId': new Types.ObjectId(caller.userId) };
}
