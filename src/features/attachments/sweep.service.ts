import type { Config } from '../../config.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AttachmentModel, type AttachmentRecord } from './attachments.model.ts';
import { storageOf } from './storage.ts';

type StorageSettings = Pick<Config, 'ATTACHMENT_STORAGE_URL'>;

/** Milliseconds for which a sweep goes on; the next one continues. */
const sweepLength = 12_000;
/** Milliseconds after which a removal that did not come to its end is tried again. */
const retryAfter = 300_000;

/** What makes an attachment unreadable at once, and hides whose it was; bytes and record follow. */
export function deletion(sweepAt: Date) {
  const forgotten = ['ownerId', 'taskId', 'name', 'mediaType', 'sha256', 'expiresAt'];
  return {
    $set: { state: 'deleted' },
    $unset: Object.fromEntries(forgotten.map((field) => [field, true])),
    // An upload that is under way stays until it must have ended: it may still be writing.
    $max: { sweepAt },
  };
}

/** The bytes of what is deleted, and then its record. */
async function remove(settings: StorageSettings, record: AttachmentRecord): Promise<void> {
  await storageOf(settings, record.storage).delete(record._id.toHexString());
  await AttachmentModel.deleteOne({ _id: record._id });
}

/** What an upload has left that failed. Where this fails as well, the sweep comes to it. */
export async function discard(settings: StorageSettings, record: AttachmentRecord): Promise<void> {
  try {
    await AttachmentModel.updateOne({ _id: record._id }, deletion(new Date()));
    await remove(settings, record);
  } catch {
    // The failure of the upload itself is what the caller is told.
  }
}

/** Takes one that is due, so that no other instance does and nothing brings it back. */
async function takeNext(): Promise<AttachmentRecord | null> {
  const now = new Date();
  const { $unset, $set } = deletion(now);
  return AttachmentModel.findOneAndUpdate(
    { $or: [{ sweepAt: { $lte: now } }, { expiresAt: { $lte: now } }] },
    { $unset, $set: { ...$set, sweepAt: new Date(now.getTime() + retryAfter) } },
    { returnDocument: 'after' },
  ).lean<AttachmentRecord>();
}

/**
 * Removes the bytes of what was deleted, of uploads that never ended, and of what lay in the trash
 * for long enough. Runs on one of the instances every few minutes.
 * @throws the first failure, after the others have been tried
 */
export async function sweepAttachments({ config }: Pick<Dependencies, 'config'>): Promise<void> {
  const end = performance.now() + sweepLength;
  const failures: unknown[] = [];
  while (performance.now() < end) {
    const record = await takeNext();
    if (!record) break;
    await remove(config, record).catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}
