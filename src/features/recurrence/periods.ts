import { dayInMilliseconds } from '../../local-time.ts';
import { cycleInYears, dayOf, firstDayOf, weekdayOf, yearPatterns } from './day-pattern.ts';
import type { RecurrenceRule } from './rule.ts';

/** The last year that a due date may have. */
const lastYear = 9998;
const hourInMilliseconds = 3_600_000;

/** What one period of a rule (a year, a month, … an hour) holds: each of the days at each of the times. */
export interface Period {
  readonly days: readonly number[];
  /** Milliseconds since midnight, in order. */
  readonly times: readonly number[];
}

/** What a rule leaves open is taken from its start (RFC 5545, 3.3.10): "monthly" is on the start's day. */
export function completeRule(rule: RecurrenceRule, start: number): RecurrenceRule {
  const { frequency, byDay, byMonthDay, byYearDay, byWeekNo, byMonth } = rule;
  const date = new Date(start);
  if (byDay || byMonthDay || byYearDay) {
    return rule;
  }
  if (frequency === 'WEEKLY' || byWeekNo) {
    return { ...rule, byDay: [{ weekday: weekdayOf(dayOf(start)) }] };
  }
  if (frequency === 'MONTHLY') {
    return { ...rule, byMonthDay: [date.getUTCDate()] };
  }
  return frequency === 'YEARLY'
    ? { ...rule, byMonthDay: [date.getUTCDate()], byMonth: byMonth ?? [date.getUTCMonth() + 1] }
    : rule;
}

/** The moments of a day, or of an hour where the rule returns hourly. */
export function timesOf(rule: RecurrenceRule, start: number): number[] {
  const date = new Date(start);
  const hours = rule.frequency === 'HOURLY' ? [0] : (rule.byHour ?? [date.getUTCHours()]);
  return hours
    .flatMap((hour) =>
      (rule.byMinute ?? [date.getUTCMinutes()]).flatMap((minute) =>
        (rule.bySecond ?? [date.getUTCSeconds()]).map(
          (second) => Date.UTC(1970, 0, 1, hour, minute, second) + date.getUTCMilliseconds(),
        ),
      ),
    )
    .sort((one, other) => one - other);
}

/** Where the steps of an interval lie: the first one that is not before `from`, on the way from `start`. */
function firstStep(start: number, from: number, interval: number): number {
  return start + Math.max(0, Math.ceil((from - start) / interval)) * interval;
}

function* yearly(rule: RecurrenceRule, start: number, from: number): Generator<Period> {
  const patternOf = yearPatterns(rule);
  const times = timesOf(rule, start);
  const yearOf = (moment: number) => new Date(moment).getUTCFullYear();
  let year = firstStep(yearOf(start), yearOf(from), rule.interval);
  for (; year <= lastYear; year += rule.interval) {
    const yearStart = firstDayOf(year);
    yield { days: patternOf(year).days.map((day) => yearStart + day), times };
  }
}

function* monthly(rule: RecurrenceRule, start: number, from: number): Generator<Period> {
  const patternOf = yearPatterns(rule);
  const times = timesOf(rule, start);
  const monthOf = (moment: number) => {
    const date = new Date(moment);
    return date.getUTCFullYear() * 12 + date.getUTCMonth();
  };
  let month = firstStep(monthOf(start), monthOf(from), rule.interval);
  for (; month < (lastYear + 1) * 12; month += rule.interval) {
    const year = Math.floor(month / 12);
    const yearStart = firstDayOf(year);
    const days = patternOf(year).months[month % 12] ?? [];
    yield { days: days.map((day) => yearStart + day), times };
  }
}

/** The days that a rule's parts allow, from a day on; none at all when a whole cycle has none. */
function* allowedDays(rule: RecurrenceRule, fromDay: number): Generator<number> {
  const patternOf = yearPatterns(rule);
  let year = new Date(fromDay * dayInMilliseconds).getUTCFullYear();
  let lastUsed = year;
  for (; year <= lastYear && year - lastUsed <= cycleInYears; year += 1) {
    const yearStart = firstDayOf(year);
    for (const day of patternOf(year).days) {
      lastUsed = year;
      if (yearStart + day >= fromDay) {
        yield yearStart + day;
      }
    }
  }
}

function* weekly(rule: RecurrenceRule, start: number, from: number): Generator<Period> {
  const times = timesOf(rule, start);
  const weekOf = (day: number) => day - ((weekdayOf(day) - rule.weekStart + 7) % 7);
  const firstWeek = weekOf(dayOf(start));
  let week = firstWeek;
  let days: number[] = [];
  for (const day of allowedDays(rule, weekOf(dayOf(from)))) {
    if ((weekOf(day) - firstWeek) % (7 * rule.interval) === 0) {
      if (weekOf(day) !== week) {
        yield { days, times };
        week = weekOf(day);
        days = [];
      }
      days.push(day);
    }
  }
  yield { days, times };
}

function* daily(rule: RecurrenceRule, start: number, from: number): Generator<Period> {
  const times = timesOf(rule, start);
  for (const day of allowedDays(rule, dayOf(from))) {
    if ((day - dayOf(start)) % rule.interval === 0) {
      yield { days: [day], times };
    }
  }
}

function greatestCommonDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestCommonDivisor(other, one % other);
}

function* hourly(rule: RecurrenceRule, start: number, from: number): Generator<Period> {
  const { interval, byHour } = rule;
  const times = timesOf(rule, start);
  const startHour = Math.floor(start / hourInMilliseconds);
  // The steps only ever reach hours of one remainder: without this, a rule such as "every 24 hours, at
  // another hour" would be searched to the end of the calendar.
  const reach = greatestCommonDivisor(interval, 24);
  if (byHour && !byHour.some((hour) => (hour - startHour) % reach === 0)) {
    return;
  }
  for (const day of allowedDays(rule, dayOf(from))) {
    let hour = firstStep(startHour, day * 24, interval) - day * 24;
    for (; hour < 24; hour += interval) {
      if (!byHour || byHour.includes(hour)) {
        yield { days: [day], times: times.map((time) => hour * hourInMilliseconds + time) };
      }
    }
  }
}

/** `from` is the start or later. Periods may be empty. */
export const periodsOf = {
  HOURLY: hourly,
  DAILY: daily,
  WEEKLY: weekly,
  MONTHLY: monthly,
  YEARLY: yearly,
};
