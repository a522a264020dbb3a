import { describe, expect, test } from '@jest/globals';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { expectProblem, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import { complete, openOne, patch, seriesOf } from './support/series.ts';

const api = useApi();

/** 2035 begins with a Monday, and nobody has missed anything of it yet. */
const daily = { dueDate: '2035-01-01', recurrence: 'FREQ=DAILY' };

const stored = (task: { id: string }) => TaskModel.findById(task.id).lean();

describe('POST /tasks with a recurrence', () => {
  test('201: begins a series with its due date', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, recurrence: 'rrule:freq=weekly;byday=mo' });
    expect(task).toMatchObject({
      recurrence: 'FREQ=WEEKLY;BYDAY=MO',
      recurrenceAnchor: 'due',
      seriesId: expect.any(String),
      occurrenceDate: '2035-01-01',
      dueDate: '2035-01-01',
    });
    expect((await createTask(member, daily)).seriesId).not.toBe(task.seriesId);
  });

  test('201: opens the next at once where this one is done', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, status: 'done' });
    expect(task).toMatchObject({ status: 'done', dueDate: '2035-01-01' });
    expect(await openOne(member, task)).toMatchObject({ status: 'todo', dueDate: '2035-01-02' });
  });

  test.each([
    ['no due date', { recurrence: 'FREQ=DAILY' }],
    ['times for a date', { ...daily, recurrence: 'FREQ=DAILY;BYHOUR=9' }],
    ['hours for a date', { ...daily, recurrence: 'FREQ=HOURLY' }],
    ['the end in another form', { ...daily, recurrence: 'FREQ=DAILY;UNTIL=20350201T000000Z' }],
    [
      'a local end in a time zone',
      {
        dueDate: '2035-01-01T09:00:00',
        timeZone: 'Europe/Paris',
        recurrence: 'FREQ=DAILY;UNTIL=20350201T000000',
      },
    ],
    ['no day at all', { ...daily, recurrence: 'FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30' }],
    ['what is no rule', { ...daily, recurrence: 'every day' }],
    ['an operator', { ...daily, recurrence: { $ne: null } }],
  ])('422: %s', async (_, given) => {
    const member = await signUp(api());
    const answer = await member.send('post', '/tasks', { title: 'Water the plants', ...given });
    expect(violationsIn(answer)).toEqual([expect.stringMatching(/^body\.recurrence /)]);
  });
});

