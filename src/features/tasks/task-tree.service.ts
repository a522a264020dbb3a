import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { parseId } from '../../database/ids.ts';
import { AppError } from '../../errors.ts';
import { type Place, placeNamed, unknownObject } from '../projects/places.service.ts';
import { accessibleTasks } from './tasks.access.ts';
import { TaskModel } from './tasks.model.ts';
import { maximumLevels, type TaskCreate } from './tasks.schemas.ts';
import { eraseTasks, findTask, findTasks, type ReadTask } from './tasks.store.ts';

/** Where a task stands. */
export interface Position extends Place {
  readonly parentId: Types.ObjectId | null;
}

/** Longer than any chain can be, so that nothing turns in circles whatever is stored. */
const patience = 2 * maximumLevels;

/**
 * The task and the tasks that it is a part of, from itself upwards; undefined where one of them is
 * gone, as then none of those below it stands anywhere.
 */
export async function chainFrom(
  caller: Caller,
  id: Types.ObjectId,
): Promise<ReadTask[] | undefined> {
  const chain: ReadTask[] = [];
  let next: Types.ObjectId | null | undefined = id;
  while (next && chain.length < patience) {
    const [task]: ReadTask[] = await findTasks({ _id: next, ...accessibleTasks(caller) });
    if (!task) return undefined;
    chain.push(task);
    next = task.parentId;
  }
  return chain;
}

/** The ids of all that stands below these tasks, level by level; `within` says among which tasks. */
export async function* levelsBelow(
  within: Record<string, unknown>,
  ids: Types.ObjectId[],
): AsyncGenerator<Types.ObjectId[]> {
  let parents = ids;
  for (let level = 0; level < patience && parents.length > 0; level += 1) {
    const found = await TaskModel.collection
      .find({ ...within, parentId: { $in: parents } }, { projection: { _id: 1 } })
      .toArray();
    parents = found.map(({ _id }) => _id);
    if (parents.length > 0) yield parents;
  }
}

/** How many levels a task takes up with all that stands below it. */
export async function heightOf(caller: Caller, { _id }: ReadTask): Promise<number> {
  let height = 1;
  for await (const _ of levelsBelow(accessibleTasks(caller), [_id])) height += 1;
  return height;
}

export function tooDeep(): AppError {
  const message = `must leave no task below the ${maximumLevels}th level`;
  return AppError.violations([{ path: 'body.parentId', code: 'too_deep', message }]);
}

/** @throws AppError `validation_failed` for a parent that the caller does not have */
export async function requireParent(caller: Caller, id: string): Promise<ReadTask> {
  try {
    return await findTask(caller, id);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw unknownObject('parentId', 'a task');
  }
}

/** A subtask is where its parent is; project and section may be named too if they are the same. */
function placeOfParent(parent: ReadTask, { projectId, sectionId }: Partial<TaskCreate>): Position {
  const differs = (named: string | null | undefined, actual: Types.ObjectId | null | undefined) =>
    named !== undefined && named !== null && named !== actual?.toHexString();
  if (differs(projectId, parent.projectId))
    throw unknownObject('projectId', 'the project of parentId');
  if (differs(sectionId, parent.sectionId))
    throw unknownObject('sectionId', 'the section of parentId');
  return {
    projectId: parent.projectId,
    sectionId: parent.sectionId ?? null,
    parentId: parent._id,
  };
}

/** @throws AppError `validation_failed` for a place that the caller does not have, or one too deep */
export async function placeForNewTask(
  caller: Caller,
  named: Pick<TaskCreate, 'projectId' | 'sectionId' | 'parentId'>,
): Promise<Position> {
  if (named.parentId === null) return { ...(await placeNamed(caller, named)), parentId: null };
  const parentId = parseId(named.parentId);
  const chain = parentId && (await chainFrom(caller, parentId));
  const [parent] = chain ?? [];
  if (!chain || !parent) throw unknownObject('parentId', 'a task');
  if (chain.length >= maximumLevels) throw tooDeep();
  return placeOfParent(parent, named);
}

/** Makes every move fail, and begin anew, that has read one of these tasks before. */
async function countTree(tasks: readonly ReadTask[]): Promise<void> {
  const ids = tasks.map(({ _id }) => _id);
  await TaskModel.collection.updateMany({ _id: { $in: ids } }, { $inc: { treeVersion: 1 } });
}

/**
 * Holds a chain of tasks still, as far as it was read: whoever has moved one of them meanwhile is
 * noticed, and whoever is about to move one of them by an earlier reading will fail.
 * @returns false where one of them has changed its place
 */
export async function holdStill(chain: readonly ReadTask[]): Promise<boolean> {
  for (const { _id, ownerId, treeVersion } of chain) {
    const { modifiedCount } = await TaskModel.collection.updateOne(
      { _id, ownerId, treeVersion: treeVersion ?? null },
      { $inc: { treeVersion: 1 } },
    );
    if (modifiedCount === 0) return false;
  }
  return true;
}

/**
 * Whether a subtask still stands as it should after it was put somewhere: its chain is counted first,
 * so that whoever moves a part of it takes notice, and then read once more.
 */
export async function standsWell(
  caller: Caller,
  { parentId }: ReadTask,
  height: number,
): Promise<boolean> {
  if (!parentId) return true;
  const chain = await chainFrom(caller, parentId);
  if (!chain) return false;
  await countTree(chain);
  const again = await chainFrom(caller, parentId);
  return again !== undefined && again.length + height <= maximumLevels;
}

/**
 * Takes a new subtask back where its parent has gone, or gone down, while it was made.
 * @throws AppError `validation_failed`
 */
export async function requireStanding(caller: Caller, task: ReadTask): Promise<void> {
  if (await standsWell(caller, task, 1)) return;
  await eraseTasks({ _id: task._id, version: task.version });
  throw tooDeep();
}
