import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const schema = new Schema(
  {
    ownerId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    projectId: { type: Schema.Types.ObjectId, ref: 'Project', required: true },
    name: { type: String, required: true },
    /** The name in lower case: what filters compare. */
    nameKey: { type: String, required: true },
    /** The place among the sections of the project, compared by bytes. */
    rank: { type: String, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
    /** Set when it is deleted; the record goes once no task names it. */
    deletedAt: Date,
    /** Since when its tasks have to follow a move or a deletion; a job finishes it. */
    pendingSince: Date,
  },
  { collection: 'sections', versionKey: false },
);

schema.index({ ownerId: 1, projectId: 1, rank: 1, _id: 1 }, { name: 'owner_project_rank' });
schema.index({ ownerId: 1, nameKey: 1 }, { name: 'owner_name' });
schema.index({ ownerId: 1, rank: 1, _id: 1 }, { name: 'owner_rank' });
schema.index({ pendingSince: 1 }, { name: 'pending', sparse: true });

export type SectionRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const SectionModel = model('Section', schema);
