import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const schema = new Schema(
  {
    ownerId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    name: { type: String, required: true },
    /** The name in lower case, which an owner gives only once. */
    nameKey: { type: String, required: true },
    /** As it was written. */
    filter: { type: String, required: true },
    /** Absent where lists keep their usual order. */
    sort: { type: [String], default: undefined },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
  },
  { collection: 'filters', versionKey: false },
);

schema.index({ ownerId: 1, nameKey: 1 }, { name: 'owner_name_unique', unique: true });
schema.index({ ownerId: 1, createdAt: 1, _id: 1 }, { name: 'owner_created' });

export type FilterRecord = Omit<InferSchemaType<typeof schema>, 'sort'> & {
  _id: Types.ObjectId;
  sort?: string[] | null;
};

export const FilterModel = model('Filter', schema);
