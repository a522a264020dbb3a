import { remindAtOf, remindersFor } from '../reminders/reminder-times.ts';
import { dueFields, startField } from '../tasks/task-schedule.ts';
import type { SeriesRecord } from '../tasks/tasks.model.ts';
import { showDue } from '../tasks/tasks.show.ts';
import type { ReadTask } from '../tasks/tasks.store.ts';
import type { Course, Occurrence } from './coming.ts';
import { type Shift, shifted } from './shift.ts';

/** Where the series of a task stands; undefined for a task that does not recur. */
export function courseOf(task: ReadTask, ownersZone: string): Course | undefined {
  const { series } = task;
  const due = showDue(task);
  if (!series?.rule || due === null) return undefined;
  const timeZone = task.timeZone ?? undefined;
  return {
    series: { ...series, rule: series.rule },
    due,
    timeZone,
    ownZone: timeZone ?? ownersZone,
  };
}

/** What is yet to come of the occurrences that were left out or moved. */
export function seriesAt({ series }: Course, { occurrence }: Occurrence): SeriesRecord {
  const { excluded, moved, continued: _, ...kept } = series;
  const stillExcluded = excluded?.filter((date) => date > occurrence) ?? [];
  const stillMoved = moved?.filter((one) => one.occurrence > occurrence) ?? [];
  return {
    ...kept,
    occurrence,
    number: series.number + 1,
    ...(stillExcluded.length > 0 && { excluded: stillExcluded }),
    ...(stillMoved.length > 0 && { moved: stillMoved }),
  };
}

/** When work may begin and when reminders fire, once the task is due at another time. */
export function datesAt(
  task: ReadTask,
  due: string | null,
  { shift, ownersZone }: { shift: Shift; ownersZone: string },
) {
  const timeZone = task.timeZone ?? null;
  const start = task.start && shifted(task.start.text, shift, timeZone ?? 'UTC');
  const reminders =
    task.reminders && due !== null
      ? remindersFor(task.reminders, { text: due, timeZone: timeZone ?? ownersZone })
      : null;
  return {
    ...dueFields(due, timeZone),
    start: startField(start ?? null, timeZone),
    reminders,
    remindAt: reminders && remindAtOf(reminders),
  };
}
