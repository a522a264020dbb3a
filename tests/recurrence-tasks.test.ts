import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { instant } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import { complete, dayAfter, openOne, patch, seriesOf, tasksBelow } from './support/series.ts';

const api = useApi();

/** 2035 begins with a Monday, and nobody has missed anything of it yet. */
const daily = { dueDate: '2035-01-01', recurrence: 'FREQ=DAILY' };

const now = () => new Date().toISOString();
const stored = (task: { id: string }) => TaskModel.findById(task.id).lean();

describe('Completing an occurrence', () => {
  test.each([
    ['FREQ=DAILY', '2035-01-01', '2035-01-02'],
    ['FREQ=WEEKLY;BYDAY=MO,TH', '2035-01-01', '2035-01-04'],
    ['FREQ=WEEKLY;INTERVAL=2', '2035-01-01', '2035-01-15'],
    ['FREQ=MONTHLY', '2035-01-31', '2035-03-31'],
    ['FREQ=MONTHLY;BYMONTHDAY=-1', '2035-01-31', '2035-02-28'],
    ['FREQ=YEARLY', '2036-02-29', '2040-02-29'],
    // What does not match the rule is the first all the same.
    ['FREQ=WEEKLY;BYDAY=MO', '2035-01-02', '2035-01-08'],
    ['FREQ=DAILY', '2035-01-01T09:00:00', '2035-01-02T09:00:00'],
    ['FREQ=HOURLY;INTERVAL=6', '2035-01-01T21:00:00', '2035-01-02T03:00:00'],
    ['FREQ=DAILY', '2035-03-24T08:00:00.000Z', '2035-03-25T08:00:00.000Z'],
  ])('%s from %s on opens %s', async (recurrence, dueDate, next) => {
    const member = await signUp(api());
    const task = await createTask(member, { recurrence, dueDate });
    expect(await complete(member, task)).toMatchObject({ status: 'done', dueDate });
    expect(await openOne(member, task)).toMatchObject({
      status: 'todo',
      dueDate: next,
      occurrenceDate: next,
      recurrence,
      completedAt: null,
      version: 1,
    });
  });

  test.each([
    ['2035-03-24T09:00:00', '2035-03-25T09:00:00', '2035-03-25T07:00:00.000Z'],
    ['2035-10-27T09:00:00', '2035-10-28T09:00:00', '2035-10-28T08:00:00.000Z'],
    // The clocks go from 02:00 to 03:00, and back.
    ['2035-03-24T02:30:00', '2035-03-25T02:30:00', '2035-03-25T01:30:00.000Z'],
    ['2035-10-27T02:30:00', '2035-10-28T02:30:00', '2035-10-28T00:30:00.000Z'],
    ['2035-03-24T08:00:00.000Z', '2035-03-25T07:00:00.000Z', '2035-03-25T07:00:00.000Z'],
    ['2035-10-27T07:00:00.000Z', '2035-10-28T08:00:00.000Z', '2035-10-28T08:00:00.000Z'],
  ])('keeps the clock of the zone from %s on', async (dueDate, next, moment) => {
    const member = await signUp(api());
    const given = { recurrence: 'FREQ=DAILY', dueDate, timeZone: 'Europe/Paris' };
    const task = await createTask(member, given);
    await complete(member, task);
    const opened = await openOne(member, task);
    expect(opened).toMatchObject({ dueDate: next, timeZone: 'Europe/Paris' });
    expect((await stored(opened))?.deadline.toISOString()).toBe(moment);
  });

  test.each(['FREQ=DAILY;COUNT=3', 'FREQ=DAILY;UNTIL=20350103'])(
    '%s ends with the third',
    async (recurrence) => {
      for (const recurrenceAnchor of ['due', 'completion']) {
        // Anchored to completions, UNTIL is far away from today.
        if (recurrenceAnchor === 'completion' && recurrence.includes('UNTIL')) continue;
        const member = await signUp(api());
        const task = await createTask(member, { ...daily, recurrence, recurrenceAnchor });
        for (let done = 1; done <= 3; done += 1) {
          expect(await seriesOf(member, task)).toHaveLength(done);
          await complete(member, await openOne(member, task));
        }
        const series = await seriesOf(member, task);
        expect(series.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
      }
    },
  );

  test('counts the due date as the first, even where the rule does not match it', async () => {
    const member = await signUp(api());
    const recurrence = 'FREQ=WEEKLY;COUNT=2;BYDAY=MO';
    const task = await createTask(member, { dueDate: '2035-01-02', recurrence });
    await complete(member, task);
    await complete(member, await openOne(member, task));
    const dates = (await seriesOf(member, task)).map(({ dueDate }) => dueDate);
    expect(dates).toEqual(['2035-01-02', '2035-01-08']);
  });

  test.each([
    ['FREQ=DAILY', 'due', 'done', 0],
    ['FREQ=DAILY;INTERVAL=7', 'due', 'due', 14],
    ['FREQ=DAILY;INTERVAL=7', 'completion', 'done', 7],
    ['FREQ=DAILY;INTERVAL=3', 'completion', 'done', 3],
  ])(
    '%s by %s, done ten days late: the day on which it was %s, and %i more',
    async (recurrence, recurrenceAnchor, from, days) => {
      const member = await signUp(api());
      const dueDate = dayAfter(now(), -10);
      const task = await createTask(member, { recurrence, recurrenceAnchor, dueDate });
      const { completedAt } = await complete(member, task);
      const next = dayAfter(from === 'due' ? dueDate : String(completedAt), days);
      expect((await openOne(member, task)).dueDate).toBe(next);
    },
  );

  test.each([
    ['FREQ=DAILY;INTERVAL=3', 3],
    ['FREQ=DAILY;INTERVAL=7', 7],
    ['FREQ=DAILY;BYHOUR=9', 1],
  ])('%s by completion, moved ahead: in %i days', async (recurrence, days) => {
    const member = await signUp(api());
    const time = 'T09:00:00';
    const dueDate = dayAfter(now(), 7) + time;
    const given = { recurrence, recurrenceAnchor: 'completion', dueDate };
    const task = await patch(member, await createTask(member, given), {
      dueDate: dayAfter(now(), 0) + time,
    });
    const { completedAt } = await complete(member, task);
    expect((await openOne(member, task)).dueDate).toBe(dayAfter(String(completedAt), days) + time);
  });

  test('by completion, moved ahead, does not open the day of the calendar that was done', async () => {
    const member = await signUp(api());
    const dueDate = dayAfter(now(), 7);
    const day = Number(dueDate.slice(8));
    const recurrence = `FREQ=DAILY;BYMONTHDAY=${day}`;
    const given = { recurrence, recurrenceAnchor: 'completion', dueDate };
    const task = await createTask(member, given);
    await complete(member, await patch(member, task, { dueDate: dayAfter(now(), 0) }));
    const next = String((await openOne(member, task)).dueDate);
    expect(Number(next.slice(8))).toBe(day);
    expect(next > dueDate).toBe(true);
  });

  test('goes by the day where the owner is', async () => {
    const member = await signUp(api());
    await member.send('patch', '/users/me', { timeZone: 'Pacific/Kiritimati' });
    const task = await createTask(member, {
      dueDate: dayAfter(now(), -5),
      recurrence: 'FREQ=DAILY',
    });
    const { completedAt } = await complete(member, task);
    const there = dayAfter(String(completedAt), 14 / 24);
    expect((await openOne(member, task)).dueDate).toBe(there);
  });

  test('goes on from when it was scheduled, wherever this one was moved', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, recurrence: 'FREQ=WEEKLY' });
    const moved = await patch(member, task, { dueDate: '2035-01-05' });
    expect(moved).toMatchObject({ dueDate: '2035-01-05', occurrenceDate: '2035-01-01' });
    await complete(member, moved);
    expect(await openOne(member, task)).toMatchObject({
      dueDate: '2035-01-08',
      occurrenceDate: '2035-01-08',
    });
  });

  test('opens a task like the one that was closed, which stays as it was', async () => {
    const member = await signUp(api());
    const task = await createTask(member, {
      ...daily,
      title: 'Water the plants',
      description: 'all of them',
      priority: 'urgent',
      labels: ['home'],
      timeZone: 'Europe/Paris',
      startDate: '2034-12-30T08:00:00',
      duration: 'PT30M',
      estimate: 'PT1H',
      status: 'in_progress',
    });
    const closed = await complete(member, task);
    const next = await openOne(member, task);
    expect(next).toEqual({
      ...task,
      id: expect.any(String),
      status: 'todo',
      dueDate: '2035-01-02',
      occurrenceDate: '2035-01-02',
      startDate: '2034-12-31T08:00:00',
      createdAt: instant,
      updatedAt: instant,
    });
    expect(next.id).not.toBe(task.id);
    expect((await member.send('get', `/tasks/${task.id}`)).body).toEqual(closed);
    const found = await member.send('get', '/tasks?q=plants');
    expect(found.body.data).toHaveLength(2);
  });

  test('moves a day on by days, at whatever time this one was due', async () => {
    const member = await signUp(api());
    const task = await createTask(member, {
      dueDate: '2035-01-01T09:00:00',
      startDate: '2034-12-31',
      recurrence: 'FREQ=DAILY',
    });
    await complete(member, await patch(member, task, { dueDate: '2035-01-01T18:00:00' }));
    expect((await openOne(member, task)).startDate).toBe('2035-01-01');
  });

  test('brings back the reminders that count from the due date', async () => {
    const member = await signUp(api());
    const task = await createTask(member, {
      dueDate: '2035-03-24T09:00:00',
      timeZone: 'Europe/Paris',
      recurrence: 'FREQ=DAILY',
    });
    const createdAt = new Date();
    const firedAt = new Date('2035-03-23T08:00:00.000Z');
    const reminders = [
      { _id: new Types.ObjectId(), before: 'P1D', firesAt: firedAt, firedAt, createdAt },
      { _id: new Types.ObjectId(), before: 'PT30M', firesAt: firedAt, createdAt },
      { _id: new Types.ObjectId(), at: firedAt, firesAt: firedAt, createdAt },
    ];
    await TaskModel.updateOne({ _id: task.id }, { $set: { reminders } });
    await complete(member, task);
    const next = await stored(await openOne(member, task));
    expect(next?.reminders).toEqual([
      {
        _id: expect.any(Types.ObjectId),
        before: 'P1D',
        firesAt: new Date('2035-03-24T08:00:00.000Z'),
        createdAt,
      },
      {
        _id: expect.any(Types.ObjectId),
        before: 'PT30M',
        firesAt: new Date('2035-03-25T06:30:00.000Z'),
        createdAt,
      },
    ]);
    expect(next?.remindAt).toEqual(new Date('2035-03-24T08:00:00.000Z'));
  });

  test('brings back all subtasks as they were before, and leaves the old ones', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, recurrence: 'FREQ=WEEKLY' });
    const below = (parentId: string, given: object) => createTask(member, { parentId, ...given });
    const one = await below(task.id, { title: 'A', status: 'done', dueDate: '2034-12-31' });
    await below(one.id, { title: 'A1', status: 'done' });
    await below(task.id, { title: 'B', labels: ['home'] });
    await complete(member, task);
    const next = await openOne(member, task);
    const [first, second, ...others] = await tasksBelow(member, next);
    expect(others).toEqual([]);
    expect(first).toMatchObject({
      title: 'A',
      status: 'todo',
      completedAt: null,
      dueDate: '2035-01-07',
      recurrence: null,
    });
    expect(second).toMatchObject({ title: 'B', status: 'todo', labels: ['home'] });
    expect(await tasksBelow(member, first as Task)).toEqual([
      expect.objectContaining({ title: 'A1', status: 'todo' }),
    ]);
    const before = await tasksBelow(member, task);
    expect(before.map(({ status }) => status)).toEqual(['done', 'todo']);
  });

  test('brings back a subtask that recurs in itself once, with a series of its own', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, recurrence: 'FREQ=WEEKLY' });
    const subtask = await createTask(member, { ...daily, parentId: task.id });
    await complete(member, subtask);
    await complete(member, task);
    const [copy, ...others] = await tasksBelow(member, await openOne(member, task));
    expect(others).toEqual([]);
    expect(copy).toMatchObject({
      status: 'todo',
      dueDate: '2035-01-09',
      occurrenceDate: '2035-01-09',
      recurrence: 'FREQ=DAILY',
    });
    expect(copy?.seriesId).not.toBe(subtask.seriesId);
  });
});
