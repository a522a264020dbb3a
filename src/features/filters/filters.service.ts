import { isDeepStrictEqual } from 'node:util';
import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { objectId } from '../../database/ids.ts';
import { afterCursor, allOf, sortOf, toPage } from '../../database/keyset.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, requireVersion, type Versioned } from '../../versions.ts';
import {
  type FilterCreate,
  type FilterPatch,
  type FilterQuery,
  maximumFilters,
  type SavedFilter,
} from './filters.contract.ts';
import { FilterModel, type FilterRecord } from './filters.model.ts';

function show(record: FilterRecord): SavedFilter {
  return {
    id: record._id.toHexString(),
    name: record.name,
    filter: record.filter,
    sort: (record.sort as SavedFilter['sort'] | undefined) ?? null,
    createdAt: record.createdAt.toISOString(),
    updatedAt: record.updatedAt.toISOString(),
    version: record.version,
  };
}

function versioned(record: FilterRecord): Versioned<SavedFilter> {
  return { value: show(record), version: String(record.version) };
}

function named(name: string): Pick<FilterRecord, 'name' | 'nameKey'> {
  return { name, nameKey: name.toLowerCase() };
}

/** What a write failed with, or that the name is another filter's. */
function failureOf(error: unknown): unknown {
  if (!isDuplicateKey(error)) return error;
  return new AppError('name_taken', { detail: 'Another of your filters has this name.' });
}

/** @throws AppError `name_taken`, or `limit_reached` */
export async function createFilter(
  caller: Caller,
  { name, filter, sort }: FilterCreate,
): Promise<Versioned<SavedFilter>> {
  const now = new Date();
  const record: FilterRecord = {
    _id: newId(),
    ownerId: objectId(caller.userId),
    ...named(name),
    filter,
    ...(sort && { sort }),
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  const stored = await insertOnce(FilterModel.collection, record).catch((error: unknown) => {
    throw failureOf(error);
  });
  await requireRoom(stored);
  return versioned(stored);
}

/** Counts once the new one is in: of rivals, the last to come in sees all others. */
async function requireRoom({ _id, ownerId }: FilterRecord): Promise<void> {
  if ((await FilterModel.countDocuments({ ownerId })) <= maximumFilters) return;
  await FilterModel.deleteOne({ _id });
  const detail = `A user has at most ${maximumFilters} filters: delete one first.`;
  throw new AppError('limit_reached', { detail });
}

/** The caller's filters, the oldest first: an order that no change of a name disturbs. */
export async function listFilters(caller: Caller, { limit, cursor }: FilterQuery) {
  const order = [{ field: 'createdAt', type: 'date', direction: 1 }] as const;
  const after = cursor === undefined ? {} : afterCursor(cursor, 'filters', order);
  const found = await FilterModel.find(allOf({ ownerId: objectId(caller.userId) }, after))
    .sort(sortOf(order))
    .limit(limit + 1)
    .lean<FilterRecord[]>();
  return toPage(found, { limit, filter: 'filters', order }, show);
}

async function findFilter(caller: Caller, id: string): Promise<FilterRecord> {
  const own = { _id: objectId(id), ownerId: objectId(caller.userId) };
  const record = await FilterModel.findOne(own).lean<FilterRecord>();
  if (!record) throw new AppError('not_found');
  return record;
}

/** @throws AppError `not_found`, also for a filter of somebody else's */
export async function readSavedFilter(caller: Caller, id: string): Promise<Versioned<SavedFilter>> {
  return versioned(await findFilter(caller, id));
}

/** The update that a patch asks for; undefined where all is as it should be. */
function updateOf(record: FilterRecord, { name, filter, sort }: FilterPatch, now: Date) {
  const changes = {
    ...(name !== undefined && name !== record.name && named(name)),
    ...(filter !== undefined && filter !== record.filter && { filter }),
    ...(sort && !isDeepStrictEqual(sort, record.sort) && { sort }),
  };
  const cleared = sort === null && Boolean(record.sort);
  if (!cleared && Object.keys(changes).length === 0) return undefined;
  return {
    $set: { ...changes, updatedAt: now },
    ...(cleared && { $unset: { sort: true } }),
    $inc: { version: 1 },
  };
}

/**
 * Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is.
 * @throws AppError `precondition_failed` where the preconditions do not allow the current version, or
 *   `name_taken`
 */
export async function updateFilter(
  caller: Caller,
  id: string,
  patch: FilterPatch,
  preconditions: Preconditions,
): Promise<Versioned<SavedFilter>> {
  for (;;) {
    const record = await findFilter(caller, id);
    const { _id, ownerId, version } = record;
    requireVersion(preconditions, String(version));
    const update = updateOf(record, patch, new Date());
    if (!update) return versioned(record);
    const changed = await FilterModel.findOneAndUpdate({ _id, ownerId, version }, update, {
      returnDocument: 'after',
    })
      .lean<FilterRecord>()
      .catch((error: unknown) => {
        throw failureOf(error);
      });
    // Somebody else was quicker: apply the patch to what they left. One of the rivals always wins.
    if (changed) return versioned(changed);
  }
}

/** Deletes for good; the preconditions as with a change. */
export async function deleteFilter(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  for (;;) {
    const { _id, ownerId, version } = await findFilter(caller, id);
    requireVersion(preconditions, String(version));
    const { deletedCount } = await FilterModel.deleteOne({ _id, ownerId, version });
    if (deletedCount === 1) return;
  }
}

/** Deletes every filter of an account that is being deleted; may be repeated. */
export async function deleteFiltersOf(ownerId: Types.ObjectId): Promise<void> {
  await FilterModel.deleteMany({ ownerId });
}
