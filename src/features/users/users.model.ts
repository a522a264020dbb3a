import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

/** A link that was sent by e-mail: only the newest of its kind works, and once. */
const link = {
  /** SHA-256 of the token, which has 256 random bits. */
  tokenHash: { type: String, required: true },
  /** The address that the link was sent to. */
  email: { type: String, required: true },
  expiresAt: { type: Date, required: true },
};
const linkSchema = new Schema(link, { _id: false });

const secondFactorSchema = new Schema(
  {
    /** Of the authenticator, encrypted. */
    secret: { type: String, required: true },
    /** Absent until the first code has shown that the authenticator works. */
    enabledAt: Date,
    /** The time step of the last code that was accepted: no code counts twice. */
    lastStep: { type: Number, required: true },
    /** SHA-256 of each recovery code that is left; they have 120 random bits. */
    recoveryHashes: { type: [String], required: true },
  },
  { _id: false },
);

const identitySchema = new Schema(
  {
    provider: { type: String, required: true },
    /** Who vouches for the subject: the provider of this id may become another one. */
    issuer: { type: String, required: true },
    subject: { type: String, required: true },
    email: { type: String, default: '' },
    linkedAt: { type: Date, required: true },
  },
  { _id: true },
);

const schema = new Schema(
  {
    email: { type: String, required: true },
    /** The address in lower case: what makes it unique and what login looks up. */
    emailKey: { type: String, required: true },
    emailVerified: { type: Boolean, required: true },
    name: { type: String, required: true },
    timeZone: { type: String, required: true },
    role: { type: String, enum: ['user', 'admin'], required: true },
    /** Absent for those who sign in with a provider only. */
    passwordHash: String,
    /** Tells a sign-in that the password, or a way in, went while it was checked. */
    passwordChangedAt: { type: Date, required: true },
    emailLink: linkSchema,
    passwordLink: linkSchema,
    secondFactor: secondFactorSchema,
    identities: { type: [identitySchema], default: undefined },
    /** SHA-256 of issuer and subject of each identity, which nobody else can have; never empty. */
    identityKeys: { type: [String], default: undefined },
    createdAt: { type: Date, required: true },
    updatedAt: { type: Date, required: true },
    version: { type: Number, required: true },
    disabledAt: Date,
    /** Set when the account is deleted; the record goes once everything that hung on it is gone. */
    deletedAt: Date,
  },
  { collection: 'users', versionKey: false },
);

schema.index({ emailKey: 1 }, { name: 'email_unique', unique: true });
schema.index({ identityKeys: 1 }, { name: 'identity_unique', unique: true, sparse: true });
schema.index({ deletedAt: 1 }, { name: 'deleted', sparse: true });
// What administrators list and seek by.
schema.index({ createdAt: 1, _id: 1 }, { name: 'created' });
schema.index({ role: 1, createdAt: 1, _id: 1 }, { name: 'role_created' });
schema.index({ disabledAt: 1 }, { name: 'disabled', sparse: true });
schema.index({ name: 1 }, { name: 'name' });

export type IdentityRecord = InferSchemaType<typeof identitySchema> & { _id: Types.ObjectId };

/** As plain objects, which Mongoose's own type of a list of subdocuments does not describe. */
export type UserRecord = Omit<InferSchemaType<typeof schema>, 'identities'> & {
  _id: Types.ObjectId;
  identities?: IdentityRecord[] | null;
};

export const UserModel = model('User', schema);
