import { describe, expect, test } from '@jest/globals';
import { addDays, today } from '../src/local-time.ts';
import { useApi } from './support/api.ts';
import { type Member, send, signUp } from './support/factories.ts';

const api = useApi();

async function quick(member: Member, text: string, query = '') {
  return member.send('post', `/tasks/quick${query}`, { text });
}

describe('POST /tasks/quick', () => {
  describe('201', () => {
    test('makes a task out of one line, and tells how it was understood', async () => {
      const member = await signUp(api());
      await member.send('patch', '/users/me', { timeZone: 'Europe/Paris' });
      const project = await member.send('post', '/projects', { name: 'Home' });
      const text = 'Pay rent every 1st p1 #home @bills tomorrow 9am';
      const answer = await quick(member, text);
      expect(answer.status).toBe(201);
      const { understood, ...task } = answer.body;
      const tomorrow = addDays(today('Europe/Paris', new Date()), 1);
      expect(task).toMatchObject({
        title: 'Pay rent',
        dueDate: `${tomorrow}T09:00:00`,
        timeZone: 'Europe/Paris',
        recurrence: 'FREQ=MONTHLY;BYMONTHDAY=1',
        priority: 'urgent',
        projectId: project.body.id,
        labels: ['bills'],
      });
      expect(
        understood.map(({ kind, text: words }: Record<string, string>) => [kind, words]),
      ).toEqual([
        ['recurrence', 'every 1st'],
        ['priority', 'p1'],
        ['project', '#home'],
        ['label', '@bills'],
        ['date', 'tomorrow 9am'],
      ]);
      for (const part of understood) {
        expect(text.slice(part.position, part.position + part.length)).toBe(part.text);
      }
      expect(answer.headers['location']).toBe(`/api/v1/tasks/${task.id}`);
      expect((await member.send('get', `/tasks/${task.id}`)).body).toEqual(task);
    });

    test('puts a task into a section by its name', async () => {
      const member = await signUp(api());
      const project = await member.send('post', '/projects', { name: 'Home' });
      const wanted = { name: 'Repairs', projectId: project.body.id };
      const section = await member.send('post', '/sections', wanted);
      for (const text of ['Fix the door /repairs', 'Fix the door #Home /Repairs']) {
        expect((await quick(member, text)).body).toMatchObject({
          title: 'Fix the door',
          projectId: project.body.id,
          sectionId: section.body.id,
        });
      }
    });

    test('keeps in the title what is not understood, or must not be', async () => {
      const member = await signUp(api());
      const answer = await quick(member, String.raw`Read 1984 \#Home "p1"`);
      expect(answer.body).toMatchObject({ title: 'Read 1984 #Home "p1"', dueDate: null });
      expect(answer.body.understood).toEqual([]);
    });

    test('makes one task however often it is repeated with the same key', async () => {
      const member = await signUp(api());
      const again = () =>
        send(api(), member.accessToken, 'post', '/tasks/quick')
          .set('Idempotency-Key', 'once')
          .send({ text: 'Call Ann today' });
      const first = await again();
      expect((await again()).body).toEqual(first.body);
      expect((await member.send('get', '/tasks')).body.data).toHaveLength(1);
    });
  });

  describe('200', () => {
    test('only tells in a dry run', async () => {
      const member = await signUp(api());
      const answer = await quick(member, 'Call Ann p2', '?dryRun=true');
      expect(answer.status).toBe(200);
      expect(answer.headers['location']).toBeUndefined();
      expect(answer.body).toMatchObject({ title: 'Call Ann', priority: 'high' });
      expect((await member.send('get', '/tasks')).body.data).toEqual([]);
    });
  });

  test('401: keeps strangers out', async () => {
    expect((await send(api(), undefined, 'post', '/tasks/quick').send({ text: 'x' })).status).toBe(
      401,
    );
  });

  describe('422', () => {
    test.each([
      ['Call Ann #Nowhere', 'not_found'],
      ['Call Ann /Nowhere', 'not_found'],
      ['p1 tomorrow', 'title_missing'],
      ['x'.repeat(201), 'too_big'],
      [Array.from({ length: 21 }, (_, index) => `@label${index}`).join(' ') + ' x', 'too_big'],
    ])('refuses %j', async (text, code) => {
      const member = await signUp(api());
      const answer = await quick(member, text);
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ path: 'body.text', code }]);
      expect((await member.send('get', '/tasks')).body.data).toEqual([]);
    });

    test('names no project of somebody else’s', async () => {
      const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
      await stranger.send('post', '/projects', { name: 'Secret' });
      expect((await quick(member, 'Call Ann #Secret')).status).toBe(422);
    });

    test.each([
      [{}, '', 'body.text'],
      [{ text: '' }, '', 'body.text'],
      [{ text: 'x'.repeat(501) }, '', 'body.text'],
      [{ text: 'x' }, '?dryRun=1', 'query.dryRun'],
      [{ text: 'x', dryRun: true }, '', 'body.dryRun'],
    ])('refuses %j%s', async (body, query, path) => {
      const member = await signUp(api());
      const answer = await member.send('post', `/tasks/quick${query}`, body);
      expect(answer.status).toBe(422);
      expect(answer.body.errors).toMatchObject([{ path }]);
    });
  });
});
