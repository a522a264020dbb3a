import { dayInMilliseconds } from '../../local-time.ts';
import type { RecurrenceRule } from './rule.ts';

/** Days are counted from 1970-01-01, which was a Thursday; weeks begin on Monday (0). */
export function dayOf(wallClock: number): number {
  return Math.floor(wallClock / dayInMilliseconds);
}

export function weekdayOf(day: number): number {
  return (((day + 3) % 7) + 7) % 7;
}

export function firstDayOf(year: number, month = 1): number {
  return dayOf(Date.UTC(year, month - 1, 1));
}

/** The days of a year that match, in order, each as its place in the year (0 is 1 January). */
export interface YearPattern {
  readonly days: readonly number[];
  /** The same, month by month. */
  readonly months: readonly (readonly number[])[];
}

/** The calendar repeats itself after 400 years, the weekdays too: they are 146,097 days, or 20,871 weeks. */
export const cycleInYears = 400;

const isIn = (list: readonly number[] | undefined, place: number, length: number) =>
  !list || list.includes(place) || list.includes(place - length - 1);

/** The first week of a year is the first that has four days in it (RFC 5545, BYWEEKNO). */
function firstWeekOf(year: number, weekStart: number): number {
  const fourth = firstDayOf(year) + 3;
  return fourth - ((weekdayOf(fourth) - weekStart + 7) % 7);
}

/** Whether a day's week has a number that matches; days at both ends belong to the next year's weeks. */
function weekMatcher({ byWeekNo, weekStart }: RecurrenceRule, year: number) {
  const starts = [year - 1, year, year + 1, year + 2].map((one) => firstWeekOf(one, weekStart));
  return (day: number): boolean => {
    if (!byWeekNo) {
      return true;
    }
    const index = starts.findLastIndex((start) => start <= day);
    const [start = 0, end = 0] = starts.slice(index, index + 2);
    return isIn(byWeekNo, Math.floor((day - start) / 7) + 1, (end - start) / 7);
  };
}

function matchYear(rule: RecurrenceRule, year: number): YearPattern {
  const { byDay, frequency, byMonth } = rule;
  const yearStart = firstDayOf(year);
  const yearLength = firstDayOf(year + 1) - yearStart;
  const matchesWeek = weekMatcher(rule, year);
  const ordinalsInMonth = frequency === 'MONTHLY' || byMonth !== undefined;

  const months = Array.from({ length: 12 }, (_, index) => {
    const month = index + 1;
    if (byMonth && !byMonth.includes(month)) {
      return [];
    }
    const monthStart = firstDayOf(year, month) - yearStart;
    const monthEnd = firstDayOf(year, month + 1) - yearStart;
    const monthLength = monthEnd - monthStart;
    const [scopeStart, scopeLength] = ordinalsInMonth ? [monthStart, monthLength] : [0, yearLength];

    const matchesByDay = (place: number): boolean => {
      const weekday = weekdayOf(yearStart + place);
      const inScope = place - scopeStart;
      return (byDay ?? []).some((wanted) => {
        if (wanted.weekday !== weekday || wanted.ordinal === undefined) {
          return wanted.weekday === weekday;
        }
        return wanted.ordinal > 0
          ? Math.floor(inScope / 7) + 1 === wanted.ordinal
          : Math.floor((scopeLength - 1 - inScope) / 7) + 1 === -wanted.ordinal;
      });
    };

    return Array.from({ length: monthLength }, (_day, offset) => monthStart + offset).filter(
      (place) =>
        isIn(rule.byMonthDay, place - monthStart + 1, monthLength) &&
        isIn(rule.byYearDay, place + 1, yearLength) &&
        (!byDay || matchesByDay(place)) &&
        matchesWeek(yearStart + place),
    );
  });
  return { months, days: months.flat() };
}

/**
 * The days of a year that all of a rule's day parts allow. They depend on the weekday that the year begins
 * on, and on which of it and its neighbours are leap years: few are ever worked out for a rule.
 */
export function yearPatterns(rule: RecurrenceRule): (year: number) => YearPattern {
  const byKind = new Map<string, YearPattern>();
  const inCycle: YearPattern[] = [];
  const find = (year: number): YearPattern => {
    const starts = [year - 1, year, year + 1, year + 2].map((one) => firstDayOf(one));
    const [before = 0, start = 0, end = 0, after = 0] = starts;
    const kind = [weekdayOf(start), start - before, end - start, after - end].join(' ');
    const pattern = byKind.get(kind) ?? matchYear(rule, year);
    byKind.set(kind, pattern);
    return pattern;
  };
  return (year) => (inCycle[year % cycleInYears] ??= find(year));
}
