import { setTimeout as sleep } from 'node:timers/promises';
import type { Caller } from '../../contract/endpoint.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, requireVersion, type Versioned } from '../../versions.ts';
import { rankAmong } from '../projects/ordered-records.ts';
import { placeNamed, unknownObject } from '../projects/places.service.ts';
import { settle } from './settling.service.ts';
import {
  chainFrom,
  heightOf,
  holdStill,
  type Position,
  requireParent,
  tooDeep,
} from './task-tree.service.ts';
import { accessibleTasks } from './tasks.access.ts';
import { TaskModel } from './tasks.model.ts';
import { maximumLevels, type Task, type TaskMove } from './tasks.schemas.ts';
import { versioned } from './tasks.show.ts';
import { findTask, foreseen, type ReadTask, writeTask } from './tasks.store.ts';

/** Milliseconds; rivals that have stopped each other try again at different moments. */
const longestPause = 20;

/** The place that a move names; whatever it omits follows from the rest, or from where the task is. */
async function destinationOf(caller: Caller, task: ReadTask, move: TaskMove): Promise<Position> {
  const { projectId, sectionId, parentId } = move;
  if (parentId !== undefined && parentId !== null) {
    if (projectId !== undefined || sectionId !== undefined) {
      const message = 'must not come with projectId or sectionId: a subtask is where its parent is';
      throw AppError.violations([{ path: 'body.parentId', code: 'ambiguous', message }]);
    }
    const parent = await requireParent(caller, parentId);
    return {
      projectId: parent.projectId,
      sectionId: parent.sectionId ?? null,
      parentId: parent._id,
    };
  }
  if (projectId !== undefined || sectionId) {
    return { ...(await placeNamed(caller, { projectId, sectionId })), parentId: null };
  }
  const stays = parentId === undefined && sectionId === undefined;
  return {
    projectId: task.projectId,
    sectionId: sectionId === null ? null : (task.sectionId ?? null),
    parentId: stays ? (task.parentId ?? null) : null,
  };
}

/** The rank that a move asks for, among those who are there now; the task itself is not one of them. */
async function rankFor(
  caller: Caller,
  task: ReadTask,
  position: Position,
  move: TaskMove,
): Promise<string> {
  const siblings = { ...accessibleTasks(caller), ...position, _id: { $ne: task._id } };
  return rankAmong(TaskModel.collection, siblings, move, 'another task in the same place');
}

/** @throws AppError `validation_failed` where a task would be a part of itself, or too deep */
async function requireTree(caller: Caller, task: ReadTask, chain: readonly ReadTask[]) {
  if (chain.some(({ _id }) => _id.equals(task._id))) {
    const message = 'must not be the task itself or one of its subtasks';
    throw AppError.violations([{ path: 'body.parentId', code: 'cycle', message }]);
  }
  if (chain.length + (await heightOf(caller, task)) > maximumLevels) throw tooDeep();
}

/** Where a move leads to, and the tasks above that; undefined where the task is there already. */
async function wayOf(caller: Caller, task: ReadTask, move: TaskMove) {
  const position = await destinationOf(caller, task, move);
  const placed = move.before ?? move.after ?? move.position;
  const { projectId, sectionId, parentId } = position;
  const hasNewParent = String(parentId) !== String(task.parentId ?? null);
  const hasNewPlace =
    hasNewParent ||
    !projectId.equals(task.projectId) ||
    String(sectionId) !== String(task.sectionId ?? null);
  if (!hasNewPlace && placed === undefined) return undefined;
  const chain = hasNewParent && parentId ? await chainFrom(caller, parentId) : [];
  if (!chain) throw unknownObject('parentId', 'a task');
  if (chain.length > 0) await requireTree(caller, task, chain);
  return { position, chain, hasNewParent, hasNewPlace };
}

/** One attempt; undefined where somebody has changed the task, or the tree around it, meanwhile. */
async function tryToMove(
  caller: Caller,
  task: ReadTask,
  move: TaskMove,
): Promise<ReadTask | undefined> {
  const way = await wayOf(caller, task, move);
  if (!way) return task;
  const { position, chain, hasNewParent, hasNewPlace } = way;
  if (!(await holdStill(chain))) return undefined;
  const rank = await rankFor(caller, task, position, move);
  const changes = { ...position, rank, ...(hasNewPlace && { pendingSince: new Date() }) };
  return writeTask(task, changes, { countTree: hasNewParent });
}

/**
 * Moves a task, and with it all that stands below it.
 * @throws AppError `not_found`, `precondition_failed`, or `validation_failed` for a place that is not
 *   the caller's, that is below the task itself, or too deep
 */
export async function moveTask(
  caller: Caller,
  id: string,
  move: TaskMove,
  preconditions: Preconditions,
): Promise<Versioned<Task>> {
  for (;;) {
    const task = await findTask(caller, id);
    requireVersion(preconditions, String(task.version));
    const moved = await tryToMove(caller, task, move);
    if (moved) {
      if (moved.pendingSince) await settle(moved);
      return versioned(moved);
    }
    await sleep(Math.random() * longestPause);
  }
}

/** What `moveTask` would answer, but for the rank, without doing it. */
export async function checkMove(
  caller: Caller,
  id: string,
  move: TaskMove,
  preconditions: Preconditions,
): Promise<Versioned<Task>> {
  const task = await findTask(caller, id);
  requireVersion(preconditions, String(task.version));
  const way = await wayOf(caller, task, move);
  if (way) await rankFor(caller, task, way.position, move);
  return versioned(foreseen(task, way?.position ?? {}));
}
