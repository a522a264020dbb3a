import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const schema = new Schema(
  {
    ownerId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    name: { type: String, required: true },
    /** The name in lower case: what filters compare. */
    nameKey: { type: String, required: true },
    description: { type: String, default: '' },
    colour: { type: String, required: true },
    /** The place among the projects, compared by bytes. */
    rank: { type: String, required: true },
    archivedAt: Date,
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
    /** Set when it is deleted; the record goes once its tasks are in the trash. */
    deletedAt: Date,
  },
  { collection: 'projects', versionKey: false },
);

schema.index({ ownerId: 1, rank: 1, _id: 1 }, { name: 'owner_rank' });
schema.index({ ownerId: 1, nameKey: 1 }, { name: 'owner_name' });
schema.index({ deletedAt: 1 }, { name: 'deleted', sparse: true });

export type ProjectRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const ProjectModel = model('Project', schema);
