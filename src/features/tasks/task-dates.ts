import * as z from 'zod';

/** When a task is due: by the end of a day, or at an instant. */
export interface Due {
  readonly deadline: Date;
  readonly allDay: boolean;
}

const dayInMilliseconds = 86_400_000;

/** From 1900 on, so that every date has four digits and sorts before "no due date". */
function inRange(date: string): boolean {
  const year = Number(date.slice(0, 4));
  return year >= 1900 && year <= 9998;
}

const rangeMessage = 'must be from 1900 to 9998';
const formatMessage = 'must be a date (2026-12-01) or an instant (2026-12-01T09:30:00Z)';

const written = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], formatMessage)
  .refine(inRange, rangeMessage);

/** A date-only deadline is the last millisecond of the day, in UTC. */
function toDue(value: string): Due {
  const allDay = value.length === 10;
  const time = Date.parse(value);
  return { deadline: new Date(allDay ? time + dayInMilliseconds - 1 : time), allDay };
}

/** A due date as a caller writes it. */
export const dueDateInput = written
  .transform(toDue)
  .meta({ description: 'A date, or an instant with its offset.', example: '2026-12-01' });

/** In the kind that was given. */
export function showDue({ deadline, allDay }: Due): string {
  const instant = deadline.toISOString();
  return allDay ? instant.slice(0, 10) : instant;
}

/** The first and the last moment that a bound of a filter means: a date is its whole day. */
export interface DueBound {
  readonly start: Date;
  readonly end: Date;
}

/** A bound of a filter as a caller writes it. */
export const dueBoundSchema = written.transform((value): DueBound => {
  const { deadline, allDay } = toDue(value);
  return { start: allDay ? new Date(value) : deadline, end: deadline };
});
