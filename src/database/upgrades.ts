import { model, Schema } from 'mongoose';
import { isDuplicateKey } from './duplicate-key.ts';

const schema = new Schema(
  { _id: { type: String, required: true }, doneAt: { type: Date, required: true } },
  { collection: 'upgrades', versionKey: false },
);

const UpgradeModel = model('Upgrade', schema);

/**
 * Brings what an earlier version has stored into the form that this one reads, once for a database. The
 * work may be done by several instances at once, and again after one has died in it.
 */
export async function upgradeOnce(name: string, work: () => Promise<void>): Promise<void> {
  if (await UpgradeModel.exists({ _id: name })) return;
  await work();
  try {
    await UpgradeModel.collection.insertOne({ _id: name as never, doneAt: new Date() });
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}
