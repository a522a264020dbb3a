import { type InferSchemaType, model, Schema } from 'mongoose';

const schema = new Schema(
  {
    /** SHA-256 of the flow token, which has 256 random bits. */
    _id: { type: String, required: true },
    purpose: { type: String, enum: ['sign_in', 'link'], required: true },
    /** Who links; of a sign-in, whose code is awaited. */
    userId: { type: Schema.Types.ObjectId, ref: 'User' },
    provider: { type: String, required: true },
    issuer: { type: String, required: true },
    /** What the provider's answer has to fit, encrypted; absent once there was one. */
    pending: String,
    /** Who it is by that answer, encrypted, while the code of a second factor is awaited. */
    profile: String,
    expiresAt: { type: Date, required: true },
  },
  { collection: 'signInFlows', versionKey: false },
);

schema.index({ userId: 1 }, { name: 'user', sparse: true });
schema.index({ expiresAt: 1 }, { name: 'expires', expireAfterSeconds: 0 });

export type SignInFlowRecord = InferSchemaType<typeof schema>;

export const SignInFlowModel = model('SignInFlow', schema);
