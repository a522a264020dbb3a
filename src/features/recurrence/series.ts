import {
  dayInMilliseconds,
  instantAt,
  localTimeOf,
  wallClockAt,
  wallClockOf,
} from '../../local-time.ts';
import { parseRule } from './parse-rule.ts';
import { occurrencesFrom } from './recurrence-set.ts';
import type { RecurrenceRule } from './rule.ts';

/**
 * What a due date may be, and with it each occurrence of its series: a date, a local time, or an instant.
 * A date recurs by days of the calendar and a local time by its wall clock; an instant keeps its wall clock
 * in the zone of the series, or in UTC.
 */
type Kind = 'date' | 'local' | 'instant';

/** Due dates end with the year 9998. */
const endOfTime = Date.UTC(9999, 0, 1);

export function kindOf(due: string): Kind {
  if (due.length === 10) {
    return 'date';
  }
  return due.endsWith('Z') ? 'instant' : 'local';
}

export interface Series {
  /** The value of an RRULE that `parseRule` has accepted. */
  readonly rule: string;
  /** DTSTART: the first due date, in its own form. */
  readonly start: string;
  /** The zone of a local time, or in which an instant keeps its wall clock. */
  readonly timeZone?: string | undefined;
  /** EXDATE: occurrences that are left out, and yet counted; in the form of `start`. */
  readonly excluded?: readonly string[] | undefined;
}

export function acceptedRule(text: string): RecurrenceRule {
  const parsed = parseRule(text);
  if (!parsed.ok) {
    throw new Error(`A stored recurrence rule is not valid: ${parsed.message}`);
  }
  return parsed.rule;
}

/** A position in a series: the wall clock, or for instants the instant, in milliseconds. */
export function positionOf(due: string): number {
  return kindOf(due) === 'instant' ? Date.parse(due) : wallClockOf(due);
}

export function dueAt(position: number, kind: Kind): string {
  if (kind === 'instant') {
    return new Date(position).toISOString();
  }
  return kind === 'date' ? localTimeOf(position).slice(0, 10) : localTimeOf(position);
}

/** UNTIL as a test of wall clocks: past, not yet past, or `undefined` when all that follow are past too. */
function untilTest(
  { until }: RecurrenceRule,
  zone: string,
): (wallClock: number) => boolean | undefined {
  if (until === undefined) {
    return () => true;
  }
  const [, year, month, day, hour = '00', minute = '00', second = '00'] =
    /^(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d))?/.exec(until) ?? [];
  const last = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (!until.endsWith('Z')) {
    return (wallClock) => (wallClock <= last ? true : undefined);
  }
  const lastWallClock = wallClockAt(last, zone);
  return (wallClock) => {
    if (Math.abs(wallClock - lastWallClock) > dayInMilliseconds) {
      return wallClock < lastWallClock ? true : undefined;
    }
    return instantAt(wallClock, zone) <= last;
  };
}

/**
 * Wall clocks as a zone shows them: those in a gap move past it, where they may fall behind the next ones or
 * together with them, and so wait until they are in order.
 */
function* settled(wallClocks: Iterable<number>, zone: string): Generator<number> {
  const moved = new Set<number>();
  for (const wallClock of wallClocks) {
    for (const one of moved) {
      if (one < wallClock) {
        moved.delete(one);
        yield one;
      }
    }
    const shown = wallClockAt(instantAt(wallClock, zone), zone);
    if (shown === wallClock) {
      moved.delete(shown);
      yield shown;
    } else {
      moved.add(shown);
    }
  }
  yield* moved;
}

function* within(
  wallClocks: Iterable<number>,
  isWithin: (wallClock: number) => boolean | undefined,
): Generator<number> {
  for (const wallClock of wallClocks) {
    const verdict = isWithin(wallClock);
    if (verdict === undefined) {
      return;
    }
    if (verdict) {
      yield wallClock;
    }
  }
}

/** All positions after another one, in order. */
export function* positionsAfter(
  { start, timeZone, excluded = [] }: Omit<Series, 'rule'>,
  rule: RecurrenceRule,
  after: number,
): Generator<number> {
  const zone = timeZone ?? 'UTC';
  const isInstant = kindOf(start) === 'instant';
  const first = positionOf(start);
  const firstWallClock = isInstant ? wallClockAt(first, zone) : first;
  // A wall clock in a gap is shown up to a day later.
  const from = isInstant ? wallClockAt(after, zone) - dayInMilliseconds : after;
  const all = within(occurrencesFrom(rule, firstWallClock, from), untilTest(rule, zone));
  const left = new Set(excluded.map(positionOf));

  for (const wallClock of isInstant ? settled(all, zone) : all) {
    // The start may be the second of two equal wall clocks, which no computed occurrence is.
    const computed = isInstant ? instantAt(wallClock, zone) : wallClock;
    const found = wallClock === firstWallClock ? first : computed;
    if (found >= endOfTime) {
      return;
    }
    if (found > after && !left.has(found)) {
      yield found;
    }
  }
}
