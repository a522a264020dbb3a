import { type InferSchemaType, model, Schema } from 'mongoose';

const schema = new Schema(
  {
    /** SHA-256 of what is counted. */
    _id: { type: String, required: true },
    count: { type: Number, required: true },
    /** The end of the window of time in which it is counted. */
    expiresAt: { type: Date, required: true },
  },
  { collection: 'counters', versionKey: false },
);

schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: 0 });

export type CounterRecord = InferSchemaType<typeof schema>;

export const CounterModel = model('Counter', schema);