describe('PATCH /tasks/:id of a recurring task', () => {
  test('200: a due date and a rule begin the series anew', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, recurrence: 'FREQ=DAILY;COUNT=2' });
    await complete(member, task);
    const second = await openOne(member, task);
    const changed = await patch(member, second, {
      dueDate: '2035-02-01',
      recurrence: 'FREQ=DAILY;COUNT=2',
    });
    expect(changed).toMatchObject({ seriesId: task.seriesId, occurrenceDate: '2035-02-01' });
    await complete(member, changed);
    expect((await openOne(member, task)).dueDate).toBe('2035-02-02');
  });

  test('200: the same rule again changes nothing', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    expect(await patch(member, task, daily)).toEqual(task);
  });

  test('200: another anchor begins the series anew', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const moved = await patch(member, task, { dueDate: '2035-01-05' });
    const changed = await patch(member, moved, { recurrenceAnchor: 'completion' });
    expect(changed).toMatchObject({
      recurrenceAnchor: 'completion',
      occurrenceDate: '2035-01-05',
      seriesId: task.seriesId,
    });
    expect(await patch(member, changed, { recurrenceAnchor: null })).toMatchObject({
      recurrenceAnchor: 'due',
    });
  });

  test('200: null ends the series and keeps what belongs together', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const ended = await patch(member, task, { recurrence: null, dueDate: null });
    expect(ended).toMatchObject({ recurrence: null, dueDate: null, seriesId: task.seriesId });
    await complete(member, ended);
    expect(await seriesOf(member, task)).toHaveLength(1);
    expect((await stored(task))?.series).not.toHaveProperty('rule');
  });

  test('200: a task that is done already goes on once it recurs', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { status: 'done' });
    const changed = await patch(member, task, daily);
    expect((await openOne(member, changed)).dueDate).toBe('2035-01-02');
    const [plain, both] = [await createTask(member), { ...daily, status: 'done' }];
    expect((await openOne(member, await patch(member, plain, both))).dueDate).toBe('2035-01-02');
  });

  test('200: done with an end to the series is the end of it', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    await patch(member, task, { status: 'done', recurrence: null });
    expect(await seriesOf(member, task)).toHaveLength(1);
  });

  test('200: another rule for one that the series has passed begins another series', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    await complete(member, task);
    const changed = await patch(member, task, { recurrence: 'FREQ=WEEKLY' });
    expect(changed.seriesId).not.toBe(task.seriesId);
    expect((await openOne(member, task)).dueDate).toBe('2035-01-02');
    expect((await openOne(member, changed)).dueDate).toBe('2035-01-08');
  });

  test('200: a time for this occurrence alone leaves the others as they are', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    await complete(member, await patch(member, task, { dueDate: '2035-01-01T18:00:00' }));
    expect((await openOne(member, task)).dueDate).toBe('2035-01-02');
  });

  test('200: another time zone keeps the clock of a local time', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, dueDate: '2035-01-01T09:00:00' });
    await complete(member, await patch(member, task, { timeZone: 'Asia/Tokyo' }));
    const next = await openOne(member, task);
    expect(next.dueDate).toBe('2035-01-02T09:00:00');
    expect((await stored(next))?.deadline.toISOString()).toBe('2035-01-02T00:00:00.000Z');
  });

  test('200: another time zone together with the rule begins the series of an instant anew', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { ...daily, dueDate: '2035-03-24T08:00:00.000Z' });
    const zone = { timeZone: 'Europe/Paris', recurrence: daily.recurrence };
    await complete(member, await patch(member, task, zone));
    expect((await openOne(member, task)).dueDate).toBe('2035-03-25T07:00:00.000Z');
  });

  test('422: no due date, without an end to the series', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const answer = await member.send('patch', `/tasks/${task.id}`, { dueDate: null });
    expect(violationsIn(answer)).toEqual(['body.dueDate due_date_missing']);
  });

  test.each([
    [{ recurrence: 'FREQ=DAILY' }, {}, 'body.recurrence due_date_missing'],
    [{ recurrence: 'FREQ=HOURLY' }, daily, 'body.recurrence does_not_fit'],
    [{ recurrence: 'x' }, daily, 'body.recurrence custom'],
    [{ recurrenceAnchor: 'x' }, daily, 'body.recurrenceAnchor invalid_value'],
    [
      { timeZone: 'Europe/Paris' },
      { ...daily, dueDate: '2035-01-01T09:00:00.000Z' },
      'body.timeZone does_not_fit',
    ],
    [
      { timeZone: 'Europe/Paris' },
      { dueDate: '2035-01-01T09:00:00', recurrence: 'FREQ=DAILY;UNTIL=20350201T000000' },
      'body.timeZone does_not_fit',
    ],
  ])('422: %j for %j', async (changes, given, violation) => {
    const member = await signUp(api());
    const task = await createTask(member, given);
    const answer = await member.send('patch', `/tasks/${task.id}`, changes);
    expect(violationsIn(answer)).toEqual([violation]);
    expect((await member.send('get', `/tasks/${task.id}`)).body).toEqual(task);
  });

  test("404: somebody else's", async () => {
    const owner = await signUp(api());
    const task = await createTask(owner, daily);
    const other = await signUp(api());
    expectProblem(
      await other.send('patch', `/tasks/${task.id}`, { status: 'done' }),
      404,
      'not_found',
    );
    expect((await seriesOf(owner, task)).map(({ status }) => status)).toEqual(['todo']);
  });
});
