import type { Config } from '../../config.ts';
import { localOf } from '../../local-time.ts';
import { formOf } from '../tasks/task-dates.ts';
import { showDue } from '../tasks/tasks.show.ts';
import type { ReadTask } from '../tasks/tasks.store.ts';

/** A title in one line, whatever it was made of: it stands in a header. */
function inOneLine(title: string): string {
  return title.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
}

/** A local time without its seconds, or a date as it is. */
function inWords(local: string): string {
  return local.length === 10 ? local : `${local.slice(0, 10)} at ${local.slice(11, 16)}`;
}

/** When a task is due, where its owner is; a date and a floating time are the same everywhere. */
function dueIn(task: ReadTask, timeZone: string): string {
  const due = showDue(task);
  if (due === null) return 'It has no due date.';
  const sameEverywhere = formOf(due) === 'date' || task.floating;
  return sameEverywhere
    ? `Due on ${inWords(due)}.`
    : `Due on ${inWords(localOf(task.deadline, timeZone))} (${timeZone}).`;
}

/**
 * What a reminder says, in plain text. Unlike all other mails it has words of its user in it, so that it
 * must go to an address that is verified to be theirs.
 */
export function reminderContent(
  task: ReadTask,
  firesAt: Date,
  timeZone: string,
  { APP_URL, PUBLIC_URL }: Pick<Config, 'APP_URL' | 'PUBLIC_URL'>,
): { subject: string; text: string } {
  const title = inOneLine(task.title);
  const asked = `You asked to be reminded on ${inWords(localOf(firesAt, timeZone))} (${timeZone}).`;
  const paragraphs = [
    title,
    dueIn(task, timeZone),
    asked,
    ...(APP_URL === undefined ? [] : [`${APP_URL}/tasks/${task._id.toHexString()}`]),
    `This is about your account at ${PUBLIC_URL}`,
  ];
  return { subject: `Reminder: ${title}`, text: `${paragraphs.join('\n\n')}\n` };
}
