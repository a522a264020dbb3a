import * as z from 'zod';
import { instantOf } from '../../local-time.ts';

/** A day, a time of the clock on the wall, or a moment: the form in which a date is given and shown. */
export type DateForm = 'date' | 'local' | 'instant';

const dayInMilliseconds = 86_400_000;

/** From 1900 on, so that every date has four digits and sorts before "no due date". */
function inRange(date: string): boolean {
  const year = Number(date.slice(0, 4));
  return year >= 1900 && year <= 9998;
}

/** By the year that is written: an offset that moves an instant over New Year is not told. */
export const rangePattern = '^(?!9999)(?:19|[2-9][0-9])';
const rangeMessage = 'must be from 1900 to 9998';
const formatMessage =
  'must be a date (2026-12-01), a local time (2026-12-01T09:30:00) or an instant (2026-12-01T09:30:00Z)';

export function formOf(text: string): DateForm {
  if (text.length === 10) return 'date';
  return text.endsWith('Z') ? 'instant' : 'local';
}

const canonicalInstant = /^[^.]{19}\.\d{3}Z$/;

/** In the one way of writing each form: seconds for a local time, UTC and milliseconds for an instant. */
function normalised(text: string): string {
  if (text.length === 10 || canonicalInstant.test(text)) return text;
  const isLocal = !/(?:Z|[+-]\d\d:?\d\d)$/.test(text);
  return isLocal ? text.slice(0, 16) + (text.slice(16, 19) || ':00') : new Date(text).toISOString();
}

const dateTime = z.regexes.datetime({ offset: true, local: true });

/** A date as a caller writes it, in the form in which it is kept. One check, where a union would try each form. */
export const dateInput = z
  .string()
  .check((payload) => {
    const { value, issues } = payload;
    if (!(value.length === 10 ? z.regexes.date : dateTime).test(value)) {
      issues.push({
        code: 'invalid_format',
        format: 'datetime',
        message: formatMessage,
        input: value,
      });
      return;
    }
    payload.value = normalised(value);
    if (!inRange(payload.value)) {
      issues.push({ code: 'custom', message: rangeMessage, input: value });
    }
  })
  .meta({
    anyOf: [{ format: 'date' }, { pattern: dateTime.source }],
    pattern: rangePattern,
    description:
      'A date; a local time, which is that of the time zone of the task or wherever you are; or an instant with its offset.',
    example: '2026-12-01',
  });

/** A date as it is shown. */
export const dateShown = z.union([
  z.iso.date(),
  z.iso.datetime({ local: true, precision: 0 }),
  z.iso.datetime({ precision: 3 }),
]);

/** Where a date stands among others, as it is stored. */
export interface Placed {
  /**
   * The moment; of a date its last millisecond, of a time without a zone what the clock shows, both
   * as if they were in UTC.
   */
  readonly at: Date;
  readonly allDay: boolean;
  /** Whether it is the same time of the clock wherever its owner goes. */
  readonly floating: boolean;
}

/** @param timeZone where a local time is meant; without one, it floats */
export function placed(text: string, timeZone: string | null): Placed {
  const form = formOf(text);
  if (form === 'date') {
    return {
      at: new Date(Date.parse(text) + dayInMilliseconds - 1),
      allDay: true,
      floating: false,
    };
  }
  if (form === 'instant') return { at: new Date(text), allDay: false, floating: false };
  if (timeZone !== null) return { at: instantOf(text, timeZone), allDay: false, floating: false };
  return { at: new Date(`${text}Z`), allDay: false, floating: true };
}

/** The first and the last moment that a bound of a filter means: a date is its whole day. */
export interface DueBound {
  readonly start: Date;
  readonly end: Date;
}

/** A bound of a filter as a caller writes it. */
export const dueBoundSchema = z
  .union(
    [z.iso.date(), z.iso.datetime({ offset: true })],
    'must be a date (2026-12-01) or an instant (2026-12-01T09:30:00Z)',
  )
  .refine(inRange, rangeMessage)
  .transform((value): DueBound => {
    if (value.length > 10) return { start: new Date(value), end: new Date(value) };
    return { start: new Date(value), end: placed(value, null).at };
  })
  .meta({ pattern: rangePattern });
