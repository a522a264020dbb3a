import { addDays, localOf, localTimeOf } from '../../local-time.ts';

/** A day, a time or both, as somebody has put it into words. */
export interface DateWords {
  /** `2026-12-01`; absent for a time alone. */
  date?: string;
  /** `09:00:00`. */
  time?: string;
  /** Minutes until the end of a stretch of time. */
  lasting?: number;
  position: number;
  length: number;
}

/** Where and when it is read. */
export interface Moment {
  timeZone: string;
  now: Date;
}

export const twoDigits = (number: number) => String(number).padStart(2, '0');
export const clock = (hour: number, minute: number) => `${twoDigits(hour)}:${twoDigits(minute)}:00`;

const elapsed =
  /(?<=^|\s)in (?:(?<half>half an hour)|(?<count>an?|\d{1,4}) ?(?<unit>min(?:ute)?s?|h(?:ou)?rs?))(?=$|[\s,;.!?)\uE000])/i;
const dayOfMonth =
  /(?<=^|\s)(?:on|by|due) (?:the )?(?<day>[12]?\d|3[01])(?:st|nd|rd|th)(?! of\b| [a-z]{3})(?=$|[\s,;.!?)\uE000])/i;
const dotted =
  /(?<=^|\s)(?:on |by |due )?(?<day>\d\d?)\.(?<month>\d\d?)\.(?<year>\d{4})?(?=$|[\s,;!?)\uE000])/i;
const afterTomorrow = /(?<=^|\s)(?:the )?day after tomorrow\b/i;

function exists(date: string): boolean {
  const time = Date.parse(date);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(date);
}

/** The first of these dates from today on that exists, such as the next 31st. */
function upcoming(candidates: readonly string[], today: string): string | undefined {
  return candidates.find((date) => exists(date) && date >= today);
}

type Reader = (rest: string, moment: Moment) => DateWords | undefined;

const todayOf = ({ timeZone, now }: Moment) => localOf(now, timeZone).slice(0, 10);
const placeOf = (found: RegExpExecArray) => ({ position: found.index, length: found[0].length });

const readElapsed: Reader = (rest, { timeZone, now }) => {
  const found = elapsed.exec(rest);
  if (!found?.groups) return undefined;
  const { half, count = '1', unit = 'h' } = found.groups;
  const amount = half ? 30 : (/^a/i.test(count) ? 1 : Number(count)) * (/^h/i.test(unit) ? 60 : 1);
  const then = localOf(new Date(now.getTime() + amount * 60_000), timeZone);
  return { ...placeOf(found), date: then.slice(0, 10), time: `${then.slice(11, 16)}:00` };
};

const readDotted: Reader = (rest, moment) => {
  const found = dotted.exec(rest);
  if (!found?.groups) return undefined;
  const { day = '', month = '', year: given } = found.groups;
  const isClear = given !== undefined || found[0].includes(' ') || (day + month).length === 4;
  const today = todayOf(moment);
  const year = Number(given ?? today.slice(0, 4));
  const years = given === undefined ? [0, 1, 2, 3, 4].map((step) => year + step) : [year];
  const dates = years.map((one) => `${one}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`);
  const date = upcoming(dates, today);
  return isClear && date !== undefined ? { ...placeOf(found), date } : undefined;
};

const readAfterTomorrow: Reader = (rest, moment) => {
  const found = afterTomorrow.exec(rest);
  return found ? { ...placeOf(found), date: addDays(todayOf(moment), 2) } : undefined;
};

const readDayOfMonth: Reader = (rest, moment) => {
  const found = dayOfMonth.exec(rest);
  const day = found?.groups?.['day']?.padStart(2, '0');
  if (!found || day === undefined) return undefined;
  const today = todayOf(moment);
  const [year = 0, month = 0] = today.split('-').map(Number);
  const months = [0, 1, 2].map((step) => localTimeOf(Date.UTC(year, month - 1 + step)).slice(0, 8));
  const date = upcoming(
    months.map((prefix) => prefix + day),
    today,
  );
  return date === undefined ? undefined : { ...placeOf(found), date };
};

const readers = [readElapsed, readDotted, readAfterTomorrow, readDayOfMonth];

/** Reads the first date that needs the caller's own clock, or that readers of dates leave out. */
export function readPlainDate(rest: string, moment: Moment): DateWords | undefined {
  for (const read of readers) {
    const found = read(rest, moment);
    if (found) return found;
  }
  return undefined;
}
