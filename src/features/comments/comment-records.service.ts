import type { Types } from 'mongoose';
import { CommentModel } from './comments.model.ts';

/**
 * Lets the comments of tasks go at this moment, with the trash that the tasks lie in; null keeps
 * them, as the tasks were restored. May be repeated.
 */
export async function expireCommentsOf(
  taskIds: readonly Types.ObjectId[],
  at: Date | null,
): Promise<void> {
  const change = at === null ? { $unset: { expiresAt: true } } : { $set: { expiresAt: at } };
  await CommentModel.updateMany({ taskId: { $in: taskIds } }, change);
}

/** Deletes the comments of tasks that are gone; may be repeated. */
export async function purgeCommentsOf(taskIds: readonly Types.ObjectId[]): Promise<void> {
  await CommentModel.deleteMany({ taskId: { $in: taskIds } });
}

/** Deletes every comment of an account that is being deleted; may be repeated. */
export async function deleteCommentsOf(ownerId: Types.ObjectId): Promise<void> {
  await CommentModel.deleteMany({ ownerId });
}
