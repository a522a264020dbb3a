import { type InferSchemaType, model, Schema } from 'mongoose';

const schema = new Schema(
  {
    /** SHA-256 of the caller and the key. */
    _id: { type: String, required: true },
    /** Absent where nobody had signed in. */
    userId: Schema.Types.ObjectId,
    /** What was asked, digested and encrypted: a bare digest would let passwords in it be guessed. */
    request: { type: String, required: true },
    /** What the ids of this request's objects follow from. */
    seed: { type: Schema.Types.ObjectId, required: true },
    /** Who is at it; empty when nobody is. */
    attempt: { type: String, default: '' },
    /** Until then nobody else may try. */
    leaseEndsAt: { type: Date, required: true },
    /** Encrypted; absent until there is one. */
    answer: String,
    expiresAt: { type: Date, required: true },
  },
  { collection: 'idempotencyKeys', versionKey: false },
);

schema.index({ userId: 1 }, { name: 'user' });
schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: 0 });

export type IdempotencyKeyRecord = InferSchemaType<typeof schema>;

export const IdempotencyKeyModel = model('IdempotencyKey', schema);
