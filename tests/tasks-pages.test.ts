import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';

const api = useApi();

interface Walk {
  titles: string[];
  pages: number;
}

/** Follows the Link header from the first page to the last. */
async function walk(member: Member, query: string, between = async () => {}): Promise<Walk> {
  const titles: string[] = [];
  let pages = 0;
  let path: string | undefined = `/api/v1/tasks?${query}`;
  while (path !== undefined) {
    const { body, headers, status } = await member.send('get', path);
    expect(status).toBe(200);
    titles.push(...body.data.map(({ title }: { title: string }) => title));
    pages += 1;
    path = /^<(.+)>; rel="next"$/.exec(headers['link'] ?? '')?.[1];
    expect(path === undefined).toBe(body.nextCursor === null);
    await between();
  }
  return { titles, pages };
}

/** Tasks that have few different values, so that every sort meets ties. */
async function memberWithTies(count: number): Promise<Member> {
  const member = await signUp(api());
  const days = [null, '2026-12-01', '2026-12-02'];
  for (let index = 0; index < count; index += 1) {
    await createTask(member, {
      title: `same ${index % 2}`,
      description: String(index),
      priority: index % 3 === 0 ? 'high' : 'low',
      dueDate: days[index % days.length] ?? null,
    });
  }
  return member;
}

describe('following the pages of GET /tasks', () => {
  test.each([
    'createdAt',
    '-createdAt',
    'updatedAt',
    '-updatedAt',
    'dueDate',
    '-dueDate',
    'priority',
    '-priority',
    'title',
    '-title',
    '-dueDate,priority',
    'priority,-title,dueDate',
  ])('visits each task once, in the order of one big page, by %s', async (sort) => {
    const member = await memberWithTies(13);
    const ids: string[] = [];
    let cursor = '';
    do {
      const { body } = await member.send('get', `/tasks?sort=${sort}&limit=3${cursor}`);
      ids.push(...body.data.map(({ id }: { id: string }) => id));
      cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    } while (cursor !== '');
    const whole = await member.send('get', `/tasks?sort=${sort}&limit=100`);
    expect(ids).toEqual(whole.body.data.map(({ id }: { id: string }) => id));
    expect(new Set(ids).size).toBe(13);
  });

  test('keeps the filter, and ends without an empty page', async () => {
    const member = await memberWithTies(8);
    expect(await walk(member, 'q=same+1&dueAfter=2026-01-01&limit=1')).toEqual({
      titles: ['same 1', 'same 1', 'same 1'],
      pages: 3,
    });
    expect((await walk(member, 'limit=4')).pages).toBe(2);
  });

  test('visits what was there once, while others are created, changed and deleted', async () => {
    const member = await signUp(api());
    const kept = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const title of kept) await createTask(member, { title });
    const doomed = await createTask(member, { title: 'doomed' });
    let turn = 0;
    const { titles } = await walk(member, 'sort=title&limit=2', async () => {
      turn += 1;
      await createTask(member, { title: `A before ${turn}` });
      if (turn === 1) await member.send('delete', `/tasks/${doomed.id}`);
    });
    expect(titles.filter((title) => kept.includes(title))).toEqual(kept);
  });

  describe('422', () => {
    test.each([
      ['text', 'nonsense'],
      ['JSON of another shape', Buffer.from('{"a":1}').toString('base64url')],
      [
        'an operator',
        Buffer.from('["x",[{"$gt":""}],"6b0345de8c6e26d1282ba682"]').toString('base64url'),
      ],
      ['nothing', ''],
    ])('refuses %s as a cursor', async (_what, cursor) => {
      const member = await signUp(api());
      const answer = await member.send('get', `/tasks?cursor=${cursor}`);
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ path: 'query.cursor', code: 'invalid_cursor' }]);
    });

    test.each(['sort=title', 'status=todo', 'q=same'])(
      'refuses a cursor of the plain list with %s',
      async (query) => {
        const member = await memberWithTies(3);
        const { body } = await member.send('get', '/tasks?limit=1');
        const answer = await member.send('get', `/tasks?${query}&cursor=${body.nextCursor}`);
        expect(answer.status).toBe(422);
        expect(answer.body.errors).toMatchObject([{ path: 'query.cursor' }]);
      },
    );

    test('takes a cursor with another limit', async () => {
      const member = await memberWithTies(3);
      const { body } = await member.send('get', '/tasks?limit=1');
      const answer = await member.send('get', `/tasks?limit=2&cursor=${body.nextCursor}`);
      expect(answer.body.data).toHaveLength(2);
    });
  });
});
