import { addDays, instantAt, localOf, localTimeOf, wallClockOf } from '../../local-time.ts';
import { parseRule } from '../recurrence/parse-rule.ts';
import { matches } from '../recurrence/recurrence-set.ts';
import { readDates } from './date-words.ts';
import type { DateWords, Moment } from './plain-dates.ts';
import { durationOf, type Marks, readMarks } from './marks.ts';
import { Reading, type Understood } from './reading.ts';
import { readLimits, type SeriesLimits } from './recurrence-limits.ts';
import { readRecurrence } from './recurrence-words.ts';

export interface QuickAddOptions extends Moment {
  /** The language of the words. */
  language?: 'en';
}

export interface QuickAdd extends Marks {
  title: string;
  /** A date, or a local time in `timeZone`. */
  dueDate?: string;
  timeZone?: string;
  /** The value of an RRULE (RFC 5545). */
  recurrence?: string;
  recurrenceAnchor?: 'due' | 'completion';
  understood: Understood[];
}

type Due = Pick<DateWords, 'date' | 'time' | 'lasting'>;

/** One date and one time, written together or apart; the title keeps all others. */
function takeDue(reading: Reading, found: readonly DateWords[]): Due {
  const due: Due = {};
  for (const { position, length, ...words } of found) {
    const fits = (!words.date || !due.date) && (!words.time || !due.time);
    if (!fits) continue;
    Object.assign(due, words);
    const value = [words.date, words.time].filter(Boolean).join('T');
    reading.take('date', position, length, value);
  }
  return due;
}

/** A time alone is today's, or tomorrow's when it has passed. */
function dateOf({ date, time }: Due, { timeZone, now }: Moment): string | undefined {
  if (date !== undefined || time === undefined) return date;
  const local = localOf(now, timeZone);
  const today = local.slice(0, 10);
  return time > local.slice(11) ? today : addDays(today, 1);
}

/** The first day that the rule names: from `firstDay` on, or else from now on. */
function firstOf(
  { rule, firstDay }: { rule: string; firstDay: string | undefined },
  { time }: Due,
  { timeZone, now }: Moment,
): string | undefined {
  const parsed = parseRule(rule);
  if (!parsed.ok) throw new Error(`quick add has made a rule that is not valid: ${parsed.message}`);
  const local = localOf(now, timeZone);
  const today = local.slice(0, 10);
  const passed = time !== undefined && time <= local.slice(11);
  const from = wallClockOf(firstDay ?? (passed ? addDays(today, 1) : today));
  for (const moment of matches(parsed.rule, from, from)) {
    if (moment >= from) return localTimeOf(moment).slice(0, 10);
  }
  return undefined;
}

/** A rule with its end, in the form that its start asks for: UNTIL is in UTC where that is in a zone. */
function limited(
  rule: string,
  { count, lastDay, span }: SeriesLimits,
  { date, time }: Due,
  timeZone: string,
): string {
  const last = lastDay ?? (span && date ? addDays(date, span - 1) : undefined);
  if (count !== undefined) return `${rule};COUNT=${count}`;
  if (last === undefined) return rule;
  if (time === undefined) return `${rule};UNTIL=${last.replaceAll('-', '')}`;
  const end = localTimeOf(instantAt(wallClockOf(`${last}T23:59:59`), timeZone));
  return `${rule};UNTIL=${end.replace(/[-:]/g, '')}Z`;
}

/**
 * Reads a task out of one line of words, such as `Pay rent every 1st p1 #Home @bills tomorrow 9am`. What
 * is not understood for certain stays in the title, as does whatever is quoted or follows a backslash.
 * @throws AppError `validation_failed` when no title is left
 */
export async function parseQuickAdd(text: string, options: QuickAddOptions): Promise<QuickAdd> {
  const { timeZone } = options;
  const reading = new Reading(text);
  const { duration, ...marks } = readMarks(reading);
  const series = readRecurrence(reading);
  let limits: SeriesLimits = {};
  if (series) {
    const { position, length, rule } = series;
    reading.take('recurrence', position, length, rule);
    limits = await readLimits(reading, options);
  }
  const due = takeDue(reading, await readDates(reading.rest, options));
  const date =
    due.date ??
    (series
      ? firstOf({ rule: series.rule, firstDay: limits.firstDay }, due, options)
      : dateOf(due, options));
  const lasting = duration ?? durationOf(due.lasting ?? 0);
  const dueDate = date && (due.time ? `${date}T${due.time}` : date);
  return {
    title: reading.title(),
    ...(dueDate && { dueDate }),
    ...(due.time && { timeZone }),
    ...(series && {
      recurrence: limited(series.rule, limits, { ...due, ...(date && { date }) }, timeZone),
      recurrenceAnchor: series.anchor,
    }),
    ...marks,
    ...(lasting && { duration: lasting }),
    understood: reading.understood.toSorted((a, b) => a.position - b.position),
  };
}
