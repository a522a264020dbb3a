import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

/** Seconds for which an expired token is still listed, so that its owner sees why a script fails. */
const afterlife = 86_400;

const schema = new Schema(
  {
    userId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    /** SHA-256 of the token, which has 178 random bits. */
    tokenHash: { type: String, required: true },
    /** The last characters of the token, which belong to its checksum. */
    ending: { type: String, required: true },
    name: { type: String, required: true },
    scopes: { type: [String], required: true },
    createdAt: { type: Date, required: true },
    expiresAt: { type: Date, required: true },
    /** Absent until the first use; up to a minute behind. */
    lastUsedAt: Date,
  },
  { collection: 'apiTokens', versionKey: false },
);

schema.index({ tokenHash: 1 }, { name: 'token_unique', unique: true });
schema.index({ userId: 1, createdAt: 1, _id: 1 }, { name: 'user_created' });
schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: afterlife });

export type ApiTokenRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const ApiTokenModel = model('ApiToken', schema);
