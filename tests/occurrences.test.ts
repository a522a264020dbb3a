import { describe, expect, test } from '@jest/globals';
import { expectProblem, expectUnauthorized, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, send, signUp } from './support/factories.ts';
import {
  coming,
  complete,
  dayAfter,
  january,
  occurrencesPath as pathOf,
  openOne,
  patch,
} from './support/series.ts';

const api = useApi();

/** 2035 begins with a Monday, and nobody has missed anything of it yet. */
const daily = { dueDate: '2035-01-01', recurrence: 'FREQ=DAILY' };
const byCompletion = { ...daily, recurrenceAnchor: 'completion' };

const now = () => new Date().toISOString();

describe('GET /tasks/:id/occurrences', () => {
  describe('200', () => {
    test('shows what comes after the open one, page by page', async () => {
      const member = await signUp(api());
      const task = await createTask(member, { ...daily, recurrence: 'FREQ=DAILY;COUNT=26' });
      const { body, headers } = await member.send('get', pathOf(task));
      expect(body.data).toHaveLength(20);
      expect(body.data[0]).toEqual({ occurrenceDate: '2035-01-02', dueDate: '2035-01-02' });
      expect(headers['link']).toContain('rel="next"');
      const cursor = encodeURIComponent(String(body.nextCursor));
      const rest = await member.send('get', `${pathOf(task)}?cursor=${cursor}`);
      const dates = (rest.body.data as { dueDate: string }[]).map(({ dueDate }) => dueDate);
      expect(dates).toEqual(january(22, 23, 24, 25, 26));
      expect(rest.body.nextCursor).toBeNull();
    });

    test.each([
      ['FREQ=WEEKLY;BYDAY=MO', '2035-01-02', ['2035-01-08', '2035-01-15']],
      ['FREQ=MONTHLY', '2035-01-31', ['2035-03-31', '2035-05-31']],
      [
        'FREQ=DAILY',
        '2035-01-01T09:00:00.000Z',
        ['2035-01-02T09:00:00.000Z', '2035-01-03T09:00:00.000Z'],
      ],
    ])('%s from %s on', async (recurrence, dueDate, dates) => {
      const member = await signUp(api());
      const task = await createTask(member, { recurrence, dueDate });
      expect(await coming(member, task, 2)).toEqual(dates);
      const { body } = await member.send('get', `${pathOf(task)}?limit=1`);
      const cursor = encodeURIComponent(String(body.nextCursor));
      const next = await member.send('get', `${pathOf(task)}?limit=1&cursor=${cursor}`);
      expect(next.body.data[0].dueDate).toBe(dates[1]);
      await complete(member, task);
      expect((await openOne(member, task)).dueDate).toBe(dates[0]);
    });

    test('leaves out what would not be opened any more', async () => {
      const member = await signUp(api());
      const dueDate = dayAfter(now(), -10);
      const task = await createTask(member, { dueDate, recurrence: 'FREQ=DAILY;INTERVAL=7' });
      expect(await coming(member, task, 2)).toEqual([dayAfter(dueDate, 14), dayAfter(dueDate, 21)]);
    });

    test('estimates those that count from the completion, as many as are left', async () => {
      const member = await signUp(api());
      const recurrence = 'FREQ=DAILY;INTERVAL=3;COUNT=4';
      const task = await createTask(member, { ...byCompletion, recurrence });
      expect(await coming(member, task)).toEqual(january(4, 7, 10));
      const { body } = await member.send('get', `${pathOf(task)}?limit=2`);
      const cursor = encodeURIComponent(String(body.nextCursor));
      const rest = await member.send('get', `${pathOf(task)}?cursor=${cursor}`);
      expect(rest.body.data).toEqual([{ occurrenceDate: '2035-01-10', dueDate: '2035-01-10' }]);
    });

    test('is empty for a task that does not recur, that is done, or that the series has passed', async () => {
      const member = await signUp(api());
      expect(await coming(member, await createTask(member, { dueDate: '2035-01-01' }))).toEqual([]);
      const task = await createTask(member, daily);
      await complete(member, task);
      expect(await coming(member, task)).toEqual([]);
      await patch(member, task, { status: 'todo' });
      expect(await coming(member, task)).toEqual([]);
      const last = await createTask(member, { ...daily, recurrence: 'FREQ=DAILY;COUNT=1' });
      expect(await coming(member, last)).toEqual([]);
    });
  });

  test('401: asks for a token', async () => {
    const task = await createTask(await signUp(api()), daily);
    expectUnauthorized(await send(api(), undefined, 'get', pathOf(task)), 'unauthenticated');
  });

  test("404: somebody else's, and what is not there", async () => {
    const task = await createTask(await signUp(api()), daily);
    const other = await signUp(api());
    expectProblem(await other.send('get', pathOf(task)), 404, 'not_found');
    expectProblem(await other.send('get', pathOf({ id: 'x' })), 404, 'not_found');
  });

  test('422: a cursor of another list, or one that was made up', async () => {
    const member = await signUp(api());
    const [task, other] = [await createTask(member, daily), await createTask(member, daily)];
    const { body } = await member.send('get', `${pathOf(other)}?limit=1`);
    const [list, , id] = JSON.parse(
      Buffer.from(String(body.nextCursor), 'base64url').toString(),
    ) as [string, string[], string];
    const forged = Buffer.from(JSON.stringify([list, ['never'], id])).toString('base64url');
    for (const [asked, cursor] of [
      [task, body.nextCursor],
      [other, forged],
      [other, 'x'],
    ]) {
      const answer = await member.send('get', `${pathOf(asked)}?cursor=${cursor}`);
      expect(violationsIn(answer)).toEqual(['query.cursor invalid_cursor']);
    }
  });
});
