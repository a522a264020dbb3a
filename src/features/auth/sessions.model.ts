import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const schema = new Schema(
  {
    userId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    /** SHA-256 of the refresh token: enough for 256 random bits, which nobody can guess offline. */
    tokenHash: { type: String, required: true },
    /** Of the token before, whose replay may be that of a rival tab. */
    previousTokenHash: String,
    /** Of the part that all tokens of the session share, so that any replay is known for one. */
    lineageHash: { type: String, required: true },
    rotatedAt: { type: Date, required: true },
    userAgent: { type: String, default: '' },
    address: { type: String, default: '' },
    createdAt: { type: Date, required: true },
    lastUsedAt: { type: Date, required: true },
    /** When the database removes the record. */
    expiresAt: { type: Date, required: true },
    /** By the database's clock, which all instances share; absent while the session goes on. */
    endedAt: Date,
  },
  { collection: 'sessions', versionKey: false },
);

schema.index({ userId: 1, createdAt: 1, _id: 1 }, { name: 'user_created' });
schema.index({ endedAt: 1 }, { name: 'ended', sparse: true });
schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: 0 });

export type SessionRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const SessionModel = model('Session', schema);
