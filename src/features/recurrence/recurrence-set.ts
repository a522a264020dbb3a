import { dayInMilliseconds } from '../../local-time.ts';
import { cycleInYears } from './day-pattern.ts';
import { completeRule, type Period, periodsOf, timesOf } from './periods.ts';
import type { RecurrenceRule } from './rule.ts';

/** The most that a period can hold where that is known at once: BYSETPOS beyond it never matches. */
function largestPeriod({ frequency, byDay }: RecurrenceRule, times: number): number {
  const days = { HOURLY: 1, DAILY: 1, WEEKLY: byDay?.length ?? 7, MONTHLY: 31, YEARLY: 366 };
  return days[frequency] * times;
}

/** Picks out of a period by arithmetic: there may be thousands of moments in it. */
function positionsOf(positions: readonly number[], { days, times }: Period): number[] {
  const size = days.length * times.length;
  const places = positions
    .map((position) => (position > 0 ? position - 1 : size + position))
    .filter((place) => place >= 0 && place < size);
  return [...new Set(places)].sort((one, other) => one - other);
}

function momentAt({ days, times }: Period, place: number): number {
  const day = days[Math.floor(place / times.length)] ?? 0;
  return day * dayInMilliseconds + (times[place % times.length] ?? 0);
}

/** How many empty periods on end prove that none will be otherwise: those of a cycle of the calendar. */
const cycleInPeriods = {
  YEARLY: cycleInYears,
  MONTHLY: cycleInYears * 12,
  WEEKLY: 20_871,
  // These have no empty ones.
  DAILY: Number.POSITIVE_INFINITY,
  HOURLY: Number.POSITIVE_INFINITY,
};

/**
 * What the rule's parts yield from a moment on, which is the start or later, in order; some before it may
 * come first. The start itself, COUNT and UNTIL are left aside.
 */
export function* matches(rule: RecurrenceRule, start: number, from: number): Generator<number> {
  const complete = completeRule(rule, start);
  const largest = largestPeriod(complete, timesOf(complete, start).length);
  const positions = complete.bySetPos?.filter((position) => Math.abs(position) <= largest);
  if (positions?.length === 0) {
    return;
  }
  let emptyPeriods = 0;
  for (const period of periodsOf[complete.frequency](complete, start, from)) {
    emptyPeriods += 1;
    if (positions) {
      for (const place of positionsOf(positions, period)) {
        emptyPeriods = 0;
        yield momentAt(period, place);
      }
    } else {
      for (const day of period.days) {
        emptyPeriods = 0;
        for (const time of period.times) {
          yield day * dayInMilliseconds + time;
        }
      }
    }
    if (emptyPeriods > cycleInPeriods[complete.frequency]) {
      return;
    }
  }
}

/**
 * The occurrences from a moment on, in order, as wall clocks. The start "always counts as the first
 * occurrence" (RFC 5545, 3.3.10), whether the rule's parts match it or not. UNTIL is the caller's matter,
 * since it may be an instant.
 */
export function* occurrencesFrom(
  rule: RecurrenceRule,
  start: number,
  from: number,
): Generator<number> {
  // To count, one must begin at the beginning.
  let left = rule.count ?? Number.POSITIVE_INFINITY;
  if (start >= from) {
    yield start;
  }
  left -= 1;
  if (left <= 0) {
    return;
  }
  for (const moment of matches(
    rule,
    start,
    rule.count === undefined ? Math.max(from, start) : start,
  )) {
    if (moment > start) {
      if (moment >= from) {
        yield moment;
      }
      left -= 1;
      if (left <= 0) {
        return;
      }
    }
  }
}
