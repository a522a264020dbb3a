import { describe, expect, test } from '@jest/globals';
import { maximumExceptions } from '../src/features/occurrences/occurrences.contract.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { expectProblem, expectUnauthorized, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, send, signUp } from './support/factories.ts';
import {
  coming,
  complete,
  dayAfter,
  january,
  move,
  occurrencesPath as pathOf,
  openOne,
  read,
  skip,
  tasksBelow,
} from './support/series.ts';

const api = useApi();

/** 2035 begins with a Monday, and nobody has missed anything of it yet. */
const daily = { dueDate: '2035-01-01', recurrence: 'FREQ=DAILY' };
const byCompletion = { ...daily, recurrenceAnchor: 'completion' };

const now = () => new Date().toISOString();

describe('DELETE /tasks/:id/occurrences/:occurrenceDate', () => {
  describe('204', () => {
    test('leaves out a coming one, any number of times', async () => {
      const member = await signUp(api());
      const task = await createTask(member, daily);
      expect((await skip(member, task, '2035-01-02')).status).toBe(204);
      const { version } = await read(member, task);
      expect((await skip(member, task, '2035-01-02')).status).toBe(204);
      expect((await read(member, task)).version).toBe(version);
      await skip(member, task, '2035-01-04');
      expect(await coming(member, task)).toEqual(january(3, 5, 6, 7));
      await complete(member, task);
      const next = await openOne(member, task);
      expect(next.dueDate).toBe('2035-01-03');
      expect(await coming(member, next, 1)).toEqual(january(5));
    });

    test('counts what is left out', async () => {
      const member = await signUp(api());
      const task = await createTask(member, { ...daily, recurrence: 'FREQ=DAILY;COUNT=3' });
      await skip(member, task, '2035-01-02');
      expect(await coming(member, task)).toEqual(january(3));
    });

    test('takes the open task on to the next, as one to do', async () => {
      const member = await signUp(api());
      const task = await createTask(member, {
        ...daily,
        startDate: '2034-12-31',
        status: 'in_progress',
      });
      await createTask(member, { parentId: task.id });
      await skip(member, task, '2035-01-02');
      expect((await skip(member, task, '2035-01-01')).status).toBe(204);
      expect(await read(member, task)).toMatchObject({
        id: task.id,
        status: 'todo',
        dueDate: '2035-01-03',
        occurrenceDate: '2035-01-03',
        startDate: '2035-01-02',
        seriesId: task.seriesId,
      });
      expect(await tasksBelow(member, task)).toHaveLength(1);
      expect((await skip(member, task, '2035-01-01')).status).toBe(204);
      expect((await openOne(member, task)).dueDate).toBe('2035-01-03');
    });

    test('skips once when twenty do it at once', async () => {
      const member = await signUp(api());
      const task = await createTask(member, daily);
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => skip(member, task, '2035-01-01')),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 204));
      expect((await openOne(member, task)).dueDate).toBe('2035-01-02');
    });

    test('counts from the day on which it was due, by completion too', async () => {
      const member = await signUp(api());
      const recurrence = 'FREQ=DAILY;INTERVAL=3;COUNT=3';
      const task = await createTask(member, { ...byCompletion, recurrence });
      await skip(member, task, '2035-01-01');
      expect((await read(member, task)).dueDate).toBe('2035-01-04');
      await skip(member, task, '2035-01-04');
      const answer = await skip(member, task, '2035-01-07');
      expect(violationsIn(answer)).toEqual(['path.occurrenceDate last_occurrence']);
    });

    test('takes an instant in any way of writing it', async () => {
      const member = await signUp(api());
      const task = await createTask(member, { ...daily, dueDate: '2035-01-01T09:00:00.000Z' });
      expect((await skip(member, task, '2035-01-02T10:00:00+01:00')).status).toBe(204);
      expect(await coming(member, task, 1)).toEqual(['2035-01-03T09:00:00.000Z']);
    });
  });

  test('401: asks for a token', async () => {
    const task = await createTask(await signUp(api()), daily);
    const answer = await send(api(), undefined, 'delete', pathOf(task, '2035-01-02'));
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('403: a hundred at most, of those to come', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const excluded = Array.from({ length: maximumExceptions }, (_, day) =>
      dayAfter('2036-01-01', day),
    );
    await TaskModel.updateOne({ _id: task.id }, { $set: { 'series.excluded': excluded } });
    expectProblem(await skip(member, task, '2035-01-05'), 403, 'limit_reached');
    // The open one always can be.
    expect((await skip(member, task, '2035-01-01')).status).toBe(204);
    expect((await skip(member, task, '2035-01-01')).status).toBe(204);
  });

  test.each(['2035-01-09', '2034-12-31', '2035-01-02T00:00:00', 'x', '2035-02-30', '$ne'])(
    '404: %s is no occurrence',
    async (date) => {
      const member = await signUp(api());
      const task = await createTask(member, { ...daily, recurrence: 'FREQ=WEEKLY' });
      expectProblem(await skip(member, task, date), 404, 'not_found');
    },
  );

  test("404: somebody else's, one that is done, and one that does not recur", async () => {
    const owner = await signUp(api());
    const member = await signUp(api());
    const task = await createTask(owner, daily);
    expectProblem(await skip(member, task, '2035-01-02'), 404, 'not_found');
    expect(await coming(owner, task, 1)).toEqual(january(2));
    await complete(owner, task);
    for (const date of january(1, 2)) {
      expectProblem(await skip(owner, task, date), 404, 'not_found');
    }
    const plain = await createTask(owner, { dueDate: '2035-01-01' });
    expectProblem(await skip(owner, plain, '2035-01-01'), 404, 'not_found');
  });

  test('412: another version', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const answer = await send(api(), member.accessToken, 'delete', pathOf(task, '2035-01-01')).set(
      'If-Match',
      '"7"',
    );
    expectProblem(answer, 412, 'precondition_failed');
    expect(answer.headers['etag']).toBe('"1"');
    expect((await read(member, task)).dueDate).toBe('2035-01-01');
  });

  test('422: the last one, and an estimate', async () => {
    const member = await signUp(api());
    const last = await createTask(member, { ...daily, recurrence: 'FREQ=DAILY;COUNT=1' });
    const refused = await skip(member, last, '2035-01-01');
    expect(violationsIn(refused)).toEqual(['path.occurrenceDate last_occurrence']);
    const task = await createTask(member, byCompletion);
    const estimated = await skip(member, task, '2035-01-02');
    expect(violationsIn(estimated)).toEqual(['path.occurrenceDate estimated']);
  });
});

