import { describe, expect, test } from '@jest/globals';
import mongoose, { Types } from 'mongoose';
import { fireReminders, type QueueReminder } from '../src/features/reminders/firing.service.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { startInstance } from './support/api.ts';
import { createTask, type Member } from './support/factories.ts';
import { untilMailsAreSent, useMailedApi } from './support/mail-server.ts';
import {
  fired,
  minutesAgo,
  remind,
  reminderJobs,
  reminderMails,
  reminderTo,
  remindersPath,
  signUpVerified,
  untilRemindersAreSent,
} from './support/reminders.ts';
import { complete } from './support/series.ts';

const { api, database, mailServer } = useMailedApi();

const fire = () => fireReminders(api().dependencies);

async function taskToRemindOf(count = 1) {
  const member = await signUpVerified(api());
  const task = await createTask(member);
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) {
    ids.push((await remind(member, task, { at: minutesAgo(1).toISOString() })).id);
  }
  const [reminderId = ''] = ids;
  return { member, task, reminderId };
}

async function mailsTo(member: Member) {
  await untilRemindersAreSent();
  return reminderMails(mailServer(), member);
}

const killed = new Error('the process was killed');

/** Fires with another way to the queue, in which the process dies. */
async function fireAndDie(queueReminder: QueueReminder): Promise<void> {
  const firing = fireReminders({ ...api().dependencies, queueReminder });
  await expect(firing).rejects.toBe(killed);
}

describe('A process that is killed while reminders fire', () => {
  test('before it has stored the job, leaves the reminder to the next', async () => {
    const { member, task } = await taskToRemindOf();
    await fireAndDie(() => Promise.reject(killed));
    expect(await fired(member, task)).toEqual([false]);
    await fire();
    expect(await mailsTo(member)).toHaveLength(1);
  });

  test('between the job and the mark, has the one mail sent all the same', async () => {
    const { member, task } = await taskToRemindOf();
    await fireAndDie(async (job) => {
      await api().dependencies.queueReminder(job);
      throw killed;
    });
    expect(await mailsTo(member)).toHaveLength(1);
    expect(await fired(member, task)).toEqual([true]);
    await fire();
    expect(await mailsTo(member)).toHaveLength(1);
  });

  test('between the job and the mark, with a job that begins after the next process has looked', async () => {
    const { member, task } = await taskToRemindOf();
    const stored: Parameters<QueueReminder>[0][] = [];
    await fireAndDie(async (job) => {
      stored.push(job);
      throw killed;
    });
    await fire();
    expect(await mailsTo(member)).toHaveLength(1);
    for (const job of stored) await api().dependencies.queueReminder(job);
    expect(await mailsTo(member)).toHaveLength(1);
    expect(await fired(member, task)).toEqual([true]);
  });

  test('between two reminders of a task, has sent neither twice', async () => {
    const { member, task } = await taskToRemindOf(2);
    let count = 0;
    await fireAndDie(async (job) => {
      count += 1;
      if (count === 2) throw killed;
      await api().dependencies.queueReminder(job);
    });
    await fire();
    expect(await mailsTo(member)).toHaveLength(2);
    expect(await fired(member, task)).toEqual([true, true]);
  });
});

