import { describe, expect, test } from '@jest/globals';
import { addDays, today } from '../src/local-time.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();

async function read(member: Member, path = '/statistics') {
  const answer = await member.send('get', path);
  expect(answer.status).toBe(200);
  return answer.body;
}

/** Somebody who has done one task at each of these instants. */
async function memberDone(timeZone: string, instants: readonly string[]): Promise<Member> {
  const member = await signUp(api());
  await member.send('patch', '/users/me', { timeZone });
  for (const instant of instants) {
    const { id } = await createTask(member, { status: 'done' });
    await TaskModel.updateOne({ _id: id }, { $set: { completedAt: new Date(instant) } });
  }
  return member;
}

describe('GET /statistics', () => {
  test('200: counts nothing for somebody new', async () => {
    expect(await read(await signUp(api()))).toEqual({
      total: 0,
      byStatus: { todo: 0, in_progress: 0, done: 0 },
      byPriority: { low: 0, medium: 0, high: 0, urgent: 0 },
      byProject: [],
      byLabel: [],
      overdue: 0,
      dueToday: 0,
    });
  });

  test('200: counts by status, priority, project and label, and nobody else’s', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    await createTask(stranger, { labels: ['home'] });
    const project = await member.send('post', '/projects', { name: 'Home' });
    const projectId = project.body.id;
    await createTask(member, { priority: 'urgent', labels: ['home', 'money'] });
    await createTask(member, { status: 'in_progress', labels: ['home'], projectId });
    await createTask(member, { status: 'done', priority: 'low', labels: ['money'], projectId });
    const deleted = await createTask(member, { labels: ['gone'] });
    await member.send('delete', `/tasks/${deleted.id}`);
    expect(await read(member)).toMatchObject({
      total: 3,
      byStatus: { todo: 1, in_progress: 1, done: 1 },
      byPriority: { low: 0, medium: 1, high: 0, urgent: 1 },
      byProject: [
        { projectId, open: 1, done: 1 },
        { projectId: member.user.id, open: 1, done: 0 },
      ],
      byLabel: [
        { label: 'home', open: 2, done: 0 },
        { label: 'money', open: 1, done: 1 },
      ],
    });
  });

  test.each(['Pacific/Kiritimati', 'Pacific/Niue'])(
    '200: tells what is overdue and due today in %s',
    async (timeZone) => {
      const member = await signUp(api());
      await member.send('patch', '/users/me', { timeZone });
      const now = today(timeZone, new Date());
      for (const dueDate of [addDays(now, -1), addDays(now, -1), now, addDays(now, 1)]) {
        await createTask(member, { dueDate });
      }
      await createTask(member, { dueDate: addDays(now, -1), status: 'done' });
      await createTask(member, { dueDate: now, status: 'done' });
      expect(await read(member)).toMatchObject({ overdue: 2, dueToday: 1 });
    },
  );

  test('401: keeps strangers out', async () => {
    expect((await send(api(), undefined, 'get', '/statistics')).status).toBe(401);
  });
});

describe('GET /statistics/completions', () => {
  test('200: shows the last 30 days of somebody new, with nothing in them', async () => {
    const answer = await read(await signUp(api()), '/statistics/completions');
    expect(answer).toMatchObject({
      timeZone: 'UTC',
      completed: 0,
      streak: { current: 0, longest: 0 },
    });
    expect(answer.days).toHaveLength(30);
    expect(answer.days.at(-1)).toEqual({ date: today('UTC', new Date()), completed: 0 });
  });

  test('200: counts each day where the owner is, across daylight saving', async () => {
    // In Berlin the clocks go forward on 29 March at 1:00 and back on 25 October at 1:00, in UTC.
    const member = await memberDone('Europe/Berlin', [
      '2026-03-28T22:59:59Z',
      '2026-03-28T23:00:00Z',
      '2026-03-29T21:59:59Z',
      '2026-10-24T22:00:00Z',
      '2026-10-25T22:59:59Z',
      '2026-10-25T23:00:00Z',
    ]);
    const spring = await read(member, '/statistics/completions?from=2026-03-28&to=2026-03-30');
    expect(spring).toMatchObject({
      timeZone: 'Europe/Berlin',
      completed: 3,
      days: [
        { date: '2026-03-28', completed: 1 },
        { date: '2026-03-29', completed: 2 },
        { date: '2026-03-30', completed: 0 },
      ],
    });
    const autumn = await read(member, '/statistics/completions?from=2026-10-25&to=2026-10-26');
    expect(autumn.days).toEqual([
      { date: '2026-10-25', completed: 2 },
      { date: '2026-10-26', completed: 1 },
    ]);
  });

  test.each([
    [[0, 1, 2, 4], { current: 3, longest: 3 }],
    [[1, 2, 5, 6, 7, 8], { current: 2, longest: 4 }],
    [[2, 3], { current: 0, longest: 2 }],
    [[0, 0, 0], { current: 1, longest: 1 }],
  ])('200: a streak goes on until a day is over: %j days ago', async (ago, streak) => {
    const noon = `${today('UTC', new Date())}T12:00:00Z`;
    const instants = ago.map((days) =>
      new Date(Date.parse(noon) - days * 86_400_000).toISOString(),
    );
    const member = await memberDone('UTC', instants);
    expect((await read(member, '/statistics/completions')).streak).toEqual(streak);
  });

  test('401: keeps strangers out', async () => {
    expect((await send(api(), undefined, 'get', '/statistics/completions')).status).toBe(401);
  });

  test.each([
    ['from=2026-02-30', 'query.from'],
    ['from=2026-03-02&to=2026-03-01', 'query.to'],
    ['from=2025-01-01&to=2026-01-02', 'query.to'],
    ['to=1900-01-01', 'query.from'],
    ['days=7', 'query.days'],
  ])('422: refuses ?%s', async (query, path) => {
    const member = await signUp(api());
    const answer = await member.send('get', `/statistics/completions?${query}`);
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ path }]);
  });
});
