import type { Caller } from '../../contract/endpoint.ts';
import { afterCursor, type SortField, toPage } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions, Versioned } from '../../versions.ts';
import { dateInput, formOf } from '../tasks/task-dates.ts';
import { reminderChanges } from '../reminders/reminder-changes.service.ts';
import { scheduleChanges } from '../tasks/task-schedule.ts';
import type { SeriesRecord } from '../tasks/tasks.model.ts';
import { changeTask, findTask, type ReadTask } from '../tasks/tasks.store.ts';
import { timeZoneOf } from '../users/users.service.ts';
import { courseOf } from './another-time.ts';
import { comingOf, type Course, isOccurrence } from './coming.ts';
import { leaveOut, moveComing, skipOpen } from './exceptions.ts';
import type { OccurrenceQuery, ShownOccurrence } from './occurrences.contract.ts';

/** Where an occurrence stands in the paths. */
interface OccurrencePath {
  /** The task's. */
  readonly id: string;
  readonly occurrenceDate: string;
}

const order: SortField[] = [{ field: 'occurrenceDate', direction: 1, type: 'string' }];

async function zoneOf(caller: Caller): Promise<string> {
  return (await timeZoneOf(caller)) ?? 'UTC';
}

/** A task that is done, or that another one has followed, has no occurrences to come. */
function openCourse(task: ReadTask, ownersZone: string): Course | undefined {
  const carriesOn = task.status !== 'done' && !task.series?.continued;
  return carriesOn ? courseOf(task, ownersZone) : undefined;
}

/** A date in the form in which a series has its occurrences; undefined for any other text. */
function dateIn({ start }: Pick<SeriesRecord, 'start'>, text: string): string | undefined {
  const { data } = dateInput.safeParse(text);
  return data !== undefined && formOf(data) === formOf(start) ? data : undefined;
}

/** The occurrence behind which a cursor stands. */
function lastSeen(series: SeriesRecord, cursor: string, filter: object): string {
  // Of the condition for a database, the bound alone is needed.
  const condition = afterCursor(cursor, filter, order) as { occurrenceDate: { $gte: string } };
  const date = dateIn(series, condition.occurrenceDate.$gte);
  if (date !== undefined) return date;
  const message = 'is not a cursor: send nextCursor as it was received';
  throw AppError.violations([{ path: 'query.cursor', code: 'invalid_cursor', message }]);
}

/**
 * A page of the occurrences that are to come.
 * @throws AppError `not_found`
 */
export async function listOccurrences(
  caller: Caller,
  id: string,
  { limit, cursor }: OccurrenceQuery,
) {
  const task = await findTask(caller, id);
  const course = openCourse(task, await zoneOf(caller));
  const filter = { occurrencesOf: id };
  if (!course) {
    if (cursor !== undefined) afterCursor(cursor, filter, order);
    return { data: [], nextCursor: null };
  }
  const after = cursor === undefined ? undefined : lastSeen(course.series, cursor, filter);
  const coming = comingOf(course, { after, count: limit + 1, now: new Date() });
  const found = coming.map(({ occurrence, due }) => ({
    _id: task._id,
    occurrenceDate: occurrence,
    dueDate: due,
  }));
  return toPage(found, { limit, filter, order }, ({ occurrenceDate, dueDate }) => ({
    occurrenceDate,
    dueDate,
  }));
}

/** @throws AppError `not_found` for a date that the task never has */
function requireOccurrence(course: Course | undefined, text: string): [Course, string] {
  const date = course && dateIn(course.series, text);
  if (!course || date === undefined || date < course.series.occurrence) {
    throw new AppError('not_found');
  }
  const { occurrence, anchor } = course.series;
  if (date === occurrence) return [course, date];
  if (anchor === 'completion') {
    const message =
      'must be the open occurrence: those to come follow from when each is done, and are not certain yet';
    throw AppError.violations([{ path: 'path.occurrenceDate', code: 'estimated', message }]);
  }
  if (!isOccurrence(course, date)) throw new AppError('not_found');
  return [course, date];
}

/**
 * Leaves one occurrence out; may be repeated.
 * @throws AppError `not_found`, `precondition_failed`, `limit_reached`, or `validation_failed` for the last
 *   occurrence, and for one that is only an estimate
 */
export async function skipOccurrence(
  caller: Caller,
  { id, occurrenceDate }: OccurrencePath,
  preconditions: Preconditions,
): Promise<void> {
  const ownersZone = await zoneOf(caller);
  await changeTask(caller, id, preconditions, (task) => {
    const { series } = task;
    const named = series?.rule && dateIn(series, occurrenceDate);
    if (named && series.excluded?.includes(named)) return {};
    const [course, date] = requireOccurrence(openCourse(task, ownersZone), occurrenceDate);
    return date === course.series.occurrence
      ? skipOpen(task, course, ownersZone)
      : leaveOut(course, date);
  });
}

/**
 * Gives one occurrence another due date.
 * @returns the occurrence, with the version of its task
 * @throws AppError `not_found`, `precondition_failed`, `limit_reached`, or `validation_failed` for an
 *   occurrence that is only an estimate
 */
export async function moveOccurrence(
  caller: Caller,
  { id, occurrenceDate }: OccurrencePath,
  dueDate: string,
  preconditions: Preconditions,
): Promise<Versioned<ShownOccurrence>> {
  const ownersZone = await zoneOf(caller);
  let named = occurrenceDate;
  const { after } = await changeTask(caller, id, preconditions, async (task) => {
    const [course, date] = requireOccurrence(openCourse(task, ownersZone), occurrenceDate);
    named = date;
    if (date !== course.series.occurrence) return moveComing(course, date, dueDate);
    const reminders = await reminderChanges(caller, task, { dueDate });
    return { ...scheduleChanges(task, { dueDate }), ...reminders };
  });
  return { value: { occurrenceDate: named, dueDate }, version: String(after.version) };
}
