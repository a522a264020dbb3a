import { wallClockAt, wallClockOf } from '../../local-time.ts';
import { parseRule } from './parse-rule.ts';
import { matches } from './recurrence-set.ts';
import type { RecurrenceRule } from './rule.ts';

const timed = 'may be used only where the due date has a time';

function timeViolation({ frequency, byHour, byMinute, bySecond }: RecurrenceRule) {
  if (frequency === 'HOURLY') {
    return `FREQ=HOURLY ${timed}`;
  }
  return (byHour ?? byMinute ?? bySecond) && `BYHOUR, BYMINUTE and BYSECOND ${timed}`;
}

/** UNTIL is in the form of the start, and in UTC where that is an instant or in a zone (RFC 5545, 3.3.10). */
function untilViolation(until: string, start: string, timeZone: string | undefined) {
  if (start.length === 10) {
    return until.length === 8
      ? undefined
      : 'UNTIL must be a date, such as 20261201, as the due date is';
  }
  if (start.endsWith('Z') || timeZone !== undefined) {
    return until.endsWith('Z')
      ? undefined
      : 'UNTIL must be a time in UTC, such as 20261201T090000Z, since the due date is an instant or in a time zone';
  }
  return until.length === 15
    ? undefined
    : 'UNTIL must be a local time, such as 20261201T090000, as the due date is';
}

/** Why a rule, which must be valid in itself, cannot start from this due date; `undefined` when it can. */
export function startViolation(text: string, start: string, timeZone?: string): string | undefined {
  const parsed = parseRule(text);
  if (!parsed.ok) {
    return parsed.message;
  }
  const { rule } = parsed;
  const ofTime = start.length === 10 ? timeViolation(rule) : undefined;
  if (ofTime !== undefined) {
    return ofTime;
  }
  const ofUntil = rule.until && untilViolation(rule.until, start, timeZone);
  if (ofUntil) {
    return ofUntil;
  }
  const wallClock = start.endsWith('Z')
    ? wallClockAt(Date.parse(start), timeZone ?? 'UTC')
    : wallClockOf(start);
  return matches(rule, wallClock, wallClock).next().done
    ? 'must match at least one day: this rule never does'
    : undefined;
}
