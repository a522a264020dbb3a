import { isDeepStrictEqual } from 'node:util';
import type { Caller } from '../../contract/endpoint.ts';
import { newId } from '../../database/new-id.ts';
import { type Preconditions, requireVersion, type Versioned } from '../../versions.ts';
import { ensureLabels, labelChanges } from '../labels/label-records.service.ts';
import { reminderChanges } from '../reminders/reminder-changes.service.ts';
import { continueSeries } from './continuation.service.ts';
import { requireTaskRoom } from './task-room.service.ts';
import { placeForNewTask, requireStanding } from './task-tree.service.ts';
import { dueFields, newSeries, patched, scheduleChanges, startField } from './task-schedule.ts';
import { textFields } from './task-texts.ts';
import { rankAtEnd } from './rank.ts';
import { accessibleTasks } from './tasks.access.ts';
import type { SeriesRecord, TaskRecord } from './tasks.model.ts';
import {
  priorities,
  type Task,
  type TaskCreate,
  taskDefaults,
  type TaskPatch,
} from './tasks.schemas.ts';
import { versioned } from './tasks.show.ts';
import {
  changeTask,
  type Changes,
  findTask,
  foreseen,
  insertTask,
  markSettled,
  type ReadTask,
} from './tasks.store.ts';

/** The record of a new task, but for its labels. */
async function newTask(caller: Caller, input: TaskCreate): Promise<TaskRecord> {
  const { title, description, status, priority, dueDate, timeZone, recurrence } = input;
  const place = await placeForNewTask(caller, input);
  const now = new Date();
  const series =
    recurrence &&
    newSeries({ rule: recurrence, anchor: input.recurrenceAnchor }, dueDate, timeZone);
  const done = status === 'done';
  return {
    _id: newId(),
    ...accessibleTasks(caller),
    ...place,
    rank: rankAtEnd(),
    ...textFields(title, description),
    status,
    priority: priorities.indexOf(priority),
    ...dueFields(dueDate, timeZone),
    timeZone,
    start: startField(input.startDate, timeZone),
    duration: input.duration,
    estimate: input.estimate,
    labels: input.labels,
    series: series || null,
    completedAt: done ? now : null,
    createdAt: now,
    updatedAt: now,
    version: 1,
    pendingSince: done && series ? now : null,
  };
}

/**
 * @throws AppError `validation_failed` for a place that the caller does not have, or without its date;
 *   `limit_reached` where there is no room for another task, or for new labels
 */
export async function createTask(caller: Caller, input: TaskCreate): Promise<Versioned<Task>> {
  await requireTaskRoom(caller);
  const record = await newTask(caller, input);
  const task = await insertTask({ ...record, labels: await ensureLabels(caller, record.labels) });
  if (task.parentId) await requireStanding(caller, task);
  if (task.pendingSince) {
    await continueSeries(task);
    await markSettled(task);
  }
  return versioned(task);
}

/** What `createTask` would answer, without doing it. */
export async function checkNewTask(caller: Caller, input: TaskCreate): Promise<Versioned<Task>> {
  return versioned(await newTask(caller, input));
}

export async function readTask(caller: Caller, id: string): Promise<Versioned<Task>> {
  return versioned(await findTask(caller, id));
}

/** What a change of the status brings with it. */
function statusChanges(task: ReadTask, status: string): Changes {
  if (status === task.status) return {};
  const updatedAt = new Date();
  return { status, completedAt: status === 'done' ? updatedAt : null, updatedAt };
}

/** A done occurrence is followed by the next, whether it is done now or recurs from now on. */
function followUp(task: ReadTask, status: string, series: SeriesRecord | null): Changes {
  const differs = status !== task.status || !isDeepStrictEqual(series, task.series ?? null);
  const follows = status === 'done' && series?.rule && !series.continued;
  return differs && follows ? { pendingSince: new Date() } : {};
}

/** The stored fields that a patch asks for. */
function changesOf(task: ReadTask, patch: TaskPatch): Changes {
  const { title = task.title, priority } = patch;
  const description = patched(patch.description, taskDefaults.description, task.description);
  const rewritten = title !== task.title || description !== task.description;
  const status = patched<string>(patch.status, taskDefaults.status, task.status);
  const schedule = scheduleChanges(task, patch);
  return {
    ...(rewritten && textFields(title, description)),
    ...statusChanges(task, status),
    ...followUp(task, status, schedule.series),
    ...(priority !== undefined && {
      priority: priorities.indexOf(priority ?? taskDefaults.priority),
    }),
    ...schedule,
    duration: patched(patch.duration, null, task.duration ?? null),
    estimate: patched(patch.estimate, null, task.estimate ?? null),
  };
}

/**
 * Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is.
 * @throws AppError `precondition_failed` where the preconditions do not allow the current version;
 *   `limit_reached` where there is no room for new labels
 */
export async function updateTask(
  caller: Caller,
  id: string,
  patch: TaskPatch,
  preconditions: Preconditions,
): Promise<Versioned<Task>> {
  const { before, after } = await changeTask(caller, id, preconditions, async (task) => ({
    ...changesOf(task, patch),
    ...(await reminderChanges(caller, task, patch)),
    ...(await labelChanges(caller, task, patch.labels)),
  }));
  if (after.pendingSince) await continueSeries(after);
  // What else has to follow is left to whoever has marked it.
  if (!before.pendingSince) await markSettled(after);
  return versioned(after);
}

/** What `updateTask` would answer, without doing it. */
export async function checkChange(
  caller: Caller,
  id: string,
  patch: TaskPatch,
  preconditions: Preconditions,
): Promise<Versioned<Task>> {
  const task = await findTask(caller, id);
  requireVersion(preconditions, String(task.version));
  const labels = patch.labels === undefined ? {} : { labels: patch.labels ?? taskDefaults.labels };
  return versioned(foreseen(task, { ...changesOf(task, patch), ...labels }));
}
