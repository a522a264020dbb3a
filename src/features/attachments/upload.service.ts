import { Types } from 'mongoose';
import type { Config } from '../../config.ts';
import type { Caller } from '../../contract/endpoint.ts';
import { longestUpload, type Upload } from '../../contract/files.ts';
import { objectId } from '../../database/ids.ts';
import { AppError } from '../../errors.ts';
import type { Versioned } from '../../versions.ts';
import { readTask } from '../tasks/tasks.service.ts';
import { type Attachment, maximumAttachments } from './attachments.contract.ts';
import {
  AttachmentModel,
  type AttachmentRecord,
  type StoredAttachment,
} from './attachments.model.ts';
import { showVersioned } from './attachments.service.ts';
import { inspect } from './content.ts';
import { discard } from './sweep.service.ts';
import { currentStorage, storageOf } from './storage.ts';

export type AttachmentSettings = Pick<
  Config,
  'ATTACHMENT_MAX_SIZE' | 'ATTACHMENT_QUOTA' | 'ATTACHMENT_STORAGE_URL'
>;

function inWords(bytes: number): string {
  return `${bytes.toLocaleString('en')} bytes`;
}

function tooLarge({ ATTACHMENT_MAX_SIZE }: AttachmentSettings): AppError {
  const detail = `An attachment has at most ${inWords(ATTACHMENT_MAX_SIZE)}.`;
  return new AppError('payload_too_large', { detail });
}

function outOfRoom({ ATTACHMENT_QUOTA }: AttachmentSettings): AppError {
  const detail = `The attachments of an account have at most ${inWords(ATTACHMENT_QUOTA)} together: delete some first.`;
  return new AppError('limit_reached', { detail });
}

/** What the attachments of an account take, with what uploads under way have reserved. */
async function usageOf(ownerId: Types.ObjectId): Promise<{ count: number; bytes: number }> {
  const [usage] = await AttachmentModel.aggregate<{ count: number; bytes: number }>([
    { $match: { ownerId, sweepAt: { $not: { $lte: new Date() } } } },
    { $group: { _id: null, count: { $sum: 1 }, bytes: { $sum: '$size' } } },
  ]);
  return usage ?? { count: 0, bytes: 0 };
}

/** How much room to reserve: all that may come, where the sender has not told the length. */
async function sizeToReserve(
  settings: AttachmentSettings,
  ownerId: Types.ObjectId,
  { length }: Upload,
): Promise<number> {
  const { ATTACHMENT_MAX_SIZE: maximum, ATTACHMENT_QUOTA: quota } = settings;
  if (length !== undefined && length > maximum) throw tooLarge(settings);
  if (length !== undefined) return length;
  if (storageOf(settings, currentStorage(settings)).needsLength) {
    throw new AppError('length_required');
  }
  const { bytes } = await usageOf(ownerId);
  if (bytes >= quota) throw outOfRoom(settings);
  return Math.min(maximum, quota - bytes);
}

/** Counts once the new one is in: of rivals, the last to come in sees all others. */
async function requireRoom(
  settings: AttachmentSettings,
  { ownerId, taskId }: Pick<StoredAttachment, 'ownerId' | 'taskId'>,
): Promise<void> {
  const [ofTask, ofAccount] = await Promise.all([
    AttachmentModel.countDocuments({ taskId, sweepAt: { $not: { $lte: new Date() } } }),
    usageOf(ownerId),
  ]);
  if (ofAccount.bytes > settings.ATTACHMENT_QUOTA) throw outOfRoom(settings);
  const over =
    ofTask > maximumAttachments.ofTask
      ? `A task has at most ${maximumAttachments.ofTask} attachments`
      : ofAccount.count > maximumAttachments.ofAccount
        ? `An account has at most ${maximumAttachments.ofAccount.toLocaleString('en')} attachments`
        : undefined;
  if (over) throw new AppError('limit_reached', { detail: `${over}: delete one first.` });
}

async function reserve(
  settings: AttachmentSettings,
  caller: Caller,
  { taskId, name, upload }: { taskId: string; name: string; upload: Upload },
): Promise<AttachmentRecord> {
  const ownerId = objectId(caller.userId);
  const size = await sizeToReserve(settings, ownerId, upload);
  const createdAt = new Date();
  const record = {
    _id: new Types.ObjectId(),
    ownerId,
    taskId: objectId(taskId),
    name,
    state: 'uploading',
    storage: currentStorage(settings),
    size,
    createdAt,
    sweepAt: new Date(createdAt.getTime() + longestUpload(size)),
  } as const;
  await AttachmentModel.create(record);
  try {
    await requireRoom(settings, record);
    // What takes attachments along with their task takes those that it finds, and may have missed this one.
    await readTask(caller, taskId);
  } catch (error) {
    await AttachmentModel.deleteOne({ _id: record._id });
    throw error;
  }
  return record;
}

/** @throws AppError `not_found` where the task or the account has gone meanwhile */
async function commit(
  { _id }: AttachmentRecord,
  facts: Pick<Attachment, 'size' | 'sha256' | 'mediaType'>,
): Promise<StoredAttachment> {
  const stored = await AttachmentModel.findOneAndUpdate(
    { _id, state: 'uploading' },
    { $set: { state: 'stored', ...facts }, $unset: { sweepAt: true } },
    { returnDocument: 'after' },
  ).lean<StoredAttachment>();
  if (!stored) throw new AppError('not_found');
  return stored;
}

/**
 * Stores a file as it comes in. Whatever ends it early, nothing of it can be read and it soon takes
 * no room; the sweep removes what a killed process has left.
 * @throws AppError `not_found` for a task that the caller may not see, `payload_too_large`,
 *   `limit_reached`, `length_required`, `storage_unavailable`, or as the bytes do
 */
export async function uploadAttachment(
  settings: AttachmentSettings,
  caller: Caller,
  given: { taskId: string; name: string; upload: Upload },
): Promise<Versioned<Attachment>> {
  await readTask(caller, given.taskId);
  const record = await reserve(settings, caller, given);
  const { length, bytes } = given.upload;
  const { size, storage } = record;
  const isSmaller = size < settings.ATTACHMENT_MAX_SIZE;
  const tooMany = () => (isSmaller ? outOfRoom(settings) : tooLarge(settings));
  const content = inspect(bytes, { limit: size, tooMany });
  try {
    await storageOf(settings, storage).put(record._id.toHexString(), content.bytes, length);
    return showVersioned(await commit(record, await content.facts()));
  } catch (error) {
    await discard(settings, record);
    throw error;
  }
}