describe('However many are at it', () => {
  test('instances that look at once send one mail for each reminder', async () => {
    const there = await Promise.all(Array.from({ length: 4 }, () => taskToRemindOf(2)));
    const second = await startInstance(database(), { SMTP_URL: mailServer().url });
    try {
      await second.dependencies.jobs.start();
      const both = [api(), second, api(), second];
      await Promise.all(both.map(({ dependencies }) => fireReminders(dependencies)));
      for (const { member, task } of there) {
        expect(await fired(member, task)).toEqual([true, true]);
        expect(await mailsTo(member)).toHaveLength(2);
      }
    } finally {
      await second.dependencies.jobs.stop();
      await second.close();
    }
  });

  test('of several jobs for one reminder that nobody has marked, one sends it', async () => {
    const { member, task, reminderId } = await taskToRemindOf();
    const same = { userId: member.user.id, taskId: task.id, reminderId };
    await Promise.all(
      Array.from({ length: 5 }, () => {
        const firing = new Types.ObjectId().toHexString();
        return api().dependencies.queueReminder({ ...same, firing });
      }),
    );
    expect(await mailsTo(member)).toHaveLength(1);
  });

  test('an owner who changes the task meanwhile loses neither the change nor the mail', async () => {
    const { member, task } = await taskToRemindOf();
    await fireReminders({
      ...api().dependencies,
      queueReminder: async (job) => {
        await member.send('patch', `/tasks/${task.id}`, { title: `No ${job.firing}` });
        await api().dependencies.queueReminder(job);
      },
    });
    await fire();
    const [mail, ...others] = await mailsTo(member);
    expect(others).toEqual([]);
    expect(mail?.headers['subject']).toMatch(/^Reminder: No /);
    expect(await fired(member, task)).toEqual([true]);
  });
});

describe('A mail that the mail server has refused', () => {
  /** Fires, and resolves with the jobs once their first attempt has failed. */
  async function fireInVain() {
    // Not the mail that welcomes the owner.
    await untilMailsAreSent();
    mailServer().refuseNext(451);
    await fire();
    for (;;) {
      const jobs = await reminderJobs();
      if (jobs.length > 0 && jobs.every(({ lockedAt, failCount }) => !lockedAt && failCount > 0))
        return jobs;
    }
  }

  /** Lets the mails that wait be tried again, and wakes the queue with a job for nobody. */
  async function tryAgain(): Promise<void> {
    const due = { $set: { nextRunAt: new Date() } };
    await mongoose.connection.collection('jobs').updateMany({ name: 'reminder' }, due);
    const [userId, taskId, reminderId, firing] = Array.from({ length: 4 }, () =>
      new Types.ObjectId().toHexString(),
    ) as [string, string, string, string];
    await api().dependencies.queueReminder({ userId, taskId, reminderId, firing });
  }

  test('is tried again, with the same id', async () => {
    const { member } = await taskToRemindOf();
    const [job] = await fireInVain();
    await fire();
    await tryAgain();
    const { headers } = await reminderTo(mailServer(), member);
    expect(headers['message-id']).toMatch(new RegExp(`^<${job?.['data'].firing}@`));
    expect(await mailsTo(member)).toHaveLength(1);
  });

  test('says nothing of the task while it waits', async () => {
    const { member, task, reminderId } = await taskToRemindOf();
    const jobs = await fireInVain();
    const firing = expect.any(String);
    expect(jobs.map(({ data }) => data)).toEqual([
      { userId: member.user.id, taskId: task.id, reminderId, firing },
    ]);
    await api().dependencies.jobs.forget(member.user.id);
    expect(await reminderJobs()).toEqual([]);
  });

  test.each<[string, (member: Member, task: { id: string }, id: string) => Promise<unknown>]>([
    ['its task is done', (member, task) => complete(member, task)],
    ['its task is in the trash', (member, task) => member.send('delete', `/tasks/${task.id}`)],
    [
      'the reminder is deleted',
      (member, task, id) => member.send('delete', `${remindersPath(task)}/${id}`),
    ],
    [
      'the reminder has another moment',
      async (_, { id }) =>
        TaskModel.updateOne(
          { _id: id },
          {
            $set: { 'reminders.$[].firesAt': new Date('2035-01-01') },
            $unset: { 'reminders.$[].firing': true, 'reminders.$[].firedAt': true },
          },
        ),
    ],
    [
      'more than 24 hours have passed',
      async (_, { id }) =>
        TaskModel.updateOne(
          { _id: id },
          { $set: { 'reminders.$[].firesAt': minutesAgo(24 * 60 + 5) } },
        ),
    ],
  ])('is given up once %s', async (_, change) => {
    const { member, task, reminderId } = await taskToRemindOf();
    await fireInVain();
    await change(member, task, reminderId);
    await tryAgain();
    expect(await mailsTo(member)).toEqual([]);
  });
});
