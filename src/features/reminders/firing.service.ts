import { Types } from 'mongoose';
import type { Config } from '../../config.ts';
import type { JobQueue } from '../../jobs/queue.ts';
import type { Mail } from '../mail/mail.ts';
import type { ReminderRecord } from '../tasks/tasks.model.ts';
import { findTasks, type ReadTask, writeTask } from '../tasks/tasks.store.ts';
import { reminderContent } from './reminder-message.ts';
import { remindAtOf } from './reminder-times.ts';

/** Milliseconds after its moment during which a reminder still brings a mail. */
const patience = 86_400_000;
/** How many tasks are looked at at a time. */
const batch = 100;
/** Milliseconds for which one run goes on; the next one continues. */
const runLength = 12_000;

/** What a job holds: a reminder, and the firing of it that brings a mail if this job is the one. */
type ReminderJob = { userId: string; taskId: string; reminderId: string; firing: string };

/** Puts the mail of a reminder into the queue; resolves once it can no longer be lost. */
export type QueueReminder = (job: ReminderJob) => Promise<void>;

function isDue({ firesAt, firedAt }: ReminderRecord, now: Date): boolean {
  return !firedAt && firesAt instanceof Date && firesAt <= now;
}

/** Whether a reminder of a task that is not in the trash brings a mail now: not for what is done, nor long after its moment. */
function isWanted({ status }: ReadTask, { firesAt }: ReminderRecord, now: Date): boolean {
  const late = now.getTime() - (firesAt?.getTime() ?? 0);
  return status !== 'done' && late <= patience;
}

/**
 * Marks reminders as fired in one write, each with the firing that brings its mail, if any does.
 * @returns the task as it is then; undefined where somebody has changed it meanwhile
 */
function mark(
  task: ReadTask,
  firings: ReadonlyMap<string, Types.ObjectId | undefined>,
  firedAt: Date,
): Promise<ReadTask | undefined> {
  const reminders = (task.reminders ?? []).map((reminder) => {
    const id = reminder._id.toHexString();
    if (!firings.has(id)) return reminder;
    const firing = firings.get(id);
    return { ...reminder, firedAt, ...(firing && { firing }) };
  });
  return writeTask(task, { reminders, remindAt: remindAtOf(reminders) });
}

/**
 * First the jobs, then the mark: a process that dies in between loses nothing, and of the jobs that it or
 * others have stored for the same reminder, only the one that the mark names sends a mail.
 */
async function fire(task: ReadTask, queue: QueueReminder | undefined): Promise<void> {
  const now = new Date();
  const { ownerId } = task;
  const firings = new Map<string, Types.ObjectId | undefined>();
  for (const reminder of (task.reminders ?? []).filter((one) => isDue(one, now))) {
    const reminderId = reminder._id.toHexString();
    const brings = queue && ownerId && isWanted(task, reminder, now);
    const firing = brings ? new Types.ObjectId() : undefined;
    firings.set(reminderId, firing);
    if (!brings || !firing) continue;
    const [userId, taskId] = [ownerId.toHexString(), task._id.toHexString()];
    await queue({ userId, taskId, reminderId, firing: firing.toHexString() });
  }
  await mark(task, firings, now);
}

/**
 * Fires all reminders whose moment has come: runs every few seconds on one of the instances, and is
 * harmless on several. Without anything to send mail with they only pass.
 */
export async function fireReminders({
  mail,
  queueReminder,
}: {
  mail: Pick<Mail, 'isAvailable'>;
  queueReminder: QueueReminder;
}): Promise<void> {
  const end = performance.now() + runLength;
  while (performance.now() < end) {
    const tasks = await findTasks({ remindAt: { $lte: new Date() } }, { limit: batch });
    for (const task of tasks) await fire(task, mail.isAvailable ? queueReminder : undefined);
    if (tasks.length < batch) return;
  }
}

/** The task of a job and its reminder, if the job is the one that brings the mail, and the mail is still wanted. */
async function meantBy(
  job: ReminderJob,
): Promise<{ task: ReadTask; reminder: ReminderRecord } | undefined> {
  const [_id, ownerId, firing] = [job.taskId, job.userId, job.firing].map(
    (id) => new Types.ObjectId(id),
  );
  for (;;) {
    const [task] = await findTasks({ _id, ownerId });
    const reminder = task?.reminders?.find((one) => one._id.toHexString() === job.reminderId);
    const now = new Date();
    if (!task || !reminder || !isWanted(task, reminder, now)) return undefined;
    if (reminder.firing && firing?.equals(reminder.firing)) return { task, reminder };
    if (!isDue(reminder, now)) return undefined;
    // Whoever has stored the job has not come to the mark, yet or at all.
    await mark(task, new Map([[job.reminderId, firing]]), now);
  }
}

/** The work of sending the mails of reminders. */
export function createReminderQueue({
  config,
  jobs,
  mail,
}: {
  config: Config;
  jobs: Pick<JobQueue, 'define'>;
  mail: Mail;
}): QueueReminder {
  return jobs.define<ReminderJob>('reminder', async (job) => {
    const meant = await meantBy(job);
    const firesAt = meant?.reminder.firesAt;
    if (!meant || !firesAt) return;
    // The same id at each attempt, so that a copy can be told.
    await mail.deliver(job.userId, job.firing, ({ timeZone }) =>
      reminderContent(meant.task, firesAt, timeZone, config),
    );
  });
}
