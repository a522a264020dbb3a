import { describe, expect, test } from '@jest/globals';
import { fireReminders } from '../src/features/reminders/firing.service.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import { useMailedApi } from './support/mail-server.ts';
import {
  bringForward,
  fired,
  minutesAgo,
  remind,
  remindersOf,
  reminderTo,
  reminderMails,
  signUpVerified,
  untilRemindersAreSent,
} from './support/reminders.ts';
import { complete, openOne } from './support/series.ts';

const { api, mailServer } = useMailedApi({ APP_URL: 'https://app.example.com' });

const fire = () => fireReminders(api().dependencies);
const soon = { at: '2035-01-05T08:00:00Z' };

/** Somebody with a task that has a reminder whose moment has just come. */
async function taskToRemindOf(given: object = {}, at = minutesAgo(1)) {
  const member = await signUpVerified(api());
  const task = await createTask(member, given);
  const reminder = await remind(member, task, { at: at.toISOString() });
  return { member, task, reminder };
}

/** What the owner has been sent once all that waits is sent. */
async function mailsTo(member: Member) {
  await untilRemindersAreSent();
  return reminderMails(mailServer(), member);
}

describe('A reminder whose moment has come', () => {
  test('brings one mail, and is marked', async () => {
    const { member, task, reminder } = await taskToRemindOf({
      title: 'Müll & Glas  \u{1F5D1}',
      dueDate: '2035-07-02T09:00:00Z',
    });
    await member.send('patch', '/users/me', { timeZone: 'Europe/Paris' });
    await bringForward(task);
    await fire();
    const mail = await reminderTo(mailServer(), member);
    expect(mail.to).toEqual([member.user.email]);
    const [firesAt] = (await remindersOf(member, task)).map((one) => one.firesAt);
    const asked = new Date(String(firesAt)).toLocaleString('sv-SE', { timeZone: 'Europe/Paris' });
    expect(mail.text.split('\n\n')).toEqual([
      'Müll & Glas \u{1F5D1}',
      'Due on 2035-07-02 at 11:00 (Europe/Paris).',
      `You asked to be reminded on ${asked.slice(0, 16).replace(' ', ' at ')} (Europe/Paris).`,
      `https://app.example.com/tasks/${task.id}`,
      expect.stringMatching(/^This is about your account at http\S+\n$/),
    ]);
    const [marked] = await remindersOf(member, task);
    expect(marked).toEqual({ ...reminder, firesAt, firedAt: expect.any(String) });
    expect((await TaskModel.findById(task.id).lean())?.remindAt).toBeUndefined();
    await fire();
    expect(await mailsTo(member)).toHaveLength(1);
  });

  test.each<[string, object, string]>([
    ['no due date', {}, 'It has no due date.'],
    ['a date', { dueDate: '2035-01-05' }, 'Due on 2035-01-05.'],
    ['a floating time', { dueDate: '2035-01-05T09:30:00' }, 'Due on 2035-01-05 at 09:30.'],
    [
      'a time in a zone',
      { dueDate: '2035-01-05T09:30:00', timeZone: 'Asia/Tokyo' },
      'Due on 2035-01-05 at 00:30 (UTC).',
    ],
  ])('tells %s where the owner is', async (_, given, words) => {
    const { member } = await taskToRemindOf(given);
    await fire();
    expect((await reminderTo(mailServer(), member)).text).toContain(`\n\n${words}\n\n`);
  });

  test('cannot add anything to the header', async () => {
    const plain = await taskToRemindOf({ title: 'Pay' });
    const title = 'Pay\r\nBcc: eve@example.com\r\n\r\nHello\u2028\u0085there';
    const { member } = await taskToRemindOf({ title });
    await fire();
    const { headerNames } = await reminderTo(mailServer(), plain.member);
    const mail = await reminderTo(mailServer(), member);
    expect(mail.headerNames).toEqual(headerNames);
    expect(mail.to).toEqual([member.user.email]);
    expect(mail.headers['subject']).toBe('Reminder: Pay Bcc: eve@example.com Hello there');
  });

  test('leaves those that are yet to come', async () => {
    const { member, task } = await taskToRemindOf();
    const later = await remind(member, task, soon);
    await fire();
    expect(await mailsTo(member)).toHaveLength(1);
    const [, left] = await remindersOf(member, task);
    expect(left).toEqual(later);
    expect((await TaskModel.findById(task.id).lean())?.remindAt).toEqual(new Date(soon.at));
  });

  test('brings a mail for each of several', async () => {
    const { member, task } = await taskToRemindOf();
    await remind(member, task, { at: minutesAgo(2).toISOString() });
    await fire();
    expect(await mailsTo(member)).toHaveLength(2);
  });

  test('of the next occurrence brings another mail', async () => {
    const member = await signUpVerified(api());
    const due = { dueDate: '2035-01-05', recurrence: 'FREQ=DAILY' };
    const task = await createTask(member, due);
    await remind(member, task, { before: 'P1D' });
    await bringForward(task);
    await fire();
    await complete(member, task);
    await bringForward(await openOne(member, task));
    await fire();
    expect(await mailsTo(member)).toHaveLength(2);
  });

  test('fires up to 24 hours late', async () => {
    const { member } = await taskToRemindOf({}, minutesAgo(24 * 60 - 5));
    await fire();
    expect(await mailsTo(member)).toHaveLength(1);
  });
});

describe('A reminder passes without a mail, and is marked', () => {
  test('more than 24 hours late', async () => {
    const { member, task } = await taskToRemindOf({}, minutesAgo(24 * 60 + 5));
    await fire();
    expect(await fired(member, task)).toEqual([true]);
    expect(await mailsTo(member)).toEqual([]);
  });

  test('when its task is done', async () => {
    const { member, task } = await taskToRemindOf();
    await complete(member, task);
    await fire();
    await member.send('patch', `/tasks/${task.id}`, { status: 'todo' });
    await fire();
    expect(await fired(member, task)).toEqual([true]);
    expect(await mailsTo(member)).toEqual([]);
  });

  test('when its task is in the trash', async () => {
    const { member, task } = await taskToRemindOf();
    await member.send('delete', `/tasks/${task.id}`);
    await fire();
    await member.send('post', `/trash/${task.id}/restore`);
    await fire();
    expect(await fired(member, task)).toEqual([true]);
    expect(await mailsTo(member)).toEqual([]);
  });

  test('when the address is not verified: a stranger may have given it', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    await remind(member, task, { at: minutesAgo(1).toISOString() });
    await fire();
    expect(await fired(member, task)).toEqual([true]);
    expect(await mailsTo(member)).toEqual([]);
  });

  test('when there is nothing to send mail with', async () => {
    const { member, task } = await taskToRemindOf();
    await fireReminders({ ...api().dependencies, mail: { isAvailable: false } });
    await fire();
    expect(await fired(member, task)).toEqual([true]);
    expect(await mailsTo(member)).toEqual([]);
  });
});
