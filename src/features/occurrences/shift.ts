import {
  dayInMilliseconds,
  instantAt,
  localTimeOf,
  wallClockAt,
  wallClockOf,
} from '../../local-time.ts';
import { type DateForm, formOf } from '../tasks/task-dates.ts';

/** How far a due date has moved by the clock on the wall, in milliseconds. */
export interface Shift {
  /** Whole days, for what is or was only a date. */
  readonly days: number;
  /** With the time of the day, where both due dates have one. */
  readonly exact: number;
}

/** Due dates are of the years 1900 to 9998. */
const [earliest, latest] = [Date.UTC(1900, 0, 1), Date.UTC(9999, 0, 1)];

function wallClock(text: string, timeZone: string): number {
  return formOf(text) === 'instant' ? wallClockAt(Date.parse(text), timeZone) : wallClockOf(text);
}

function textAt(moment: number, form: DateForm, timeZone: string): string {
  if (form === 'instant') return new Date(instantAt(moment, timeZone)).toISOString();
  return form === 'date' ? localTimeOf(moment).slice(0, 10) : localTimeOf(moment);
}

/** @param timeZone where the clocks of instants are read */
export function shiftBetween(from: string, to: string, timeZone: string): Shift {
  const [start, end] = [wallClock(from, timeZone), wallClock(to, timeZone)];
  const startOfDay = (moment: number) => Math.floor(moment / dayInMilliseconds) * dayInMilliseconds;
  const days = startOfDay(end) - startOfDay(start);
  const timed = formOf(from) !== 'date' && formOf(to) !== 'date';
  return { days, exact: timed ? end - start : days };
}

/** A date as far from another due date as it was from this one; null outside of the calendar. */
export function shifted(text: string, { days, exact }: Shift, timeZone: string): string | null {
  const form = formOf(text);
  const moment = wallClock(text, timeZone) + (form === 'date' ? days : exact);
  return moment >= earliest && moment < latest ? textAt(moment, form, timeZone) : null;
}
