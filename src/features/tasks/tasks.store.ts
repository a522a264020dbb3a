import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { mostAtOnce, readBounded } from '../../database/bounded-read.ts';
import { groupInserts } from '../../database/grouped-inserts.ts';
import { groupReads } from '../../database/grouped-reads.ts';
import { objectId } from '../../database/ids.ts';
import { insertOnce } from '../../database/new-id.ts';
import {
  type Changes as RecordChanges,
  changeRecord,
  writeRecord,
} from '../../database/versioned-records.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions } from '../../versions.ts';
import { accessibleTasks, isAccessible, tasksAccessibleToAny } from './tasks.access.ts';
import { TaskModel, type TaskRecord } from './tasks.model.ts';

/** What only searches and this file need: a task is read without it. */
const unread = { titleKey: 0, words: 0 } as const;

/** A task as it is read. */
export type ReadTask = Omit<TaskRecord, keyof typeof unread>;

export type Changes = RecordChanges<TaskRecord>;

interface Found {
  sort?: Record<string, 1 | -1>;
  limit?: number;
  /** Reads nothing but the version, and what the list is sorted by. */
  versionsOnly?: boolean;
}

/** What a list is sorted by goes into its cursor. */
function projectionFor({ sort = {}, versionsOnly }: Found): Record<string, 0 | 1> {
  if (versionsOnly) {
    return Object.fromEntries(['version', ...Object.keys(sort)].map((name) => [name, 1]));
  }
  const { titleKey: _, ...others } = unread;
  return 'titleKey' in sort ? others : unread;
}

/** The tasks that match, past Mongoose's query, which costs a list a tenth of its time. */
export function findTasks(
  filter: Record<string, unknown>,
  options: Found = {},
): Promise<ReadTask[]> {
  const projection = projectionFor(options);
  const { limit, sort } = options;
  if (limit !== undefined && limit <= mostAtOnce) {
    return readBounded<ReadTask>(TaskModel, { filter, projection, sort, limit });
  }
  const bounds = { ...(sort && { sort }), ...(limit !== undefined && { limit }) };
  return TaskModel.collection.find<ReadTask>(filter, { ...bounds, projection }).toArray();
}

/** A task that a caller asks for. */
interface Asked {
  readonly _id: Types.ObjectId;
  readonly caller: Caller;
}

const readTogether = groupReads((group: readonly Asked[]): Promise<ReadTask[]> => {
  const [first] = group;
  if (first && group.length === 1) {
    return findTasks({ _id: first._id, ...accessibleTasks(first.caller) }, { limit: 1 });
  }
  const ids = group.map(({ _id }) => _id);
  const access = tasksAccessibleToAny(group.map(({ caller }) => caller));
  return findTasks({ _id: { $in: ids }, ...access }, { limit: group.length });
});

/** @throws AppError `not_found` */
export async function findTask(caller: Caller, id: string): Promise<ReadTask> {
  const task = await readTogether({ _id: objectId(id), caller });
  if (!task || !isAccessible(caller, task)) throw new AppError('not_found');
  return task;
}

/** Null is stored as nothing, to keep documents small: `ignoreUndefined` leaves it out of a write. */
function withoutNulls(task: TaskRecord): TaskRecord {
  const members: Record<string, unknown> = { ...task };
  for (const name in members) if (members[name] === null) members[name] = undefined;
  return members as TaskRecord;
}

const ignoreUndefined = true;

const inserts = groupInserts(TaskModel.collection);

/** Stores a new task, once: its id tells a repetition of the same request. */
export async function insertTask(task: TaskRecord): Promise<ReadTask> {
  return insertOnce(inserts, withoutNulls(task), { ignoreUndefined });
}

