/**
 * Dates and wall clocks in the zones of the IANA database, by Node's own `Intl`: it knows each zone's
 * offset, and nothing more is needed, so that no library is loaded on the path of a request.
 * A wall clock is also written as a number: its milliseconds since 1970, read as if it were UTC.
 */

export const dayInMilliseconds = 86_400_000;

/** Each takes some 30 kB, and names come from callers in any case ("europe/paris"): hence a bound. */
const maxFormatters = 64;
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known) {
    return known;
  }
  const formatter = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  const [oldest] = formatters.keys();
  if (oldest !== undefined && formatters.size >= maxFormatters) {
    formatters.delete(oldest);
  }
  formatters.set(timeZone, formatter);
  return formatter;
}

/** Whether this is a name of the IANA time zone database; an offset (+01:00) is not. */
export function isTimeZone(name: string): boolean {
  try {
    return /^[A-Za-z]/.test(name) && Boolean(formatterOf(name));
  } catch {
    return false;
  }
}

/** What clocks in the zone show at an instant (both in milliseconds); years from 1000 to 9999. */
export function wallClockAt(instant: number, timeZone: string): number {
  if (timeZone === 'UTC') {
    return instant;
  }
  // Written as "12/01/2026, 09:00:00".
  const [month, day, year, hour, minute, second] = formatterOf(timeZone)
    .format(instant)
    .split(/\D+/)
    .map(Number) as [number, number, number, number, number, number];
  const milliseconds = ((instant % 1000) + 1000) % 1000;
  return Date.UTC(year, month - 1, day, hour, minute, second, milliseconds);
}

/**
 * The instant (in milliseconds) at which clocks in the zone show this. A time that occurs twice is the first
 * one; a time that is skipped is read with the offset before the gap (RFC 5545, 3.3.5): 02:30 becomes 03:30.
 */
export function instantAt(wallClock: number, timeZone: string): number {
  const offsetAt = (instant: number) => wallClockAt(instant, timeZone) - instant;
  // A day to either side is past any one change of the clocks, the day that Samoa left out included.
  const before = offsetAt(wallClock - dayInMilliseconds);
  const after = offsetAt(wallClock + dayInMilliseconds);
  const isRead = (offset: number) => offsetAt(wallClock - offset) === offset;
  return before !== after && !isRead(before) && isRead(after)
    ? wallClock - after
    : wallClock - before;
}

/** The instant of a local time (`2026-12-01T09:00:00`) or of the beginning of a date; see `instantAt`. */
export function instantOf(localTime: string, timeZone: string): Date {
  return new Date(instantAt(wallClockOf(localTime), timeZone));
}

/** A date or a local time as a wall clock in milliseconds. */
export function wallClockOf(localTime: string): number {
  return Date.parse(localTime.length === 10 ? localTime : `${localTime}Z`);
}

/** The local time that a wall clock in milliseconds shows: `2026-12-01T09:00:00`. */
export function localTimeOf(wallClock: number): string {
  return new Date(wallClock).toISOString().slice(0, 19);
}

/** What clocks in the zone show at an instant: `2026-12-01T09:00:00`. */
export function localOf(instant: Date, timeZone: string): string {
  return localTimeOf(wallClockAt(instant.getTime(), timeZone));
}

/** The date in the zone: `2026-12-01`. */
export function today(timeZone: string, now: Date): string {
  return localOf(now, timeZone).slice(0, 10);
}

/** The date so many days after another, or before it. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * dayInMilliseconds).toISOString().slice(0, 10);
}
