import { settled } from '../../database/settled.ts';
import { expireAttachmentsOf } from '../attachments/attachment-records.service.ts';
import { expireCommentsOf } from '../comments/comment-records.service.ts';
import { continueSeries } from './continuation.service.ts';
import { levelsBelow } from './task-tree.service.ts';
import { TaskModel } from './tasks.model.ts';
import { findTasks, markSettled, type ReadTask, writeTask, writeTasks } from './tasks.store.ts';

/** How many tasks are settled at a time, and for how many milliseconds others are begun with. */
const batch = 20;
const patience = 8000;

/** Comments and attachments go with their tasks, and return with them. */
async function expireWhatHangsOn(ids: ReadTask['_id'][], at: Date | null): Promise<void> {
  await expireCommentsOf(ids, at);
  await expireAttachmentsOf(ids, at);
}

/** What stands below a task in the trash goes there too, whatever a process has left undone. */
async function takeAlong(task: ReadTask, trash: NonNullable<ReadTask['trash']>): Promise<void> {
  const { root: _, ...same } = trash;
  const along = await TaskModel.collection
    .find({ 'trash.ownerId': trash.ownerId, 'trash.rootId': task._id }, { projection: { _id: 1 } })
    .toArray();
  const above = along.map(({ _id }) => _id);
  for await (const ids of levelsBelow({ ownerId: trash.ownerId }, above)) {
    await writeTasks({ _id: { $in: ids } }, { set: { trash: same }, unset: { ownerId: true } });
    above.push(...ids);
  }
  await expireWhatHangsOn(above, trash.expiresAt);
}

/** What went to the trash with a task returns with it. */
async function bringBack({ _id, ownerId }: ReadTask): Promise<void> {
  const along = await findTasks({ 'trash.ownerId': ownerId, 'trash.rootId': _id });
  const ids = along.map((task) => task._id);
  if (ids.length > 0) {
    await writeTasks({ _id: { $in: ids } }, { set: { ownerId }, unset: { trash: true } });
  }
  await expireWhatHangsOn([_id, ...ids], null);
}

/** Subtasks are in the project and the section of the task that they are a part of. */
async function relocate({ _id, ownerId, projectId, sectionId }: ReadTask): Promise<void> {
  for await (const ids of levelsBelow({ ownerId }, [_id])) {
    const elsewhere = {
      $or: [{ projectId: { $ne: projectId } }, { sectionId: { $ne: sectionId ?? null } }],
    };
    await writeTasks(
      { _id: { $in: ids }, ...elsewhere },
      sectionId
        ? { set: { projectId, sectionId } }
        : { set: { projectId }, unset: { sectionId: true } },
    );
  }
}

/** A task whose parent went for good while it was moved there stands on the top level. */
async function standSomewhere(task: ReadTask): Promise<void> {
  if (!task.parentId || (await TaskModel.exists({ _id: task.parentId }))) return;
  await writeTask(task, { parentId: null }, { countTree: true });
}

/**
 * Does what follows from the state of a task: for those below it, and for its series. It may be done
 * any number of times, and is done again once nobody who has read the former state is still at work.
 */
export async function settle(task: ReadTask): Promise<void> {
  if (task.trash) {
    await takeAlong(task, task.trash);
    return;
  }
  await bringBack(task);
  await relocate(task);
  await standSomewhere(task);
  await continueSeries(task);
}

/**
 * Settles what changes have left: runs every few seconds on one of the instances.
 * @throws the first failure, once all others are settled
 */
export async function settleTasks(): Promise<void> {
  const began = Date.now();
  const left = { pendingSince: { $lt: new Date(began - settled) } };
  const failed: ReadTask['_id'][] = [];
  let failure: unknown;
  // What there is no time for is for the next run, as a job that takes too long is given to others.
  while (Date.now() - began < patience) {
    const tasks = await findTasks({ ...left, _id: { $nin: failed } }, { limit: batch });
    if (tasks.length === 0) break;
    for (const task of tasks) {
      try {
        await settle(task);
        await markSettled(task);
      } catch (error) {
        failed.push(task._id);
        failure ??= error;
      }
    }
  }
  if (failed.length > 0) throw failure;
}
