import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import { courseOf, datesAt, seriesAt } from '../occurrences/another-time.ts';
import { nextOf } from '../occurrences/coming.ts';
import { type Shift, shiftBetween, shifted } from '../occurrences/shift.ts';
import { timeZoneOf } from '../users/users.service.ts';
import { textFields } from './task-texts.ts';
import type { SeriesRecord, TaskRecord } from './tasks.model.ts';
import { maximumLevels, taskDefaults } from './tasks.schemas.ts';
import { showDue } from './tasks.show.ts';
import { findTasks, insertMissing, markContinued, type ReadTask } from './tasks.store.ts';

/** The same for every repetition; the time in front remains, as it does in `newId`. */
function derivedId(seed: Types.ObjectId, ...parts: string[]): Types.ObjectId {
  const rest = createHash('sha256').update(seed.id);
  for (const part of parts) rest.update(`\0${part}`);
  return new Types.ObjectId(Buffer.concat([seed.id.subarray(0, 4), rest.digest().subarray(0, 8)]));
}

/** Another time that a task is to be done. */
interface Repetition {
  readonly _id: Types.ObjectId;
  readonly parentId: Types.ObjectId | null;
  readonly due: string | null;
  readonly series: SeriesRecord | null;
}

/** How all dates of a task and its subtasks move on. */
interface Move {
  readonly shift: Shift;
  readonly ownersZone: string;
}

/** A task as it was before anybody began with it; reminders at a moment of their own do not return. */
function renewed(task: ReadTask, { due, ...repetition }: Repetition, move: Move): TaskRecord {
  const reminders = task.reminders
    ?.filter(({ before }) => before)
    .map((reminder) => ({ ...reminder, _id: new Types.ObjectId() }));
  const now = new Date();
  return {
    ...repetition,
    ownerId: task.ownerId ?? null,
    projectId: task.projectId,
    sectionId: task.sectionId ?? null,
    rank: task.rank,
    ...textFields(task.title, task.description),
    status: taskDefaults.status,
    priority: task.priority,
    ...datesAt({ ...task, reminders: reminders?.length ? reminders : null }, due, move),
    timeZone: task.timeZone ?? null,
    duration: task.duration ?? null,
    estimate: task.estimate ?? null,
    labels: task.labels,
    labelledAt: task.labelledAt ?? task.createdAt,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

/** A subtask that recurs in itself begins a series of its own below each occurrence. */
function renewedSeries(
  { series }: ReadTask,
  due: string | null,
  root: Types.ObjectId,
): SeriesRecord | null {
  if (!series?.rule || due === null) return null;
  const { id, rule, anchor } = series;
  const own = derivedId(id, root.toHexString());
  return { id: own, rule, anchor, start: due, occurrence: due, number: 1 };
}

/** All that stands below a task comes again below another, but for what its own series have left behind. */
async function renewSubtasks(task: ReadTask, root: Types.ObjectId, move: Move): Promise<void> {
  const { ownerId } = task;
  const idOf = ({ _id }: Pick<ReadTask, '_id'>) => derivedId(_id, root.toHexString());
  let parents = new Map([[task._id.toHexString(), root]]);
  for (let level = 1; level < maximumLevels && parents.size > 0; level += 1) {
    const ids = [...parents.keys()].map((id) => new Types.ObjectId(id));
    const found = await findTasks({ ownerId, parentId: { $in: ids } });
    const subtasks = found.filter(({ series }) => !series?.continued);
    await insertMissing(
      subtasks.map((subtask) => {
        const parentId = parents.get(String(subtask.parentId)) ?? root;
        const shown = showDue(subtask);
        const due = shown && shifted(shown, move.shift, subtask.timeZone ?? 'UTC');
        const series = renewedSeries(subtask, due, root);
        return renewed(subtask, { _id: idOf(subtask), parentId, due, series }, move);
      }),
    );
    parents = new Map(subtasks.map((subtask) => [subtask._id.toHexString(), idOf(subtask)]));
  }
}

/**
 * Opens the next occurrence of a recurring task that is done, once: a repetition, at any time and by
 * whomever, comes to the same ids and leaves what it finds.
 */
export async function continueSeries(task: ReadTask): Promise<void> {
  const { status, completedAt, ownerId, series } = task;
  if (status !== 'done' || !completedAt || !ownerId || !series?.rule || series.continued) return;
  const ownersZone = await timeZoneOf({ userId: ownerId.toHexString() });
  const course = ownersZone === undefined ? undefined : courseOf(task, ownersZone);
  const next = course && nextOf(course, completedAt);
  if (ownersZone === undefined || !course || !next) return;
  const { id, rule, anchor, start } = series;
  // Whoever lets a done task recur in another way begins another series.
  const _id = derivedId(task._id, id.toHexString(), rule, anchor, start);
  const shift = shiftBetween(course.due, next.due, course.timeZone ?? 'UTC');
  const move = { shift, ownersZone };
  const parentId = task.parentId ?? null;
  const repetition = { _id, parentId, due: next.due, series: seriesAt(course, next) };
  await insertMissing([renewed(task, repetition, move)]);
  await renewSubtasks(task, _id, move);
  await markContinued(task);
}
