import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage, type SortField } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, requireVersion, type Versioned } from '../../versions.ts';
import {
  expireAttachmentsOf,
  purgeAttachmentsOf,
} from '../attachments/attachment-records.service.ts';
import { expireCommentsOf, purgeCommentsOf } from '../comments/comment-records.service.ts';
import { findSectionPlace, inboxOf, isOpenProject } from '../projects/places.service.ts';
import { settle } from '../tasks/settling.service.ts';
import { chainFrom, heightOf, type Position, standsWell } from '../tasks/task-tree.service.ts';
import { accessibleTasks, trashedTasks } from '../tasks/tasks.access.ts';
import { TaskModel } from '../tasks/tasks.model.ts';
import { maximumLevels, type Task } from '../tasks/tasks.schemas.ts';
import { showTask, versioned } from '../tasks/tasks.show.ts';
import {
  changeTask,
  findTask,
  eraseTasks,
  findTasks,
  type ReadTask,
  trashTasks,
  writeTask,
} from '../tasks/tasks.store.ts';
import { daysInTrash, type TrashedTask } from './trash.contract.ts';

const millisecondsInTrash = daysInTrash * 86_400_000;
const order: SortField[] = [{ field: 'trash.at', direction: -1, type: 'date' }];
/** How many tasks are dropped at a time. */
const batch = 500;
/** How many tasks of a project are looked at at a time. */
const atOnce = 100;

/**
 * Takes a task to the trash, and all that stands below it.
 * @throws AppError `not_found`, or `precondition_failed`
 */
export async function trashTask(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  const { after } = await changeTask(caller, id, preconditions, ({ _id, ownerId }) => {
    const at = new Date();
    const expiresAt = new Date(at.getTime() + millisecondsInTrash);
    if (!ownerId) throw new AppError('not_found');
    return {
      ownerId: null,
      trash: { ownerId, rootId: _id, root: true, at, expiresAt },
      pendingSince: at,
    };
  });
  await settle(after);
}

/**
 * Takes the tasks of a project to the trash, each with all that stands below it, so that they can be
 * restored one by one. May be repeated with the same `at`, and then takes what was left or added.
 */
export async function trashTasksOfProject(
  ownerId: Types.ObjectId,
  projectId: Types.ObjectId,
  at: Date,
): Promise<void> {
  const expiresAt = new Date(at.getTime() + millisecondsInTrash);
  await trashTasks({ ownerId, projectId, parentId: null }, { ownerId, at, expiresAt });
  let beyond = {};
  for (;;) {
    const tasks = await findTasks(
      { 'trash.ownerId': ownerId, 'trash.at': at, ...beyond },
      { sort: { _id: 1 }, limit: atOnce },
    );
    const ids = tasks.map(({ _id }) => _id);
    const above = await TaskModel.collection.distinct('parentId', {
      ownerId,
      parentId: { $in: ids },
    });
    const parents = new Set(above.map(String));
    const rootIds = tasks.filter(({ _id }) => parents.has(String(_id))).map(rootIdOf);
    for (const root of await findTasks({ _id: { $in: rootIds } })) await settle(root);
    await expireCommentsOf(ids, expiresAt);
    await expireAttachmentsOf(ids, expiresAt);
    if (tasks.length < atOnce) return;
    beyond = { _id: { $gt: ids.at(-1) } };
  }
}

function rootIdOf({ _id, trash }: ReadTask): Types.ObjectId {
  return trash?.rootId ?? _id;
}

/** Whether `trashTask` could do it. */
export async function checkDeletion(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  requireVersion(preconditions, String((await findTask(caller, id)).version));
}

const rootsOf = (caller: Caller) => ({ ...trashedTasks(caller), 'trash.root': true });

function show(task: ReadTask): TrashedTask {
  const { at, expiresAt } = task.trash ?? {};
  return {
    ...showTask(task),
    deletedAt: at?.toISOString() ?? '',
    expiresAt: expiresAt?.toISOString() ?? '',
  };
}

