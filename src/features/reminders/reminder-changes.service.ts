import type { Caller } from '../../contract/endpoint.ts';
import { patched } from '../tasks/task-schedule.ts';
import type { TaskPatch } from '../tasks/tasks.schemas.ts';
import { showDue } from '../tasks/tasks.show.ts';
import type { Changes, ReadTask } from '../tasks/tasks.store.ts';
import { timeZoneOf } from '../users/users.service.ts';
import { dueOf, remindAtOf, remindersFor } from './reminder-times.ts';

/** What a patch of a task means for the reminders that count back from its due date. */
export async function reminderChanges(
  caller: Caller,
  task: ReadTask,
  patch: Pick<TaskPatch, 'dueDate' | 'timeZone'>,
): Promise<Changes> {
  const { reminders } = task;
  if (!reminders?.some(({ before }) => before)) return {};
  const former = { text: showDue(task), timeZone: task.timeZone ?? null };
  const text = patched(patch.dueDate, null, former.text);
  const timeZone = patched(patch.timeZone, null, former.timeZone);
  if (text === former.text && timeZone === former.timeZone) return {};
  const ownersZone = (await timeZoneOf(caller)) ?? 'UTC';
  const moved = remindersFor(reminders, dueOf({ text, timeZone }, ownersZone));
  return { reminders: moved, remindAt: remindAtOf(moved) };
}