/** Stores those of the tasks that are not there yet, as their ids tell. */
export async function insertMissing(tasks: readonly TaskRecord[]): Promise<void> {
  let missing = [...tasks];
  while (missing.length > 0) {
    const there = await TaskModel.collection
      .find({ _id: { $in: missing.map(({ _id }) => _id) } }, { projection: { _id: 1 } })
      .toArray();
    const ids = new Set(there.map(({ _id }) => _id.toHexString()));
    missing = missing.filter(({ _id }) => !ids.has(_id.toHexString()));
    if (missing.length === 0) return;
    try {
      await TaskModel.collection.insertMany(missing.map(withoutNulls), { ignoreUndefined });
      return;
    } catch (error) {
      // Somebody else is at the same work: what they have left is looked for once more.
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** A task as changes would leave it, in the version that it has. */
export function foreseen(task: ReadTask, changes: Changes): ReadTask {
  return { ...task, ...changes } as ReadTask;
}

/**
 * Writes the changes to this very version of a task; the one place where a task changes.
 * @returns the task as it is now: unchanged where nothing differs, undefined where somebody was quicker
 */
export async function writeTask(
  task: ReadTask,
  changes: Changes,
  { countTree = false }: { countTree?: boolean } = {},
): Promise<ReadTask | undefined> {
  const { treeVersion } = task;
  const bound = countTree && {
    where: { treeVersion: treeVersion ?? null },
    set: { treeVersion: (treeVersion ?? 0) + 1 },
  };
  return writeRecord(TaskModel.collection, task, changes, bound || {});
}

/**
 * Applies a change to whatever version there is.
 * @throws AppError `not_found`, or `precondition_failed` where the preconditions do not allow a version
 */
export async function changeTask(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
  change: (task: ReadTask) => Changes | Promise<Changes>,
): Promise<{ before: ReadTask; after: ReadTask }> {
  const target = { find: () => findTask(caller, id), preconditions };
  return changeRecord(TaskModel.collection, target, change);
}

/**
 * The same change to many tasks, as what follows a change of one; each counts as a new version.
 * @param update as the database takes it; nothing of it comes from a caller's text as an operator
 */
export async function writeTasks(
  filter: Record<string, unknown>,
  update: { set?: Record<string, unknown>; unset?: Record<string, true>; pull?: object },
): Promise<void> {
  const { set, unset, pull } = update;
  await TaskModel.collection.updateMany(filter, {
    $set: { ...set, updatedAt: new Date() },
    $inc: { version: 1 },
    ...(unset && { $unset: unset }),
    ...(pull && { $pull: pull }),
  });
}

/** The ids of some of the tasks that match, for writes in steps. */
export async function findTaskIds(
  filter: Record<string, unknown>,
  limit: number,
): Promise<Types.ObjectId[]> {
  const found = await TaskModel.collection
    .find(filter, { projection: { _id: 1 }, limit })
    .toArray();
  return found.map(({ _id }) => _id);
}

/** Puts one label in the place of another; a task that has both loses the latter. */
export async function replaceLabel(
  filter: Record<string, unknown>,
  { from, to, at }: { from: string; to: string; at: Date },
): Promise<void> {
  const both = { ...filter, labels: { $all: [from, to] } };
  await writeTasks(both, { set: { labelledAt: at }, pull: { labels: from } });
  await TaskModel.collection.updateMany(
    { ...filter, labels: { $eq: from, $ne: to } },
    // Not `labels.$`: with two conditions on the array, FerretDB takes another element for the match.
    {
      $set: { 'labels.$[named]': to, labelledAt: at, updatedAt: new Date() },
      $inc: { version: 1 },
    },
    { arrayFilters: [{ named: from }] },
  );
}

/**
 * Takes the tasks that match to the trash, each by itself: many at once, unlike `writeTask`. What stands
 * below them has to follow.
 */
export async function trashTasks(
  filter: Record<string, unknown>,
  trash: { ownerId: Types.ObjectId; at: Date; expiresAt: Date },
): Promise<void> {
  await TaskModel.collection.updateMany(filter, [
    {
      $set: {
        trash: { ...trash, rootId: '$_id', root: true },
        updatedAt: new Date(),
        version: { $add: ['$version', 1] },
      },
    },
    { $unset: 'ownerId' },
  ]);
}

/** Drops tasks for good. */
export async function eraseTasks(filter: Record<string, unknown>): Promise<void> {
  await TaskModel.collection.deleteMany(filter);
}

/** Takes the mark away that something has to follow, unless another change has set it anew. */
export async function markSettled({ _id, pendingSince }: ReadTask): Promise<void> {
  if (!pendingSince) return;
  await TaskModel.collection.updateOne({ _id, pendingSince }, { $unset: { pendingSince: true } });
}

/** Notes that this very series goes on with another task; no change that anybody sees. */
export async function markContinued({ _id, series }: ReadTask): Promise<void> {
  if (!series) return;
  const { id, rule, anchor, start } = series;
  await TaskModel.collection.updateOne(
    {
      _id,
      'series.id': id,
      'series.rule': rule,
      'series.anchor': anchor,
      'series.start': start,
    },
    { $set: { 'series.continued': true } },
  );
}

/** Deletes every task of an account that is being deleted; may be repeated. */
export async function eraseTasksOf(ownerId: Types.ObjectId): Promise<void> {
  await TaskModel.collection.deleteMany({ ownerId });
  await TaskModel.collection.deleteMany({ 'trash.ownerId': ownerId });
}
