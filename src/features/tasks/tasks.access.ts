import { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import type { TaskRecord } from './tasks.model.ts';

/** The tasks that the caller may see and change: this file is the one place that decides it. */
export function accessibleTasks(caller: Caller): { ownerId: Types.ObjectId } {
  return { ownerId: new Types.ObjectId(caller.userId) };
}

/** The tasks that any of the callers may see; which of them may see it, `isAccessible` tells. */
export function tasksAccessibleToAny(callers: readonly Caller[]): Record<string, unknown> {
  const userIds = [...new Set(callers.map(({ userId }) => userId))];
  return { ownerId: { $in: userIds.map((userId) => new Types.ObjectId(userId)) } };
}

/** Whether a task is one of those that the caller may see and change. */
export function isAccessible(caller: Caller, { ownerId }: Pick<TaskRecord, 'ownerId'>): boolean {
  return ownerId?.toHexString() === caller.userId;
}

/** The caller's tasks in the trash, which nothing but the trash shows. */
export function trashedTasks(caller: Caller): { 'trash.ownerId': Types.ObjectId } {
  return { 'trash.ownerId': new Types.ObjectId(caller.userId) };
}
