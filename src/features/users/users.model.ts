import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const schema = new Schema(
  {
    email: { type: String, required: true },
    /** The address in lower case: what makes it unique and what login looks up. */
    emailKey: { type: String, required: true },
    emailVerified: { type: Boolean, required: true },
    name: { type: String, required: true },
    timeZone: { type: String, required: true },
    passwordHash: { type: String, required: true },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
    /** Set when the account is deleted; the record goes once everything that hung on it is gone. */
    deletedAt: Date,
  },
  { collection: 'users', versionKey: false },
);

schema.index({ emailKey: 1 }, { name: 'email_unique', unique: true });
schema.index({ deletedAt: 1 }, { name: 'deleted', sparse: true });

export type UserRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const UserModel = model('User', schema);
