import type { Types } from 'mongoose';
import type { Config } from '../../config.ts';
import type { Caller } from '../../contract/endpoint.ts';
import type { Download } from '../../contract/files.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import type { Versioned } from '../../versions.ts';
import { readTask } from '../tasks/tasks.service.ts';
import type { Attachment, AttachmentQuery } from './attachments.contract.ts';
import { AttachmentModel, type StoredAttachment } from './attachments.model.ts';
import { storageOf } from './storage.ts';
import { deletion, discard } from './sweep.service.ts';

type StorageSettings = Pick<Config, 'ATTACHMENT_STORAGE_URL'>;

/** Where an attachment stands in the paths. */
interface AttachmentPath {
  /** The task's. */
  readonly id: string;
  readonly attachmentId: string;
}

function show(attachment: StoredAttachment): Attachment {
  return {
    id: attachment._id.toHexString(),
    taskId: attachment.taskId.toHexString(),
    name: attachment.name,
    mediaType: attachment.mediaType,
    size: attachment.size,
    sha256: attachment.sha256,
    createdAt: attachment.createdAt.toISOString(),
  };
}

/** An attachment never changes, and neither does its version. */
export function showVersioned(attachment: StoredAttachment): Versioned<Attachment> {
  return { value: show(attachment), version: attachment.sha256 };
}

async function pageOf(
  owned: { taskId: Types.ObjectId } | { ownerId: Types.ObjectId },
  { limit, cursor }: AttachmentQuery,
) {
  const order = [{ field: 'createdAt', type: 'date', direction: 1 }] as const;
  const filter = { ...owned, state: 'stored' };
  return readPage(
    { limit, cursor, filter, order },
    (after, options) =>
      AttachmentModel.find(allOf(filter, after), undefined, options).lean<StoredAttachment[]>(),
    show,
  );
}

/** A page of the attachments of a task, the oldest first. */
export async function listAttachments(caller: Caller, taskId: string, query: AttachmentQuery) {
  await readTask(caller, taskId);
  return pageOf({ taskId: objectId(taskId) }, query);
}

/** A page of all the attachments of the caller's, without their bytes; for the export of an account. */
export async function listAttachmentsOf(caller: Caller, page: { limit: number; cursor?: string }) {
  return pageOf({ ownerId: objectId(caller.userId) }, page);
}

/** What finds an attachment that can be read, once its task has been. */
function storedAt({ id, attachmentId }: AttachmentPath) {
  return { _id: objectId(attachmentId), taskId: objectId(id), state: 'stored' as const };
}

async function findAttachment(caller: Caller, path: AttachmentPath): Promise<StoredAttachment> {
  await readTask(caller, path.id);
  const attachment = await AttachmentModel.findOne(storedAt(path)).lean<StoredAttachment>();
  if (!attachment) throw new AppError('not_found');
  return attachment;
}

export async function readAttachment(
  caller: Caller,
  path: AttachmentPath,
): Promise<Versioned<Attachment>> {
  return showVersioned(await findAttachment(caller, path));
}

/** The content; nothing of it is read before it is taken. */
export async function downloadAttachment(
  settings: StorageSettings,
  caller: Caller,
  path: AttachmentPath,
): Promise<Download> {
  const attachment = await findAttachment(caller, path);
  const { _id, name, mediaType, size, sha256, storage } = attachment;
  const bytes = storageOf(settings, storage);
  return {
    name,
    mediaType,
    size,
    version: sha256,
    open: (range = { first: 0, last: size - 1 }) => bytes.get(_id.toHexString(), range),
  };
}

/** Deletes for good. It is gone with the first write; bytes that cannot be removed now are later. */
export async function deleteAttachment(
  settings: StorageSettings,
  caller: Caller,
  path: AttachmentPath,
): Promise<void> {
  await readTask(caller, path.id);
  const deleted = await AttachmentModel.findOneAndUpdate(storedAt(path), deletion(new Date()), {
    returnDocument: 'after',
  }).lean<StoredAttachment>();
  if (!deleted) throw new AppError('not_found');
  await discard(settings, deleted);
}
