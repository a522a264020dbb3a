import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

/** Stored in place of "no due date", so that such tasks sort after all others and one index serves. */
export const noDeadline = new Date('9999-12-31T23:59:59.999Z');

const schema = new Schema(
  {
    ownerId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    title: { type: String, required: true },
    /** The title in lower case: what sorting by title compares. */
    titleKey: { type: String, required: true },
    // Mongoose takes an empty string for a missing one, so `required` would refuse it.
    description: { type: String, default: '' },
    status: { type: String, required: true },
    /** The index in the contract's list of priorities, so that it sorts by meaning. */
    priority: { type: Number, required: true },
    deadline: { type: Date, required: true },
    /** Whether the deadline is the end of a day rather than an instant. */
    allDay: { type: Boolean, required: true },
    labels: { type: [String], required: true },
    completedAt: { type: Date, default: null },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
  },
  { collection: 'tasks', versionKey: false },
);

// Equality, sort, then the id that makes each order total; every sort is read in both directions.
schema.index({ ownerId: 1, createdAt: 1, _id: 1 }, { name: 'owner_created' });
schema.index({ ownerId: 1, updatedAt: 1, _id: 1 }, { name: 'owner_updated' });
schema.index({ ownerId: 1, deadline: 1, _id: 1 }, { name: 'owner_deadline' });
schema.index({ ownerId: 1, priority: 1, _id: 1 }, { name: 'owner_priority' });
schema.index({ ownerId: 1, titleKey: 1, _id: 1 }, { name: 'owner_title' });

export type TaskRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const TaskModel = model('Task', schema);
