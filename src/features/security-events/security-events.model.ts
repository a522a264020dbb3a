import { type InferSchemaType, model, Schema, type Types } from 'mongoose';

const schema = new Schema(
  {
    userId: { type: Schema.Types.ObjectId, ref: 'User', required: true },
    type: { type: String, required: true },
    at: { type: Date, required: true },
    address: { type: String, default: '' },
    userAgent: { type: String, default: '' },
  },
  { collection: 'securityEvents', versionKey: false },
);

const days = 86_400;

schema.index({ userId: 1, at: 1, _id: 1 }, { name: 'user_at' });
schema.index({ at: 1 }, { name: 'expires', expireAfterSeconds: 180 * days });

export type SecurityEventRecord = InferSchemaType<typeof schema> & { _id: Types.ObjectId };

export const SecurityEventModel = model('SecurityEvent', schema);
