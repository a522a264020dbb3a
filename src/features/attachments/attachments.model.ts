import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

/**
 * What is known of the bytes in the storage. The record is there before the first of them and goes
 * after the last, so that there are never bytes that nobody knows of.
 */
const schema = new Schema(
  {
    /** Absent once it is deleted, as are the task and the name: then nothing finds or counts it. */
    ownerId: { type: Schema.Types.ObjectId, ref: 'User' },
    taskId: { type: Schema.Types.ObjectId, ref: 'Task' },
    name: String,
    state: { type: String, enum: ['uploading', 'stored', 'deleted'], required: true },
    /** Which storage has the bytes, under the id of this record. */
    storage: { type: String, enum: ['database', 's3'], required: true },
    /** In bytes; what is reserved until the upload is done. */
    size: { type: Number, required: true },
    /** Only of what is stored. */
    mediaType: String,
    sha256: String,
    createdAt: { type: Date, required: true },
    /** When the bytes may be removed: of an upload that has not ended, and of what is deleted. */
    sweepAt: Date,
    /** Only while the task is in the trash: when both are gone for good. */
    expiresAt: Date,
  },
  { collection: 'attachments', versionKey: false },
);

// No field in them ever changes while it counts: a count that runs beside a change misses nothing.
schema.index({ taskId: 1, createdAt: 1, _id: 1 }, { name: 'task_created' });
schema.index({ ownerId: 1, createdAt: 1, _id: 1 }, { name: 'owner_created' });
// Not the database removes these records, as the bytes have to go first.
schema.index({ sweepAt: 1 }, { name: 'sweep' });
schema.index({ expiresAt: 1 }, { name: 'trash' });

export type AttachmentRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

/** One that can be read. */
export type StoredAttachment = AttachmentRecord &
  Record<'ownerId' | 'taskId', Types.ObjectId> &
  Record<'name' | 'mediaType' | 'sha256', string>;

export const AttachmentModel = model('Attachment', schema);
