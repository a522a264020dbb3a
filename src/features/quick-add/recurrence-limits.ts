import { readDates } from './date-words.ts';
import type { DateWords, Moment } from './plain-dates.ts';
import type { Reading } from './reading.ts';

/** Where a series begins and ends. */
export interface SeriesLimits {
  firstDay?: string;
  lastDay?: string;
  count?: number;
  /** In days, from the first one on. */
  span?: number;
}

const starting = /(?<=^|\s)(?:starting|beginning|from)(?: on)? (?=\S)/i;
const until = /(?<=^|\s)(?:until|till?|through|ending)(?: on)? (?:the )?(?=\S)/i;
const times = /(?<=^|\s)(?:for )?(?<count>[1-9]\d{0,3}) times(?=$|[\s,;.!?)\uE000])/i;
const spans = /(?<=^|\s)for (?<count>[1-9]\d{0,2}) (?<unit>day|week)s?(?=$|[\s,;.!?)\uE000])/i;

/** The day right after these words, which are then read with it. */
async function readDay(
  reading: Reading,
  words: RegExp,
  moment: Moment,
): Promise<(DateWords & { date: string }) | undefined> {
  const found = words.exec(reading.rest);
  if (!found) return undefined;
  const at = found.index + found[0].length;
  const [day] = await readDates(`on ${reading.rest.slice(at)}`, moment);
  if (!day?.date || day.time || day.position > 0) return undefined;
  const length = found[0].length + day.length - 'on '.length;
  return { ...day, date: day.date, position: found.index, length };
}

/** Reads `starting …`, `until …`, `for 10 times` and `for 3 weeks`, which belong to a recurrence. */
export async function readLimits(reading: Reading, moment: Moment): Promise<SeriesLimits> {
  const limits: SeriesLimits = {};
  // The end first: "starting monday until friday" is not to be read as one stretch.
  const last = await readDay(reading, until, moment);
  if (last) {
    limits.lastDay = last.date;
    reading.take('recurrence', last.position, last.length, `UNTIL ${last.date}`);
  }
  const first = await readDay(reading, starting, moment);
  if (first) {
    limits.firstDay = first.date;
    reading.take('date', first.position, first.length, first.date);
  }
  if (last) return limits;
  const counted = times.exec(reading.rest);
  if (counted) {
    limits.count = Number(counted.groups?.['count']);
    reading.take('recurrence', counted.index, counted[0].length, `COUNT=${limits.count}`);
    return limits;
  }
  const span = spans.exec(reading.rest);
  if (span) {
    const { count, unit = '' } = span.groups ?? {};
    limits.span = Number(count) * (/^w/i.test(unit) ? 7 : 1);
    reading.take('recurrence', span.index, span[0].length, `${limits.span} days`);
  }
  return limits;
}
