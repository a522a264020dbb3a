import type { Types } from 'mongoose';
import { AttachmentModel } from './attachments.model.ts';
import { deletion } from './sweep.service.ts';

/**
 * Lets the attachments of tasks go at this moment, with the trash that the tasks lie in; null keeps
 * them, as the tasks were restored. May be repeated.
 */
export async function expireAttachmentsOf(
  taskIds: readonly Types.ObjectId[],
  at: Date | null,
): Promise<void> {
  const change = at === null ? { $unset: { expiresAt: true } } : { $set: { expiresAt: at } };
  await AttachmentModel.updateMany({ taskId: { $in: taskIds } }, change);
}

/** Deletes the attachments of tasks that are gone; the sweep removes the bytes. May be repeated. */
export async function purgeAttachmentsOf(taskIds: readonly Types.ObjectId[]): Promise<void> {
  await AttachmentModel.updateMany({ taskId: { $in: taskIds } }, deletion(new Date()));
}

/** As `purgeAttachmentsOf`, for an account that is being deleted. */
export async function deleteAttachmentsOf(ownerId: Types.ObjectId): Promise<void> {
  await AttachmentModel.updateMany({ ownerId }, deletion(new Date()));
}
