import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();

async function titles(member: Member, search: Record<string, string>): Promise<string[]> {
  const answer = await member.send('get', `/tasks?${new URLSearchParams(search).toString()}`);
  expect(answer.status).toBe(200);
  return answer.body.data.map((task: { title: string }) => task.title);
}

describe('GET /tasks?q=', () => {
  describe('200', () => {
    test('finds the beginnings of words in any order, titles before descriptions', async () => {
      const member = await signUp(api());
      await createTask(member, { title: 'Rental car', description: 'for the holiday' });
      await createTask(member, { title: 'Bank', description: 'pay the rent' });
      await createTask(member, { title: 'Pay rent' });
      await createTask(member, { title: 'Parent evening' });
      expect(await titles(member, { q: 'ren' })).toEqual(['Pay rent', 'Rental car', 'Bank']);
      expect(await titles(member, { q: 'RENT pay' })).toEqual(['Pay rent', 'Bank']);
      expect(await titles(member, { q: '"the rent"' })).toEqual(['Bank']);
      expect(await titles(member, { q: 'ren -pay' })).toEqual(['Rental car']);
    });

    test('follows what is changed and deleted', async () => {
      const member = await signUp(api());
      const task = await createTask(member, { title: 'Old', description: 'before' });
      await member.send('patch', `/tasks/${task.id}`, { title: 'New' });
      expect(await titles(member, { q: 'old' })).toEqual([]);
      expect(await titles(member, { q: 'new before' })).toEqual(['New']);
      await member.send('patch', `/tasks/${task.id}`, { description: null });
      expect(await titles(member, { q: 'before' })).toEqual([]);
      await member.send('delete', `/tasks/${task.id}`);
      expect(await titles(member, { q: 'new' })).toEqual([]);
    });

    test('goes together with filters and a sort of one’s own', async () => {
      const member = await signUp(api());
      await createTask(member, { title: 'rent b', priority: 'high' });
      await createTask(member, { title: 'a', description: 'rent', priority: 'high' });
      await createTask(member, { title: 'rent c', priority: 'low' });
      expect(await titles(member, { q: 'rent', priority: 'high' })).toEqual(['rent b', 'a']);
      expect(await titles(member, { q: 'rent', sort: 'title' })).toEqual(['a', 'rent b', 'rent c']);
    });

    test('counts all that it finds, in titles and elsewhere', async () => {
      const member = await signUp(api());
      await createTask(member, { title: 'rent' });
      await createTask(member, { title: 'a', description: 'rent' });
      const { body } = await member.send('get', '/tasks?q=rent&limit=1&include=total');
      expect(body.total).toBe(2);
    });

    test('leads from page to page, through both', async () => {
      const member = await signUp(api());
      for (const title of ['rent 1', 'rent 2']) await createTask(member, { title });
      for (const title of ['a', 'b']) await createTask(member, { title, description: 'rent' });
      const seen: string[] = [];
      let path = '/tasks?q=rent&limit=1';
      for (;;) {
        const { body } = await member.send('get', path);
        seen.push(...body.data.map((task: { title: string }) => task.title));
        if (body.nextCursor === null) break;
        path = `/tasks?q=rent&limit=1&cursor=${body.nextCursor}`;
      }
      expect(seen).toEqual(['rent 2', 'rent 1', 'b', 'a']);
    });

    test('never shows somebody else’s tasks', async () => {
      await createTask(await signUp(api()), { title: 'secret rent', description: 'secret' });
      const stranger = await signUp(api());
      expect(await titles(stranger, { q: 'secret' })).toEqual([]);
      expect(await titles(stranger, { q: '"secret rent"' })).toEqual([]);
      expect(await titles(stranger, { q: '-other' })).toEqual([]);
    });
  });

  describe('401', () => {
    test('keeps strangers out', async () => {
      expect((await send(api(), undefined, 'get', '/tasks?q=rent')).status).toBe(401);
    });
  });

  describe('422', () => {
    test.each([
      ['q=%21%21', 'query.q'],
      ['q=a+b+c+d+e+f+g+h+i+j+k', 'query.q'],
      [`q=${'a'.repeat(201)}`, 'query.q'],
      ['q=rent&cursor=1abc', 'query.cursor'],
    ])('refuses ?%s', async (query, path) => {
      const member = await signUp(api());
      const answer = await member.send('get', `/tasks?${query}`);
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ path }]);
    });

    test('refuses the cursor of another search', async () => {
      const member = await signUp(api());
      await createTask(member, { title: 'rent 1' });
      await createTask(member, { title: 'rent 2' });
      const { body } = await member.send('get', '/tasks?q=rent&limit=1');
      const answer = await member.send('get', `/tasks?q=ren&limit=1&cursor=${body.nextCursor}`);
      expect(answer.status).toBe(422);
    });
  });
});
