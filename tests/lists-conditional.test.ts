import { describe, expect, jest, test } from '@jest/globals';
import mongoose from 'mongoose';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';
import { expectProblem } from './support/accounts.ts';

const api = useApi();

async function tagOf(member: Member, path: string): Promise<string> {
  const { headers, status } = await member.send('get', path);
  expect(status).toBe(200);
  expect(headers['etag']).toMatch(/^"[\w-]{43}"$/);
  return String(headers['etag']);
}

const readUnless = (member: Member, path: string, tag: string) =>
  send(api(), member.accessToken, 'get', path).set('If-None-Match', tag);

describe('a page that was read before', () => {
  test.each(['/tasks', '/tasks?include=total&limit=1', '/projects', '/labels', '/filters'])(
    '304: %s is not sent again while nothing on it has changed',
    async (path) => {
      const member = await signUp(api());
      await createTask(member, { labels: ['home'] });
      await createTask(member);
      const tag = await tagOf(member, path);
      const answer = await readUnless(member, path, tag);
      expect(answer).toMatchObject({ status: 304, text: '' });
      expect(answer.headers).toMatchObject({ etag: tag, 'cache-control': 'private, no-cache' });
    },
  );

  test.each([
    'createdAt',
    '-updatedAt',
    'dueDate',
    '-priority',
    'title',
    'rank',
    'priority,-title',
  ])('304: in the order of %s, first page and last', async (sort) => {
    const member = await signUp(api());
    await createTask(member, { title: 'Pay rent', dueDate: '2026-12-01', priority: 'high' });
    await createTask(member, { title: 'Rent a car' });
    const path = `/tasks?limit=1&sort=${sort}`;
    const first = await member.send('get', path);
    const { nextCursor } = first.body as { nextCursor: string };
    for (const page of [path, `${path}&cursor=${nextCursor}`]) {
      const answer = await readUnless(member, page, await tagOf(member, page));
      expect(answer.status).toBe(304);
    }
    const answer = await readUnless(member, path, '"another"');
    expect(answer).toMatchObject({ status: 200, body: first.body });
  });

  test('is told from what its version is made of, and nothing else is read', async () => {
    const member = await signUp(api());
    await createTask(member);
    const path = '/tasks?sort=title';
    const tag = await tagOf(member, path);
    const { db } = mongoose.connection;
    if (!db) throw new Error('the database is there from the first test on');
    const sent = jest.spyOn(db, 'command');
    await readUnless(member, path, tag);
    const read = sent.mock.calls.map(([{ find, projection }]) => ({ find, projection }));
    sent.mockRestore();
    expect(read.filter(({ find }) => find === 'tasks')).toEqual([
      { find: 'tasks', projection: { version: 1, titleKey: 1, _id: 1 } },
    ]);
  });

  test.each(['q=rent', 'q=rent&sort=title', 'filter=priority%20%3D%20high'])(
    '304: the tasks of ?%s',
    async (query) => {
      const member = await signUp(api());
      await createTask(member, { title: 'Pay rent', priority: 'high' });
      const path = `/tasks?${query}`;
      const answer = await readUnless(member, path, await tagOf(member, path));
      expect(answer.status).toBe(304);
    },
  );

  test.each<[string, (member: Member, id: string) => PromiseLike<unknown>]>([
    ['changed', (member, id) => member.send('patch', `/tasks/${id}`, { title: 'Changed' })],
    ['deleted', (member, id) => member.send('delete', `/tasks/${id}`)],
    ['created', (member) => createTask(member)],
    ['moved', (member, id) => member.send('post', `/tasks/${id}/move`, { position: 'last' })],
  ])('200: is sent once a task on it was %s', async (_, change) => {
    const member = await signUp(api());
    const { id } = await createTask(member);
    await createTask(member);
    const path = '/tasks?sort=rank';
    const tag = await tagOf(member, path);
    await change(member, id);
    const answer = await readUnless(member, path, tag);
    expect(answer.status).toBe(200);
    expect(answer.headers['etag']).not.toBe(tag);
  });

  test('200: is sent when only its total or its next page has changed', async () => {
    const member = await signUp(api());
    await createTask(member);
    const counted = await tagOf(member, '/tasks?sort=createdAt&limit=1&include=total');
    const alone = await tagOf(member, '/tasks?sort=createdAt&limit=1');
    await createTask(member);
    await createTask(member);
    const withNext = await tagOf(member, '/tasks?sort=createdAt&limit=1');
    expect(withNext).not.toBe(alone);
    expect(await tagOf(member, '/tasks?sort=createdAt&limit=1&include=total')).not.toBe(counted);
  });

  test('412: is refused to whoever asks for another version of it', async () => {
    const member = await signUp(api());
    const tag = await tagOf(member, '/tasks');
    await createTask(member);
    const asked = send(api(), member.accessToken, 'get', '/tasks').set('If-Match', tag);
    const answer = await asked;
    expectProblem(answer, 412, 'precondition_failed');
    expect(answer.headers['etag']).toBe(await tagOf(member, '/tasks'));
  });

  test('has another tag for somebody else, and none where its objects have no version', async () => {
    const [member, stranger] = [await signUp(api()), await signUp(api())];
    await createTask(member);
    await createTask(stranger);
    expect(await tagOf(stranger, '/tasks')).not.toBe(await tagOf(member, '/tasks'));
    const { headers } = await member.send('get', '/auth/sessions');
    expect(headers).not.toHaveProperty('etag');
  });
});
