import { describe, expect, test } from '@jest/globals';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import { remind, remindersOf } from './support/reminders.ts';
import { complete, move, openOne, skip } from './support/series.ts';

const api = useApi();

const firings = async (member: Member, task: { id: string }) =>
  (await remindersOf(member, task)).map(({ firesAt, firedAt }) => [firesAt, firedAt]);
const stored = (task: { id: string }) => TaskModel.findById(task.id).lean();
const fired = '2034-12-31T00:00:00.000Z';

/** Marks all reminders of a task as fired. */
async function letFire({ id }: { id: string }): Promise<void> {
  const marks = { 'reminders.$[].firedAt': new Date(fired) };
  await TaskModel.updateOne({ _id: id }, { $set: marks, $unset: { remindAt: true } });
}

async function taskWithReminder(given: object = {}) {
  const member = await signUp(api());
  const task = await createTask(member, { dueDate: '2035-01-05T09:00:00Z', ...given });
  const reminder = await remind(member, task, { before: 'PT1H' });
  return { member, task, reminder };
}

describe('A reminder that counts back from the due date', () => {
  test('follows it, and fires anew, in the same change', async () => {
    const { member, task, reminder } = await taskWithReminder();
    await letFire(task);
    const { body } = await member.send('patch', `/tasks/${task.id}`, { dueDate: '2035-02-01' });
    expect(body.version).toBe(task.version + 2);
    expect(await remindersOf(member, task)).toEqual([
      { ...reminder, firesAt: '2035-02-01T08:00:00.000Z' },
    ]);
    expect((await stored(task))?.remindAt).toEqual(new Date('2035-02-01T08:00:00Z'));
  });

  test('follows the time zone of the task', async () => {
    const { member, task } = await taskWithReminder({ dueDate: '2035-01-05T09:00:00' });
    await member.send('patch', `/tasks/${task.id}`, { timeZone: 'Asia/Tokyo' });
    expect(await firings(member, task)).toEqual([['2035-01-04T23:00:00.000Z', null]]);
  });

  test('rests while there is no due date', async () => {
    const { member, task } = await taskWithReminder();
    await member.send('patch', `/tasks/${task.id}`, { dueDate: null });
    expect(await firings(member, task)).toEqual([[null, null]]);
    expect((await stored(task))?.remindAt).toBeUndefined();
    await member.send('patch', `/tasks/${task.id}`, { dueDate: '2035-01-06' });
    expect(await firings(member, task)).toEqual([['2035-01-06T08:00:00.000Z', null]]);
  });

  test.each<[string, object]>([
    ['another title', { title: 'Pay more rent' }],
    ['the due date that it has', { dueDate: '2035-01-05T09:00:00Z' }],
    ['the same moment, written otherwise', { dueDate: '2035-01-05T09:00:00', timeZone: 'UTC' }],
  ])('does not fire anew with %s', async (_, patch) => {
    const { member, task } = await taskWithReminder();
    await letFire(task);
    await member.send('patch', `/tasks/${task.id}`, patch);
    expect(await firings(member, task)).toEqual([['2035-01-05T08:00:00.000Z', fired]]);
  });

  test('follows an occurrence that is moved or skipped', async () => {
    const { member, task } = await taskWithReminder({ recurrence: 'FREQ=DAILY' });
    const open = '2035-01-05T09:00:00.000Z';
    await move(member, task, open, '2035-01-05T12:00:00Z');
    expect(await firings(member, task)).toEqual([['2035-01-05T11:00:00.000Z', null]]);
    await letFire(task);
    await skip(member, task, open);
    expect(await firings(member, task)).toEqual([['2035-01-06T08:00:00.000Z', null]]);
  });

  test('comes again with the next occurrence, to fire anew', async () => {
    const { member, task, reminder } = await taskWithReminder({ recurrence: 'FREQ=DAILY' });
    await remind(member, task, { at: '2035-01-01T00:00:00Z' });
    await letFire(task);
    await complete(member, task);
    const next = await openOne(member, task);
    const [again, ...others] = await remindersOf(member, next);
    expect(others).toEqual([]);
    expect(again).toMatchObject({
      taskId: next.id,
      before: 'PT1H',
      firesAt: '2035-01-06T08:00:00.000Z',
      firedAt: null,
    });
    expect(again?.id).not.toBe(reminder.id);
    expect((await stored(next))?.remindAt).toEqual(new Date('2035-01-06T08:00:00Z'));
    expect(await firings(member, task)).toEqual([
      ['2035-01-05T08:00:00.000Z', fired],
      ['2035-01-01T00:00:00.000Z', fired],
    ]);
  });
});

test('A reminder at a moment stays when the due date moves', async () => {
  const { member, task } = await taskWithReminder();
  await remind(member, task, { at: '2035-01-01T00:00:00Z' });
  await letFire(task);
  await member.send('patch', `/tasks/${task.id}`, { dueDate: '2035-02-01' });
  const [, absolute] = await firings(member, task);
  expect(absolute).toEqual(['2035-01-01T00:00:00.000Z', fired]);
});