async function trashPage(
  filter: Record<string, unknown>,
  { limit, cursor }: { limit: number; cursor?: string | undefined },
) {
  const list = ['trash', Object.keys(filter)];
  return readPage(
    { limit, cursor, filter: list, order },
    (after, options) => findTasks(allOf(filter, after), options),
    show,
  );
}

/** A page of what the caller has deleted. */
export function listTrash(caller: Caller, page: { limit: number; cursor?: string | undefined }) {
  return trashPage(rootsOf(caller), page);
}

/** A page of all that is in the caller's trash, subtasks included; for the export of an account. */
export function listTrashed(caller: Caller, page: { limit: number; cursor?: string }) {
  return trashPage(trashedTasks(caller), page);
}

async function findTrashed(caller: Caller, id: string): Promise<ReadTask> {
  const [task] = await findTasks({ _id: objectId(id), ...rootsOf(caller) });
  if (!task) throw new AppError('not_found');
  return task;
}

/** Where a task of the trash goes: where it was, as far as that is still there. */
async function placeFor(caller: Caller, task: ReadTask): Promise<Position> {
  const chain = task.parentId && (await chainFrom(caller, task.parentId));
  const [parent] = chain || [];
  if (chain && parent && chain.length < maximumLevels) {
    return {
      projectId: parent.projectId,
      sectionId: parent.sectionId ?? null,
      parentId: parent._id,
    };
  }
  const section = task.sectionId && (await findSectionPlace(caller, task.sectionId));
  if (section) return { ...section, parentId: null };
  const projectId = (await isOpenProject(caller, task.projectId))
    ? task.projectId
    : inboxOf(caller);
  return { projectId, sectionId: null, parentId: null };
}

/** A subtask that has become too tall for its place goes to the top level. */
async function raiseIfTooDeep(caller: Caller, task: ReadTask): Promise<ReadTask> {
  let current = task;
  while (
    current.parentId &&
    !(await standsWell(caller, current, await heightOf(caller, current)))
  ) {
    const raised = await writeTask(current, { parentId: null }, { countTree: true });
    const [found] = raised ? [raised] : await findTasks({ _id: task._id });
    if (!found) throw new AppError('not_found');
    current = found;
  }
  return current;
}

/**
 * Restores a task with all that went to the trash with it.
 * @throws AppError `not_found`, or `precondition_failed`
 */
export async function restoreTask(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<Versioned<Task>> {
  for (;;) {
    const task = await findTrashed(caller, id);
    requireVersion(preconditions, String(task.version));
    const restored = await writeTask(
      task,
      {
        ...accessibleTasks(caller),
        ...(await placeFor(caller, task)),
        trash: null,
        pendingSince: new Date(),
      },
      { countTree: true },
    );
    if (restored) {
      await settle(restored);
      return versioned(await raiseIfTooDeep(caller, restored));
    }
  }
}

async function drop(tasks: readonly ReadTask[]): Promise<void> {
  const ids = tasks.map(({ _id }) => _id);
  await eraseTasks({ _id: { $in: ids }, 'trash.at': { $exists: true } });
  await purgeCommentsOf(ids);
  await purgeAttachmentsOf(ids);
}

/** @throws AppError `not_found`, or `precondition_failed` */
export async function purgeTask(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  const task = await findTrashed(caller, id);
  requireVersion(preconditions, String(task.version));
  await settle(task);
  await drop(await findTasks({ ...trashedTasks(caller), 'trash.rootId': task._id }));
}

/** Deletes all that is in the caller's trash for good. */
export async function emptyTrash(caller: Caller): Promise<void> {
  for (;;) {
    const tasks = await findTasks(trashedTasks(caller), { limit: batch });
    if (tasks.length === 0) return;
    await drop(tasks);
  }
}
