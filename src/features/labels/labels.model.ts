import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const formerNameSchema = new Schema(
  {
    name: { type: String, required: true },
    at: { type: Date, required: true },
  },
  { _id: false },
);

/** Tasks store the names of their labels; of each such name there is one of these. */
const schema = new Schema(
  {
    ownerId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    name: { type: String, required: true },
    /**
     * What no other label of its owner may have at the same time: its name, the names that tasks may
     * still know it by, and its place among as many as there may be. A place begins with a comma,
     * which no name has.
     */
    holds: { type: [String], required: true },
    colour: { type: String, required: true },
    /** The place in the list, compared by bytes. */
    rank: { type: String, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
    /** Until no task has them, and no request that is under way can give them to one. */
    formerNames: { type: [formerNameSchema], default: undefined },
    /** Set when it is deleted; the record goes once no task has it from before. */
    deletedAt: Date,
  },
  { collection: 'labels', versionKey: false },
);

schema.index({ ownerId: 1, holds: 1 }, { name: 'owner_holds_unique', unique: true });
schema.index({ ownerId: 1, rank: 1, _id: 1 }, { name: 'owner_rank' });
schema.index({ deletedAt: 1 }, { name: 'deleted', sparse: true });
schema.index({ 'formerNames.at': 1 }, { name: 'renamed', sparse: true });

type FormerName = InferSchemaType<typeof formerNameSchema>;

export type LabelRecord = Omit<InferSchemaType<typeof schema>, 'formerNames'> & {
  _id: Types.ObjectId;
  formerNames?: FormerName[] | null;
};

export const LabelModel = model('Label', schema);
