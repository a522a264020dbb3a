import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage } from '../../database/keyset.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import { changeRecord, deleteRecord } from '../../database/versioned-records.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions, Versioned } from '../../versions.ts';
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
  return readPage(
    { limit, cursor, filter: 'filters', order },
    (after, options) =>
      FilterModel.find(allOf({ ownerId: objectId(caller.userId) }, after), undefined, options).lean<
        FilterRecord[]
      >(),
    show,
  );
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

/**
 * Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is.
 * @throws AppError `precondition_failed` where the preconditions do not allow the current version, or
 *   `name_taken`
 */
export async function updateFilter(
  caller: Caller,
  id: string,
  { name, ...given }: FilterPatch,
  preconditions: Preconditions,
): Promise<Versioned<SavedFilter>> {
  const target = { find: () => findFilter(caller, id), preconditions };
  const changes = { ...(name !== undefined && named(name)), ...given };
  try {
    const { after } = await changeRecord(FilterModel.collection, target, () => changes);
    return versioned(after);
  } catch (error) {
    throw failureOf(error);
  }
}

/** Deletes for good; the preconditions as with a change. */
export async function deleteFilter(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  const target = { find: () => findFilter(caller, id), preconditions };
  await deleteRecord(FilterModel.collection, target);
}

/** Deletes every filter of an account that is being deleted; may be repeated. */
export async function deleteFiltersOf(ownerId: Types.ObjectId): Promise<void> {
  await FilterModel.deleteMany({ ownerId });
}
