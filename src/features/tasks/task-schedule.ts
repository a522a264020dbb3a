import { AppError } from '../../errors.ts';
import { newId } from '../../database/new-id.ts';
import { startViolation } from '../recurrence/start-violation.ts';
import { formOf, placed } from './task-dates.ts';
import { noDeadline, type SeriesRecord } from './tasks.model.ts';
import { type TaskPatch, taskDefaults } from './tasks.schemas.ts';
import { showDue } from './tasks.show.ts';
import type { Changes, ReadTask } from './tasks.store.ts';

/** What a patch asks for: null is the member's default, undefined is what it was. */
export function patched<T>(asked: T | null | undefined, cleared: T, current: T): T {
  if (asked === undefined) return current;
  return asked === null ? cleared : asked;
}

/** What a task's due date looks like in its record. */
export function dueFields(text: string | null, timeZone: string | null) {
  if (text === null) return { deadline: noDeadline, allDay: false, floating: null, due: null };
  const { at, allDay, floating } = placed(text, timeZone);
  return {
    deadline: at,
    allDay,
    floating: floating || null,
    due: formOf(text) === 'local' ? text : null,
  };
}

export function startField(text: string | null, timeZone: string | null) {
  return text === null ? null : { text, ...placed(text, timeZone) };
}

interface Rule {
  readonly rule: string;
  readonly anchor: string;
  /** Of the series that it belongs to. */
  readonly id?: SeriesRecord['id'];
}

/**
 * A series that begins with this occurrence.
 * @throws AppError `validation_failed` without a due date to begin with, or one that the rule cannot begin with
 */
export function newSeries(
  { rule, anchor, id }: Rule,
  due: string | null,
  timeZone: string | null,
): SeriesRecord {
  const refused = (code: string, message: string) =>
    AppError.violations([{ path: 'body.recurrence', code, message }]);
  if (due === null) {
    throw refused('due_date_missing', 'needs a dueDate, which is its first occurrence');
  }
  const violation = startViolation(rule, due, timeZone ?? undefined);
  if (violation !== undefined) throw refused('does_not_fit', violation);
  return { id: id ?? newId(), rule, anchor, start: due, occurrence: due, number: 1 };
}

/** The history of a series stays together when it ends. */
function ended({ id, anchor, start, occurrence, number, continued }: SeriesRecord): SeriesRecord {
  return { id, anchor, start, occurrence, number, ...(continued && { continued }) };
}

/**
 * Another time zone would be another series where it tells when the occurrences are.
 * @throws AppError `validation_failed`
 */
function requireSameTimes({ rule, start }: SeriesRecord, timeZone: string | null): void {
  const form = formOf(start);
  const violation =
    form === 'instant'
      ? 'would give the series other times: send recurrence too, and the series begins anew'
      : form === 'local' && rule && startViolation(rule, start, timeZone ?? undefined);
  if (!violation) return;
  throw AppError.violations([{ path: 'body.timeZone', code: 'does_not_fit', message: violation }]);
}

/** What a patch has made of a task's due date and its time zone. */
interface Times {
  readonly due: string | null;
  readonly timeZone: string | null;
}

/**
 * The series after a patch. A change of the due date alone moves this occurrence; together with the rule,
 * the series begins anew, as it does with another rule or another anchor.
 * @throws AppError `validation_failed`
 */
function seriesAfter(task: ReadTask, patch: TaskPatch, { due, timeZone }: Times) {
  const series = task.series ?? null;
  const { recurrence, recurrenceAnchor } = patch;
  if (recurrence === null) return series && ended(series);
  const rule = recurrence ?? series?.rule;
  if (!rule) return series;
  if (due === null && recurrence === undefined) {
    const message = 'must not be null while the task recurs: send recurrence null too';
    throw AppError.violations([{ path: 'body.dueDate', code: 'due_date_missing', message }]);
  }
  const anchor = patched<string>(
    recurrenceAnchor,
    taskDefaults.recurrenceAnchor,
    series?.anchor ?? taskDefaults.recurrenceAnchor,
  );
  const sameZone = timeZone === (task.timeZone ?? null);
  const sameTimes = due === showDue(task) && sameZone;
  if (series?.rule === rule && series.anchor === anchor) {
    if (recurrence === undefined && !sameZone && !series.continued) {
      requireSameTimes(series, timeZone);
    }
    if (recurrence === undefined || sameTimes) return series;
  }
  // Where another task carries the series on, this one begins a series of its own.
  const own = series && !series.continued ? { id: series.id } : {};
  return newSeries({ rule, anchor, ...own }, due, timeZone);
}

/** What a patch changes of a task's dates. */
export function scheduleChanges(
  task: ReadTask,
  patch: TaskPatch,
): Changes & { series: SeriesRecord | null } {
  const timeZone = patched(patch.timeZone, null, task.timeZone ?? null);
  const due = patched(patch.dueDate, null, showDue(task));
  const start = patched(patch.startDate, null, task.start?.text ?? null);
  const moved = patch.dueDate !== undefined || patch.timeZone !== undefined;
  return {
    timeZone,
    ...(moved && dueFields(due, timeZone)),
    start: startField(start, timeZone),
    series: seriesAfter(task, patch, { due, timeZone }),
  };
}
