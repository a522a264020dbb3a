import { describe, expect, jest, test } from '@jest/globals';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { maximumTasks } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { createTask, send, signUp } from './support/factories.ts';

const api = useApi();

/** What a refused creation complains about: the places and the codes. */
async function refusalOf(task: object): Promise<string[]> {
  const member = await signUp(api());
  const answer = await member.send('post', '/tasks', task);
  expect(answer.status).toBe(422);
  expect(answer.body.code).toBe('validation_failed');
  return answer.body.errors.map(({ path, code }: Record<string, string>) => `${path} ${code}`);
}

describe('POST /tasks', () => {
  describe('201', () => {
    test('creates a task with the defaults of what is omitted', async () => {
      const member = await signUp(api());
      const task = await createTask(member, { title: 'Pay rent' });
      expect(task).toEqual({
        id: expect.any(String),
        title: 'Pay rent',
        description: '',
        status: 'todo',
        priority: 'medium',
        dueDate: null,
        timeZone: null,
        startDate: null,
        duration: null,
        estimate: null,
        recurrence: null,
        recurrenceAnchor: 'due',
        seriesId: null,
        occurrenceDate: null,
        labels: [],
        projectId: member.user.id,
        sectionId: null,
        parentId: null,
        rank: expect.stringMatching(/^[0-9A-Za-z]+$/),
        completedAt: null,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        updatedAt: task.createdAt,
        version: 1,
      });
    });

    test('tells where the task is, and its version', async () => {
      const member = await signUp(api());
      const created = await member.send('post', '/tasks', { title: 'Pay rent' });
      expect(created.status).toBe(201);
      expect(created.headers).toMatchObject({
        location: `/api/v1/tasks/${created.body.id}`,
        etag: '"1"',
        'cache-control': 'private, no-cache',
      });
      const read = await member.send('get', created.headers['location'] ?? '');
      expect(read.body).toEqual(created.body);
    });

    test('keeps everything that was given', async () => {
      const member = await signUp(api());
      const given = {
        title: 'Pay rent',
        description: '  two\n  lines, with white space kept  ',
        status: 'in_progress',
        priority: 'urgent',
        dueDate: '2026-12-01T09:30:00',
        timeZone: 'Europe/Paris',
        startDate: '2026-11-30',
        duration: 'PT1H30M',
        estimate: 'P1DT2H',
        labels: ['home', 'Zürich 🏠'],
      };
      expect(await createTask(member, given)).toMatchObject(given);
    });

    test('trims the title', async () => {
      const member = await signUp(api());
      expect(await createTask(member, { title: ' \t Pay rent \n' })).toMatchObject({
        title: 'Pay rent',
      });
    });

    test('counts characters, not UTF-16 units', async () => {
      const member = await signUp(api());
      const title = '🏠'.repeat(200);
      expect(await createTask(member, { title })).toMatchObject({ title });
    });

    test('stamps a task that is created as done', async () => {
      const member = await signUp(api());
      const task = await createTask(member, { status: 'done' });
      expect(task.completedAt).toBe(task.createdAt);
    });

    test.each([
      ['2026-12-01', '2026-12-01'],
      ['2028-02-29', '2028-02-29'],
      ['1900-01-01', '1900-01-01'],
      ['9998-12-31', '9998-12-31'],
      ['2026-12-01T09:30:00Z', '2026-12-01T09:30:00.000Z'],
      ['2026-12-01T09:30:00.123Z', '2026-12-01T09:30:00.123Z'],
      ['2026-12-01T00:30:00+02:00', '2026-11-30T22:30:00.000Z'],
      ['2026-12-01T23:59:59.999Z', '2026-12-01T23:59:59.999Z'],
      ['2026-12-01T09:30:00', '2026-12-01T09:30:00'],
      ['2026-12-01T09:30', '2026-12-01T09:30:00'],
      ['2026-12-01T09:30:59.999', '2026-12-01T09:30:59'],
      [null, null],
    ])('gives the due date %p back as %p', async (dueDate, shown) => {
      const member = await signUp(api());
      expect(await createTask(member, { dueDate })).toMatchObject({ dueDate: shown });
    });
  });

  describe('401', () => {
    test('keeps strangers out', async () => {
      const answer = await send(api(), undefined, 'post', '/tasks').send({ title: 'Pay rent' });
      expect(answer.status).toBe(401);
    });
  });

  describe('403', () => {
    test('refuses one task more than an account may have, the trash included', async () => {
      const member = await signUp(api());
      const counting = jest.spyOn(TaskModel.collection, 'countDocuments');
      counting.mockResolvedValueOnce(maximumTasks - 2).mockResolvedValueOnce(1);
      await createTask(member);
      counting.mockResolvedValueOnce(maximumTasks - 1).mockResolvedValueOnce(1);
      const answer = await member.send('post', '/tasks', { title: 'Pay rent' });
      counting.mockRestore();
      expect(answer.status).toBe(403);
      expect(answer.body.code).toBe('limit_reached');
    });
  });

  describe('422', () => {
    test.each([
      [{}, ['body.title invalid_type']],
      [{ title: '' }, ['body.title too_small']],
      [{ title: ' \n ' }, ['body.title too_small']],
      [{ title: 'x'.repeat(201) }, ['body.title too_big']],
      [{ title: null }, ['body.title invalid_type']],
      [{ title: 'x', description: 'x'.repeat(10_001) }, ['body.description too_big']],
      [{ title: 'x', status: 'open' }, ['body.status invalid_value']],
      [{ title: 'x', priority: 2 }, ['body.priority invalid_value']],
      [{ title: 'x', labels: 'home' }, ['body.labels invalid_type']],
      [{ title: 'x', labels: [''] }, ['body.labels.0 too_small']],
      [{ title: 'x', labels: ['a,b'] }, ['body.labels.0 custom']],
      [{ title: 'x', labels: ['x'.repeat(51)] }, ['body.labels.0 too_big']],
      [{ title: 'x', labels: ['home', ' home'] }, ['body.labels custom']],
      [{ title: 'x', labels: Array.from({ length: 21 }, String) }, ['body.labels too_big']],
      [{ title: 'x', dueDate: '2026-02-30' }, ['body.dueDate invalid_format']],
      [{ title: 'x', dueDate: '2026-12-01T24:00:00' }, ['body.dueDate invalid_format']],
      [{ title: 'x', startDate: 'soon' }, ['body.startDate invalid_format']],
      [{ title: 'x', timeZone: 'Mars/Olympus' }, ['body.timeZone custom']],
      [{ title: 'x', timeZone: '+01:00' }, ['body.timeZone custom']],
      [{ title: 'x', duration: 'P' }, ['body.duration invalid_format']],
      [{ title: 'x', duration: 'PT' }, ['body.duration invalid_format']],
      [{ title: 'x', duration: 'P1Y' }, ['body.duration invalid_format']],
      [{ title: 'x', duration: 'P1DT' }, ['body.duration invalid_format']],
      [{ title: 'x', estimate: '90 minutes' }, ['body.estimate invalid_format']],
      [{ title: 'x', projectId: 'never' }, ['body.projectId not_found']],
      [{ title: 'x', sectionId: '6b0345de8c6e26d1282ba682' }, ['body.sectionId not_found']],
      [{ title: 'x', dueDate: 'tomorrow' }, ['body.dueDate invalid_format']],
      [{ title: 'x', dueDate: 1_795_000_000 }, ['body.dueDate invalid_type']],
      [{ title: 'x', dueDate: '9999-12-31' }, ['body.dueDate custom']],
      [
        { title: 'x', id: '1', ownerId: '2' },
        ['body.id unrecognized_key', 'body.ownerId unrecognized_key'],
      ],
      [{ title: 'x', version: 7 }, ['body.version unrecognized_key']],
      [{ title: { $gt: '' } }, ['body.title invalid_type']],
    ])('refuses %j', async (task, errors) => {
      expect(await refusalOf(task)).toEqual(errors);
    });

    test('names every violation at once', async () => {
      const errors = await refusalOf({
        status: 'open',
        labels: [1],
        dueDate: 'soon',
        color: 'red',
      });
      expect(errors.toSorted()).toEqual([
        'body.color unrecognized_key',
        'body.dueDate invalid_format',
        'body.labels.0 invalid_type',
        'body.status invalid_value',
        'body.title invalid_type',
      ]);
    });
  });
});
