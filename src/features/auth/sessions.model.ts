import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

/** Seconds for which an ended session is kept: as long as an access token may live at most. */
const afterlife = 86_400;

const schema = new Schema(
  {
    /** Absent once the account is deleted. */
    userId: { type: Schema.Types.ObjectId, ref: 'User' },
    /** SHA-256 of what all refresh tokens of the session share: 128 random bits. */
    lineageHash: { type: String, required: true },
    /** How often the refresh token was exchanged: the number of the newest one. */
    generation: { type: Number, required: true },
    rotatedAt: { type: Date, required: true },
    userAgent: { type: String, default: '' },
    address: { type: String, default: '' },
    network: { type: String, default: '' },
    createdAt: { type: Date, required: true },
    lastUsedAt: { type: Date, required: true },
    /** When it ends unless it is used before. */
    expiresAt: { type: Date, required: true },
    /** When it ends in any case. */
    endsAt: { type: Date, required: true },
    /** By the database's clock, which all instances share; absent while the session goes on. */
    endedAt: Date,
  },
  { collection: 'sessions', versionKey: false },
);

schema.index({ userId: 1, createdAt: 1, _id: 1 }, { name: 'user_created' });
schema.index({ endedAt: 1 }, { name: 'ended', sparse: true });
schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: afterlife });

export type SessionRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const SessionModel = model('Session', schema);
