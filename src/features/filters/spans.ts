import { dayInMilliseconds, instantAt, today, wallClockAt, wallClockOf } from '../../local-time.ts';
import { formOf } from '../tasks/task-dates.ts';
import type { Moment, Unit } from './expression.ts';

/** One point in milliseconds: what clocks show there, as if in UTC, and the instant that it is. */
export interface Point {
  readonly wall: number;
  readonly instant: number;
}

/** From one point up to another, which is the first beyond. */
export interface Span {
  readonly from: Point;
  readonly to: Point;
}

/** Where and when a filter is read: `today` depends on both. */
export interface Clock {
  readonly timeZone: string;
  readonly now: Date;
}

const hour = 3_600_000;

function pointAt(wall: number, timeZone: string): Point {
  return { wall, instant: instantAt(wall, timeZone) };
}

/** @param wall the first moment of a day */
function wholeDay(wall: number, timeZone: string): Span {
  return { from: pointAt(wall, timeZone), to: pointAt(wall + dayInMilliseconds, timeZone) };
}

/** What is stored has no more than milliseconds: the next one is the first beyond. */
function millisecond(from: Point): Span {
  return { from, to: { wall: from.wall + 1, instant: from.instant + 1 } };
}

function spanOfInstant(instant: number, timeZone: string): Span {
  return millisecond({ wall: wallClockAt(instant, timeZone), instant });
}

/** The day so many days, weeks, months or years after another; the 31st becomes the month's last. */
function shifted(wall: number, amount: number, unit: Exclude<Unit, 'h'>): number {
  if (unit === 'd' || unit === 'w')
    return wall + amount * (unit === 'd' ? 1 : 7) * dayInMilliseconds;
  const date = new Date(wall);
  const month = date.getUTCMonth() + amount * (unit === 'm' ? 1 : 12);
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  return Date.UTC(date.getUTCFullYear(), month, Math.min(date.getUTCDate(), lastDay));
}

/** What a moment of a filter covers: a date its whole day, anything else a millisecond. */
export function spanOf(moment: Moment, { timeZone, now }: Clock): Span {
  if (moment.kind === 'offset') {
    const { amount, unit } = moment;
    if (unit === 'h') return spanOfInstant(now.getTime() + amount * hour, timeZone);
    return wholeDay(shifted(wallClockOf(today(timeZone, now)), amount, unit), timeZone);
  }
  const { text } = moment;
  switch (formOf(text)) {
    case 'date':
      return wholeDay(wallClockOf(text), timeZone);
    case 'local':
      return millisecond(pointAt(wallClockOf(text), timeZone));
    default:
      return spanOfInstant(Date.parse(text), timeZone);
  }
}
