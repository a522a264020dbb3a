import type { ParsedResult } from 'chrono-node';
import { addDays, localOf } from '../../local-time.ts';
import { monthPattern, weekdayPattern } from './calendar-words.ts';
import { clock, type DateWords, type Moment, readPlainDate, twoDigits } from './plain-dates.ts';

/** Words that only lead to a date go with it. */
const leading = /(?<=^|\s)(?:due (?:on |by |at )?|on |by |at |from |@ ?)$/i;
const partsOfDay: [RegExp, number][] = [
  [/morning/i, 9],
  [/afternoon/i, 15],
  [/evening|tonight/i, 19],
];

function dateOf({ start }: ParsedResult): string {
  const [year, month, day] = (['year', 'month', 'day'] as const).map((part) => start.get(part));
  return `${year}-${twoDigits(month ?? 1)}-${twoDigits(day ?? 1)}`;
}

function timeOf({ start, text }: ParsedResult): string | undefined {
  if (start.isCertain('hour')) return clock(start.get('hour') ?? 0, start.get('minute') ?? 0);
  const part = partsOfDay.find(([pattern]) => pattern.test(text));
  if (part) return clock(part[1], 0);
  return /\b(?:noon|midday)\b/i.test(text) ? clock(12, 0) : undefined;
}

function minutesOf({ start, end }: ParsedResult): number | undefined {
  if (!end?.isCertain('hour') || !start.isCertain('hour')) return undefined;
  const [from, to] = [start, end].map((at) => (at.get('hour') ?? 0) * 60 + (at.get('minute') ?? 0));
  return ((to ?? 0) - (from ?? 0) + 1440) % 1440;
}

const bareWeekday = new RegExp(`^${weekdayPattern}$`, 'i');
const clearTime = /\d ?[ap]\.?m|^(?:\d\d|.*\D\d\d):\d\d|noon|midday|midnight/i;

/** Whether this is meant as a time, where no date says so: "John 3:16" and "at 5" need not be. */
function isClearTime(text: string, led: boolean): boolean {
  return clearTime.test(text) || (led && /\d:\d\d/.test(text));
}

/** Verbs and things that a weekday's short form may be as well; the last two also at the end of a text. */
const shortWeekday = /^(?:mon|wed|(?<noun>sat|sun))$/i;
const bareNumbers = /^\d{1,2}[/.-]\d{1,2}\.?$/;
/** A quantity, unless the unit is that of a clock or a calendar: "5 minutes", and "3 pm" or "24 Dec". */
const quantity = new RegExp(`^\\d[\\d.]* ?(?!(?:am|pm|${monthPattern})\\b)[a-z]+$`, 'i');
const vague = /^(?:now|this (?:week|month|year|quarter))$|^(?:last|past|previous)\b/i;

/** Numbers, names and verbs that look like dates, and stretches that are no day. */
function isDoubtful(text: string, led: boolean, isLast: boolean): boolean {
  const short = shortWeekday.exec(text);
  if (short) return !led && !(isLast && short.groups?.['noun'] === undefined);
  if (bareNumbers.test(text)) return !led;
  return vague.test(text) || quantity.test(text);
}

/** The Monday after, the first of the next month or year: what planning for then begins with. */
function beginningOf(text: string, today: string): string | undefined {
  const [year = 0, month = 0] = today.split('-').map(Number);
  const weekday = (new Date(today).getUTCDay() + 6) % 7;
  switch (text.toLowerCase().replace(/^(?:on|by|at) /, '')) {
    case 'next week':
      return addDays(today, 7 - weekday);
    case 'next month':
      return month === 12 ? `${year + 1}-01-01` : `${year}-${twoDigits(month + 1)}-01`;
    case 'next year':
      return `${year + 1}-01-01`;
    default:
      return undefined;
  }
}

/** Whether a day of the calendar is meant, as opposed to a month or the hour alone. */
function namesDay({ start, text }: ParsedResult): boolean {
  return (
    start.isCertain('day') ||
    start.isCertain('weekday') ||
    bareWeekday.test(text) ||
    /\b(?:week|month|year|weekend)s?\b/i.test(text) ||
    new RegExp(`\\b${weekdayPattern}\\b`, 'i').test(text)
  );
}

function toWords(found: ParsedResult, rest: string, today: string): DateWords | undefined {
  const before = leading.exec(rest.slice(0, found.index))?.[0] ?? '';
  const text = found.text.replace(/[\s,]+$/, '');
  const own = /^(?:on|by|at|due|from|in|next|this) /i.test(text);
  const led = before !== '' || own;
  const isLast = /^[\s.!?\uE000]*$/.test(rest.slice(found.index + text.length));
  if (isDoubtful(text, led, isLast)) return undefined;
  const time = timeOf(found);
  const place = { position: found.index - before.length, length: before.length + text.length };
  const lasting = minutesOf(found);
  if (found.end && lasting === undefined) return undefined;
  const timed = { ...(time && { time }), ...(lasting && { lasting }) };
  if (!namesDay(found)) {
    if (!time || found.start.isCertain('month') || !isClearTime(text, led)) return undefined;
    return { ...place, ...timed };
  }
  const date = beginningOf(text, today) ?? dateOf(found);
  // "Monday" on a Monday is not today, for which people have a word.
  const isToday = date === today && new RegExp(`^(?:on |by )?${weekdayPattern}\\b`, 'i').test(text);
  if (date < today) return undefined;
  return { ...place, date: isToday ? addDays(date, 7) : date, ...timed };
}

/** A month without a day, which chrono would join with a time that stands by: "Call May at 3pm". */
const bareMonth = new RegExp(
  `(?<!\\d(?:st|nd|rd|th)?(?: of)? )\\b${monthPattern}\\b(?!\\.? ?\\d)`,
  'gi',
);

/**
 * Reads the dates and times in a text, in order, by the calendar and the clock of the caller's zone. Only
 * what is clearly meant so: months alone, numbers and days that have passed are left.
 */
export async function readDates(rest: string, moment: Moment): Promise<DateWords[]> {
  const { casual } = await import('chrono-node/en');
  const own = readPlainDate(rest, moment);
  const left = own
    ? rest.slice(0, own.position) +
      '\uE000'.repeat(own.length) +
      rest.slice(own.position + own.length)
    : rest;
  const today = localOf(moment.now, moment.timeZone).slice(0, 10);
  // At noon no clock is set forward or back, in whatever zone this process runs.
  const reference = { instant: new Date(`${today}T12:00:00Z`), timezone: 0 };
  const readable = left.replace(bareMonth, (month) => '\uE000'.repeat(month.length));
  const found = casual
    .parse(readable, reference, { forwardDate: true })
    .flatMap((result) => toWords(result, left, today) ?? []);
  return [...(own ? [own] : []), ...found].toSorted((a, b) => a.position - b.position);
}
