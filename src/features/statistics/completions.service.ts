import type { Caller } from '../../contract/endpoint.ts';
import { AppError } from '../../errors.ts';
import { addDays, instantOf, today } from '../../local-time.ts';
import { accessibleTasks } from '../tasks/tasks.access.ts';
import { TaskModel } from '../tasks/tasks.model.ts';
import { timeZoneOf } from '../users/users.service.ts';
import {
  type Completions,
  type CompletionsQuery,
  maximumDays,
  usualDays,
} from './statistics.contract.ts';

/** How much was done on each day on which something was, from a date up to another, in a zone. */
async function completedPerDay(
  caller: Caller,
  { from, to, timeZone }: { from: string; to: string; timeZone: string },
): Promise<Map<string, number>> {
  const completedAt = {
    $gte: instantOf(from, timeZone),
    $lt: instantOf(addDays(to, 1), timeZone),
  };
  const date = { $dateToString: { format: '%Y-%m-%d', date: '$completedAt', timezone: timeZone } };
  const found = await TaskModel.collection
    .aggregate<{ _id: string; count: number }>([
      { $match: { ...accessibleTasks(caller), completedAt } },
      { $group: { _id: date, count: { $sum: 1 } } },
    ])
    .toArray();
  return new Map(found.map(({ _id, count }) => [_id, count]));
}

function datesFrom(from: string, to: string): string[] {
  const dates: string[] = [];
  for (let date = from; date <= to; date = addDays(date, 1)) dates.push(date);
  return dates;
}

/** Days in a row on which something was done: the run that ends now, and the longest. */
function streakOf(dates: readonly string[], perDay: ReadonlyMap<string, number>) {
  let longest = 0;
  let run = 0;
  let before = 0;
  for (const date of dates) {
    before = run;
    run = perDay.has(date) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  // Today is not over yet: what was begun before still goes on.
  return { current: run === 0 ? before : run, longest };
}

/**
 * What was done day by day, in the time zone of the account.
 * @throws AppError `validation_failed` for too many days
 */
export async function readCompletions(
  caller: Caller,
  query: CompletionsQuery,
): Promise<Completions> {
  const timeZone = (await timeZoneOf(caller)) ?? 'UTC';
  const now = today(timeZone, new Date());
  const to = query.to ?? (query.from === undefined ? now : addDays(query.from, usualDays - 1));
  const from = query.from ?? addDays(to, 1 - usualDays);
  if (from < '1900-01-01' || to > '9998-12-31') {
    const message = 'must be from 1900 to 9998';
    throw AppError.violations([{ path: 'query.from', code: 'out_of_range', message }]);
  }
  const yearAgo = addDays(now, 1 - maximumDays);
  const [asked, lately] = await Promise.all([
    completedPerDay(caller, { from, to, timeZone }),
    completedPerDay(caller, { from: yearAgo, to: now, timeZone }),
  ]);
  const days = datesFrom(from, to).map((date) => ({ date, completed: asked.get(date) ?? 0 }));
  return {
    timeZone,
    from,
    to,
    completed: days.reduce((sum, { completed }) => sum + completed, 0),
    days,
    streak: streakOf(datesFrom(yearAgo, now), lately),
  };
}
