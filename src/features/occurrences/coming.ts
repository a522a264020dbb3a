import { addDays, instantOf, localOf, localTimeOf, today, wallClockOf } from '../../local-time.ts';
import { parseRule } from '../recurrence/parse-rule.ts';
import { nextOccurrence } from '../recurrence/next-occurrence.ts';
import { occurrencesAfter } from '../recurrence/recurrence.ts';
import { formOf } from '../tasks/task-dates.ts';
import type { SeriesRecord } from '../tasks/tasks.model.ts';

/** One of a series: when it is scheduled, and when it is due, which may have been moved. */
export interface Occurrence {
  readonly occurrence: string;
  readonly due: string;
}

/** A series that goes on, and the zones by which it does. */
export interface Course {
  readonly series: SeriesRecord & { rule: string };
  /** When the open occurrence is due. */
  readonly due: string;
  /** The task's own. */
  readonly timeZone: string | undefined;
  /** The same, or else where its owner is. */
  readonly ownZone: string;
}

/** The series as the recurrence engine takes it. */
function engineSeries({ series, timeZone }: Course) {
  const { rule, start, excluded } = series;
  return { rule, start, timeZone, excluded: excluded ?? undefined };
}

/** The occurrences of a series have one form, in which their texts are in the order of time. */
function movedOf({ series: { moved } }: Course): Occurrence[] {
  return (moved ?? []).toSorted((one, other) => (one.occurrence < other.occurrence ? -1 : 1));
}

function dueOf(course: Course, occurrence: string): Occurrence {
  const moved = movedOf(course).find((one) => one.occurrence === occurrence);
  return { occurrence, due: moved?.due ?? occurrence };
}

/** What the recurrence engine opens when the open occurrence is done at that moment. */
function nextByRule(course: Course, completedAt: Date): string | undefined {
  const { series, due, ownZone } = course;
  const { occurrence, number } = series;
  const completion = { completedAt, number, timeZone: ownZone, now: completedAt };
  const known = engineSeries(course);
  if (series.anchor !== 'completion') {
    return nextOccurrence({ ...known, anchor: 'due' }, { ...completion, occurrence });
  }
  // Moved ahead, the next counts from when it was done; days of the calendar do not come twice.
  const isAhead = formOf(due) === formOf(occurrence) && due < occurrence;
  const excluded = series.rule.includes(';BY') ? [occurrence] : undefined;
  return nextOccurrence(
    { ...known, excluded, anchor: 'completion' },
    { ...completion, occurrence: isAhead ? due : occurrence },
  );
}

/** The occurrences that their own day has passed, and that have been moved to one that has not. */
function postponed(course: Course, next: string | undefined, now: Date): Occurrence[] {
  const { series, ownZone } = course;
  const dayOf = (due: string) =>
    (formOf(due) === 'instant' ? localOf(new Date(due), ownZone) : due).slice(0, 10);
  return movedOf(course).filter(
    ({ occurrence, due }) =>
      occurrence > series.occurrence &&
      (next === undefined || occurrence < next) &&
      dayOf(due) >= today(ownZone, now),
  );
}

/**
 * What is to be done after the open occurrence, should that be done at this moment: those whose day has
 * passed by then are left out, with those that have been excluded.
 */
export function nextOf(course: Course, completedAt: Date): Occurrence | undefined {
  const next = nextByRule(course, completedAt);
  const [earlier] = postponed(course, next, completedAt);
  return earlier ?? (next === undefined ? undefined : dueOf(course, next));
}

/** The moment at which the open occurrence is due; of a day, its noon. */
function momentOf({ due, ownZone }: Course): Date {
  if (formOf(due) === 'instant') return new Date(due);
  return instantOf(formOf(due) === 'date' ? `${due}T12:00:00` : due, ownZone);
}

function later(one: Date, other: Date): Date {
  return one > other ? one : other;
}

/** What the open occurrence makes room for when it is skipped, which is no completion ahead of its time. */
export function nextAfterSkipping(course: Course, now: Date): Occurrence | undefined {
  return nextOf(course, course.series.anchor === 'due' ? now : later(now, momentOf(course)));
}

/** The rule for what is left of a series that begins anew with each completion. */
function ruleFor({ series: { rule, number } }: Course): string {
  const parsed = parseRule(rule);
  const count = parsed.ok ? parsed.rule.count : undefined;
  return count === undefined ? rule : rule.replace(/COUNT=\d+/, `COUNT=${count - number}`);
}

/** As if each were done on the day on which it is due. */
function estimates(course: Course, after: string | undefined, count: number, now: Date) {
  const first = nextByRule(course, later(now, momentOf(course)));
  if (first === undefined) return [];
  const series = { rule: ruleFor(course), start: first, timeZone: course.timeZone };
  return after !== undefined && after >= first
    ? occurrencesAfter(series, after, count)
    : [first, ...occurrencesAfter(series, first, count)].slice(0, count);
}

/**
 * The occurrences after the open one, in the order of their dates, as far as can be told now.
 * @param after only those after this one, which is in the form of the series
 */
export function comingOf(
  course: Course,
  { after, count, now }: { after?: string | undefined; count: number; now: Date },
): Occurrence[] {
  if (course.series.anchor === 'completion') {
    return estimates(course, after, count, now).map((date) => ({ occurrence: date, due: date }));
  }
  const next = nextByRule(course, now);
  const isAhead = (occurrence: string) => after === undefined || occurrence > after;
  const first = postponed(course, next, now).filter(({ occurrence }) => isAhead(occurrence));
  const series = engineSeries(course);
  const regular =
    next === undefined
      ? []
      : isAhead(next)
        ? [next, ...occurrencesAfter(series, next, count)]
        : occurrencesAfter(series, after ?? next, count);
  return [...first, ...regular.map((date) => dueOf(course, date))].slice(0, count);
}

function justBefore(date: string): string {
  const form = formOf(date);
  if (form === 'date') return addDays(date, -1);
  if (form === 'local') return localTimeOf(wallClockOf(date) - 1000);
  return new Date(Date.parse(date) - 1).toISOString();
}

/** Whether the rule yields this date, left out or not; it is in the form of the series. */
export function isOccurrence(course: Course, date: string): boolean {
  const { rule, start } = course.series;
  const series = { rule, start, timeZone: course.timeZone };
  return occurrencesAfter(series, justBefore(date), 1)[0] === date;
}
