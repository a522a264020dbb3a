import {
  instantAt,
  localOf,
  localTimeOf,
  today,
  wallClockAt,
  wallClockOf,
} from '../../local-time.ts';
import { acceptedRule, dueAt, kindOf, positionOf, positionsAfter, type Series } from './series.ts';
import type { RecurrenceRule } from './rule.ts';

export interface Completion {
  /** The occurrence that was completed, in the form of the series' start. */
  readonly occurrence: string;
  /** Its number in the series, from 1: COUNT counts completions where these are the anchor. */
  readonly number: number;
  readonly completedAt: Date;
  /** The owner's zone: tells what day it is for dates, and for times in no zone of their own. */
  readonly timeZone: string;
  readonly now: Date;
}

/** The first position that is not missed yet: today's are to be done, or this hour's where it is hourly. */
function presentPosition(
  { start, timeZone }: Series,
  { frequency }: RecurrenceRule,
  { now, timeZone: ownZone }: Completion,
): number {
  const zone = timeZone ?? ownZone;
  const kind = kindOf(start);
  if (frequency === 'HOURLY') {
    return kind === 'instant' ? now.getTime() : wallClockAt(now.getTime(), zone);
  }
  const midnight = wallClockOf(today(kind === 'date' ? ownZone : zone, now));
  return kind === 'instant' ? instantAt(midnight, zone) : midnight;
}

/** Where the rule starts anew on completion: that day, at the time of the series. */
function renewedStart(
  { start, timeZone }: Series,
  { frequency }: RecurrenceRule,
  { completedAt, timeZone: ownZone }: Completion,
): string {
  const kind = kindOf(start);
  if (kind === 'date') {
    return today(ownZone, completedAt);
  }
  const zone = timeZone ?? (kind === 'instant' ? 'UTC' : ownZone);
  const completed = localOf(completedAt, zone);
  const time =
    kind === 'instant'
      ? localTimeOf(wallClockAt(Date.parse(start), zone)).slice(10)
      : start.slice(10);
  const renewed =
    frequency === 'HOURLY' ? `${completed.slice(0, 16)}:00` : `${completed.slice(0, 10)}${time}`;
  return kind === 'instant' ? dueAt(instantAt(wallClockOf(renewed), zone), kind) : renewed;
}

function nextAfterDue(series: Series, rule: RecurrenceRule, completion: Completion) {
  const missed = presentPosition(series, rule, completion) - 1;
  return positionsAfter(series, rule, Math.max(positionOf(completion.occurrence), missed));
}

function nextAfterCompletion(series: Series, rule: RecurrenceRule, completion: Completion) {
  const { count, ...endless } = rule;
  if (count !== undefined && completion.number >= count) {
    return [];
  }
  const start = renewedStart(series, rule, completion);
  // Not an occurrence that has been there already, should this one be completed ahead of its time.
  const after = Math.max(positionOf(start), positionOf(completion.occurrence));
  return positionsAfter({ ...series, start }, endless, after);
}

/**
 * What follows a completed occurrence, in the form of the series' start; `undefined` at the end of the
 * series. Anchored to `due`, it is the next of the series' own occurrences from today on: those missed
 * meanwhile are skipped, and counted. Anchored to `completion`, the rule starts anew on that day.
 */
export function nextOccurrence(
  series: Series & { readonly anchor: 'due' | 'completion' },
  completion: Completion,
): string | undefined {
  const rule = acceptedRule(series.rule);
  const next = series.anchor === 'due' ? nextAfterDue : nextAfterCompletion;
  for (const position of next(series, rule, completion)) {
    return dueAt(position, kindOf(series.start));
  }
  return undefined;
}
