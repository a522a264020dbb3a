import { isDeepStrictEqual } from 'node:util';
import type { mongo, Types } from 'mongoose';
import { type Preconditions, requireVersion } from '../versions.ts';

/** A record that counts its changes. */
interface VersionedRecord {
  readonly _id: Types.ObjectId;
  readonly version: number;
  readonly updatedAt: Date;
  /** By which a cluster spreads its collection, where it has one: the task of a comment, or the owner. */
  readonly taskId?: Types.ObjectId;
  readonly ownerId?: Types.ObjectId | null;
}

/** The members of a record that a change may set; null and undefined take one away. */
export type Changes<Stored> = { [Name in keyof Stored]?: Stored[Name] | null | undefined };

type Collection = Pick<mongo.Collection, 'updateOne' | 'deleteOne'>;

/** The changes that make a difference, as a write; undefined where there is none. */
function differenceOf<Stored extends object>(record: Stored, changes: Changes<Stored>) {
  const set: Record<string, unknown> = {};
  const unset: Record<string, true> = {};
  for (const [name, value] of Object.entries(changes)) {
    const current: unknown = record[name as keyof Stored];
    const gone = value === null || value === undefined;
    if (gone && current !== null && current !== undefined) unset[name] = true;
    else if (!gone && !isDeepStrictEqual(value, current)) set[name] = value;
  }
  const names = [...Object.keys(set), ...Object.keys(unset)];
  return names.length === 0 ? undefined : { set, unset };
}

/**
 * This very version of a record. The id alone would tell, but not on which shard of a cluster it is: it would
 * be looked for on all of them.
 */
function whereVersion({ _id, version, taskId, ownerId }: VersionedRecord) {
  return { _id, version, ...(taskId ? { taskId } : ownerId && { ownerId }) };
}

/** What else a write is bound to, and what else it sets. */
interface Bound {
  readonly where?: Record<string, unknown>;
  readonly set?: Record<string, unknown>;
}

/**
 * Writes the changes to this very version of a record.
 * @returns the record as it is now: unchanged where nothing differs, undefined where somebody was quicker
 */
export async function writeRecord<Stored extends VersionedRecord>(
  collection: Collection,
  record: Stored,
  changes: Changes<Stored>,
  bound: Bound = {},
): Promise<Stored | undefined> {
  const difference = differenceOf(record, changes);
  if (!difference) return record;
  const { unset } = difference;
  const set = {
    updatedAt: new Date(),
    ...difference.set,
    version: record.version + 1,
    ...bound.set,
  };
  const { modifiedCount } = await collection.updateOne(
    { ...whereVersion(record), ...bound.where },
    { $set: set, ...(Object.keys(unset).length > 0 && { $unset: unset }) },
  );
  if (modifiedCount === 0) return undefined;
  const kept = Object.entries(record).filter(([name]) => !(name in unset));
  return { ...Object.fromEntries(kept), ...set } as unknown as Stored;
}

const statedVersion = ({ version }: VersionedRecord) => String(version);

/** How a record is found, and which versions of it the caller allows. */
interface Target<Stored> {
  find: () => Promise<Stored>;
  preconditions: Preconditions;
  /** As its ETag states it; the number of its changes where this is not told. */
  versionOf?: (record: Stored) => string;
}

/**
 * Applies a change to whatever version there is. When somebody else was quicker, it is applied to what
 * they have left; one of the rivals always wins.
 * @param change the changes for a record, asked again for each version that is met
 * @throws AppError `precondition_failed` where the preconditions do not allow a version
 */
export async function changeRecord<Stored extends VersionedRecord>(
  collection: Collection,
  { find, preconditions, versionOf = statedVersion }: Target<Stored>,
  change: (record: Stored) => Changes<Stored> | Promise<Changes<Stored>>,
): Promise<{ before: Stored; after: Stored }> {
  for (;;) {
    const before = await find();
    requireVersion(preconditions, versionOf(before));
    const after = await writeRecord(collection, before, await change(before));
    if (after) return { before, after };
  }
}

/**
 * Deletes a record for good, in the version that was found.
 * @throws AppError `precondition_failed` where the preconditions do not allow a version
 */
export async function deleteRecord<Stored extends VersionedRecord>(
  collection: Collection,
  { find, preconditions, versionOf = statedVersion }: Target<Stored>,
): Promise<void> {
  for (;;) {
    const record = await find();
    requireVersion(preconditions, versionOf(record));
    const { deletedCount } = await collection.deleteOne(whereVersion(record));
    if (deletedCount === 1) return;
  }
}
