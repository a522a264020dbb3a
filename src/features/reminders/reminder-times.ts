import { dayInMilliseconds, instantAt, instantOf, wallClockAt } from '../../local-time.ts';
import type { ReminderRecord } from '../tasks/tasks.model.ts';

const minuteInMilliseconds = 60_000;

/** A due date from which reminders count back. */
interface Due {
  /** In one of the forms of due dates. */
  readonly text: string;
  /** Where its clock is read; a date alone counts as nine in the morning there. */
  readonly timeZone: string;
}

function instantOfDue({ text, timeZone }: Due): Date {
  if (text.endsWith('Z')) return new Date(text);
  return instantOf(text.length === 10 ? `${text}T09:00:00` : text, timeZone);
}

/** Weeks and days go back by the calendar, and keep the time of the clock; hours and minutes by the time that passes. */
function momentBefore(due: Due, duration: string): Date {
  const [, weeks = 0, days = 0, hours = 0, minutes = 0] =
    /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration) ?? [];
  const instant = instantOfDue(due).getTime();
  const back = Number(weeks) * 7 + Number(days);
  const sameTime =
    back === 0
      ? instant
      : instantAt(wallClockAt(instant, due.timeZone) - back * dayInMilliseconds, due.timeZone);
  return new Date(sameTime - (Number(hours) * 60 + Number(minutes)) * minuteInMilliseconds);
}

/** The due date of a task, wherever its clocks are; undefined where it has none. */
export function dueOf(
  { text, timeZone }: { text: string | null; timeZone?: string | null | undefined },
  ownersZone: string,
): Due | undefined {
  return text === null ? undefined : { text, timeZone: timeZone ?? ownersZone };
}

/** Reminders for another due date: those that count back from it and now have another moment fire anew. */
export function remindersFor(
  reminders: readonly ReminderRecord[],
  due: Due | undefined,
): ReminderRecord[] {
  return reminders.map((reminder) => {
    if (!reminder.before) return reminder;
    const { firesAt, firedAt: _, firing: __, ...kept } = reminder;
    const moment = due && momentBefore(due, reminder.before);
    if (moment?.getTime() === firesAt?.getTime()) return reminder;
    return moment ? { ...kept, firesAt: moment } : kept;
  });
}

/** When the next of these reminders fires; null where none will. */
export function remindAtOf(reminders: readonly ReminderRecord[]): Date | null {
  const times = reminders.flatMap(({ firesAt, firedAt }) => (firesAt && !firedAt ? [firesAt] : []));
  return times.toSorted((one, other) => one.getTime() - other.getTime())[0] ?? null;
}
