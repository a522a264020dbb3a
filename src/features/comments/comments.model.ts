import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const schema = new Schema(
  {
    /** Whose account it goes with. */
    ownerId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    taskId: { type: Schema.Types.ObjectId, ref: 'Task', required: true },
    text: { type: String, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    /** Absent until the text is changed. */
    editedAt: Date,
    version: { type: Number, required: true },
    /** Only while the task is in the trash: when both are gone for good. */
    expiresAt: Date,
  },
  { collection: 'comments', versionKey: false },
);

schema.index({ taskId: 1, createdAt: 1, _id: 1 }, { name: 'task_created' });
schema.index({ ownerId: 1, createdAt: 1, _id: 1 }, { name: 'owner_created' });
schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: 0 });

export type CommentRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const CommentModel = model('Comment', schema);