describe('PUT /tasks/:id/occurrences/:occurrenceDate', () => {
  describe('200', () => {
    test('moves a coming one, and it alone', async () => {
      const member = await signUp(api());
      const task = await createTask(member, daily);
      const answer = await move(member, task, '2035-01-02', '2035-01-05T18:00');
      expect(answer.status).toBe(200);
      const moved = { occurrenceDate: '2035-01-02', dueDate: '2035-01-05T18:00:00' };
      expect(answer.body).toEqual(moved);
      expect(answer.headers['etag']).toBe('"2"');
      expect(await coming(member, task, 2)).toEqual([
        '2035-01-02>2035-01-05T18:00:00',
        '2035-01-03',
      ]);
      await complete(member, task);
      const next = await openOne(member, task);
      expect(next).toMatchObject(moved);
      await complete(member, next);
      expect(await openOne(member, task)).toMatchObject({ dueDate: '2035-01-03' });
    });

    test('moves it again, and back', async () => {
      const member = await signUp(api());
      const task = await createTask(member, daily);
      await move(member, task, '2035-01-02', '2035-01-05');
      await move(member, task, '2035-01-02', '2035-01-06');
      expect(await coming(member, task, 1)).toEqual(['2035-01-02>2035-01-06']);
      await move(member, task, '2035-01-02', '2035-01-02');
      expect(await coming(member, task, 1)).toEqual(january(2));
    });

    test('brings back one that was left out; leaving it out forgets where it was moved', async () => {
      const member = await signUp(api());
      const task = await createTask(member, daily);
      await move(member, task, '2035-01-02', '2035-01-05');
      await skip(member, task, '2035-01-02');
      expect(await coming(member, task, 1)).toEqual(january(3));
      await move(member, task, '2035-01-02', '2035-01-02');
      expect(await coming(member, task, 1)).toEqual(january(2));
    });

    test('moves the open one as a change of its due date does', async () => {
      const member = await signUp(api());
      const task = await createTask(member, byCompletion);
      const answer = await move(member, task, '2035-01-01', '2035-01-03');
      expect(answer.body).toEqual({ occurrenceDate: '2035-01-01', dueDate: '2035-01-03' });
      expect(await read(member, task)).toMatchObject({
        dueDate: '2035-01-03',
        occurrenceDate: '2035-01-01',
      });
    });

    test('keeps one whose day has passed, and that was moved to one that has not', async () => {
      const member = await signUp(api());
      const dueDate = dayAfter(now(), -20);
      const task = await createTask(member, { dueDate, recurrence: 'FREQ=DAILY;INTERVAL=14' });
      const [passed, due] = [dayAfter(dueDate, 14), dayAfter(dueDate, 40)];
      await move(member, task, passed, due);
      expect(await coming(member, task, 2)).toEqual([`${passed}>${due}`, dayAfter(dueDate, 28)]);
      await complete(member, task);
      expect(await openOne(member, task)).toMatchObject({ occurrenceDate: passed, dueDate: due });
    });
  });

  test('401: asks for a token', async () => {
    const task = await createTask(await signUp(api()), daily);
    const answer = await send(api(), undefined, 'put', pathOf(task, '2035-01-02')).send({
      dueDate: '2035-01-03',
    });
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('403: a hundred at most', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const moved = Array.from({ length: maximumExceptions }, (_, day) => ({
      occurrence: dayAfter('2036-01-01', day),
      due: '2037-01-01',
    }));
    await TaskModel.updateOne({ _id: task.id }, { $set: { 'series.moved': moved } });
    expectProblem(await move(member, task, '2035-01-05', '2035-01-06'), 403, 'limit_reached');
    expect((await move(member, task, '2036-01-01', '2035-01-06')).status).toBe(200);
  });

  test("404: what is no occurrence, and somebody else's", async () => {
    const member = await signUp(api());
    const other = await signUp(api());
    const task = await createTask(member, { ...daily, recurrence: 'FREQ=WEEKLY' });
    expectProblem(await move(member, task, '2035-01-09', '2035-01-10'), 404, 'not_found');
    expectProblem(await move(member, task, '2034-12-25', '2035-01-10'), 404, 'not_found');
    expectProblem(await move(other, task, '2035-01-08', '2035-01-10'), 404, 'not_found');
    expect(await coming(member, task, 1)).toEqual(january(8));
  });

  test('412: another version', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const answer = await send(api(), member.accessToken, 'put', pathOf(task, '2035-01-02'))
      .set('If-Match', '"7"')
      .send({ dueDate: '2035-01-03' });
    expectProblem(answer, 412, 'precondition_failed');
    expect(await coming(member, task, 1)).toEqual(january(2));
  });

  test.each([{}, { dueDate: null }, { dueDate: 'tomorrow' }, { dueDate: '2035-02-30' }])(
    '422: %j',
    async (body) => {
      const member = await signUp(api());
      const task = await createTask(member, daily);
      const answer = await member.send('put', pathOf(task, '2035-01-02'), body);
      expect(violationsIn(answer)).toEqual([expect.stringMatching(/^body\.dueDate /)]);
    },
  );

  test('422: an estimate', async () => {
    const member = await signUp(api());
    const task = await createTask(member, byCompletion);
    const answer = await move(member, task, '2035-01-02', '2035-01-03');
    expect(violationsIn(answer)).toEqual(['path.occurrenceDate estimated']);
  });
});
