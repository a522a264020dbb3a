import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();

async function titles(member: Member, query = ''): Promise<string[]> {
  const answer = await member.send('get', `/tasks${query}`);
  expect(answer.status).toBe(200);
  return answer.body.data.map(({ title }: { title: string }) => title);
}

/** Somebody with one task for each of these, created in this order. */
async function memberWith(tasks: readonly object[]): Promise<Member> {
  const member = await signUp(api());
  for (const task of tasks) await createTask(member, task);
  return member;
}

describe('GET /tasks', () => {
  describe('200', () => {
    test('is empty for somebody new', async () => {
      const member = await signUp(api());
      const answer = await member.send('get', '/tasks?include=total');
      expect(answer.body).toEqual({ data: [], nextCursor: null, total: 0 });
      expect(answer.headers['link']).toBeUndefined();
    });

    test('shows whole tasks, the newest first, and nobody else’s', async () => {
      const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
      const first = await createTask(member, { title: 'first' });
      await createTask(stranger, { title: 'foreign' });
      const second = await createTask(member, { title: 'second' });
      const answer = await member.send('get', '/tasks');
      expect(answer.body).toEqual({ data: [second, first], nextCursor: null });
      expect(answer.headers['cache-control']).toBe('private, no-cache');
    });

    test.each([
      ['status=todo', ['a']],
      ['status=todo,done', ['c', 'a']],
      ['status=todo,todo', ['a']],
      ['priority=urgent,low', ['b', 'a']],
      ['label=home', ['b', 'a']],
      ['label=work,money', ['c', 'b']],
      ['label=Home', []],
      ['status=in_progress&label=home&priority=urgent', ['b']],
      ['q=RENT', ['a']],
      ['q=land', ['b']],
      ['filter=priority<high', ['c', 'a']],
      ['filter=label=home%26status=todo', ['a']],
      ['filter=priority=low&label=money', []],
      ['parentId=none&projectId=never', []],
      ['seriesId=never', []],
      ['sectionId=none', ['c', 'b', 'a']],
      ['q=(b', ['b']],
    ])('filters by %s', async (query, expected) => {
      const member = await memberWith([
        { title: 'a', description: 'the rent', priority: 'low', labels: ['home'] },
        {
          title: 'b',
          description: 'Landlord (b)',
          status: 'in_progress',
          priority: 'urgent',
          labels: ['home', 'money'],
        },
        { title: 'c', description: 'parent', status: 'done', labels: ['work'] },
      ]);
      expect(await titles(member, `?${query}`)).toEqual(expected);
    });

    test.each([
      ['dueBefore=2026-12-02', ['day', 'morning']],
      ['dueBefore=2026-12-01', []],
      ['dueBefore=2026-12-01T09:30:00.001Z', ['morning']],
      ['dueBefore=2026-12-01T09:30:00Z', []],
      ['dueAfter=2026-12-01', ['later']],
      ['dueAfter=2026-11-30', ['later', 'day', 'morning']],
      ['dueAfter=2026-12-01T12:00:00Z', ['later', 'day']],
      ['dueAfter=2026-12-01T09:29:59.999Z&dueBefore=2026-12-02T00:00:00Z', ['day', 'morning']],
      ['dueAfter=1900-01-01', ['later', 'day', 'morning']],
    ])('filters by %s, where a date is a whole day', async (query, expected) => {
      const member = await memberWith([
        { title: 'never' },
        { title: 'morning', dueDate: '2026-12-01T09:30:00Z' },
        { title: 'day', dueDate: '2026-12-01' },
        { title: 'later', dueDate: '2026-12-02' },
      ]);
      expect(await titles(member, `?${query}`)).toEqual(expected);
    });

    test.each([
      ['createdAt', ['b', 'A', 'c']],
      ['-createdAt', ['c', 'A', 'b']],
      ['updatedAt', ['A', 'c', 'b']],
      ['-updatedAt', ['b', 'c', 'A']],
      ['title', ['A', 'b', 'c']],
      ['-title', ['c', 'b', 'A']],
      ['dueDate', ['c', 'A', 'b']],
      ['-dueDate', ['b', 'A', 'c']],
      ['priority', ['A', 'b', 'c']],
      ['-priority', ['c', 'b', 'A']],
    ])('sorts by %s', async (sort, expected) => {
      const member = await signUp(api());
      const first = await createTask(member, { title: 'b', priority: 'high' });
      await createTask(member, { title: 'A', priority: 'low', dueDate: '2026-12-01' });
      await createTask(member, {
        title: 'c',
        priority: 'urgent',
        dueDate: '2026-12-01T09:30:00Z',
      });
      await member.send('patch', `/tasks/${first.id}`, { description: 'changed last' });
      expect(await titles(member, `?sort=${sort}`)).toEqual(expected);
    });

    test('sorts by several fields, each in its own direction', async () => {
      const member = await memberWith([
        { title: 'a', priority: 'low', dueDate: '2026-12-01' },
        { title: 'b', priority: 'high', dueDate: '2026-12-02' },
        { title: 'c', priority: 'high', dueDate: '2026-12-01' },
      ]);
      expect(await titles(member, '?sort=-priority,dueDate')).toEqual(['c', 'b', 'a']);
      expect(await titles(member, '?sort=dueDate,priority')).toEqual(['a', 'c', 'b']);
    });

    test('counts all matches on each page when asked to', async () => {
      const member = await memberWith([
        { title: 'a' },
        { title: 'b' },
        { title: 'c', status: 'done' },
      ]);
      const first = await member.send('get', '/tasks?include=total&status=todo&limit=1');
      expect(first.body.total).toBe(2);
      const next = await member.send(
        'get',
        `/tasks?include=total&status=todo&limit=1&cursor=${first.body.nextCursor}`,
      );
      expect(next.body).toMatchObject({ total: 2, nextCursor: null });
    });
  });

  describe('401', () => {
    test('keeps strangers out', async () => {
      expect((await send(api(), undefined, 'get', '/tasks')).status).toBe(401);
    });
  });

  describe('422', () => {
    test.each([
      ['status=open', 'query.status.0'],
      ['status=', 'query.status.0'],
      ['status=todo,', 'query.status.1'],
      ['priority=1', 'query.priority.0'],
      ['label=', 'query.label.0'],
      ['dueBefore=soon', 'query.dueBefore'],
      ['dueAfter=2026-02-30', 'query.dueAfter'],
      ['q=', 'query.q'],
      ['q=.*', 'query.q'],
      ['filter=', 'query.filter'],
      ['filter=colour=red', 'query.filter'],
      ['sort=id', 'query.sort.0'],
      ['sort=title,-title', 'query.sort'],
      ['limit=0', 'query.limit'],
      ['limit=101', 'query.limit'],
      ['include=everything', 'query.include'],
      ['page=2', 'query.page'],
      ['status[$ne]=todo', 'query.status[$ne]'],
      ['limit=1&limit=2', 'query.limit'],
    ])('refuses ?%s', async (query, path) => {
      const member = await signUp(api());
      const answer = await member.send('get', `/tasks?${query}`);
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toEqual([
        { path, code: expect.any(String), message: expect.any(String) },
      ]);
    });
  });
});
