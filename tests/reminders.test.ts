import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { repeatably } from '../src/database/new-id.ts';
import { maximumReminders } from '../src/features/reminders/reminders.contract.ts';
import { createReminder } from '../src/features/reminders/reminders.service.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createToken } from './support/api-tokens.ts';
import { basePath, createTask, type Member, send, signUp } from './support/factories.ts';
import { remind, remindersOf, remindersPath } from './support/reminders.ts';

const api = useApi();

const somewhere = { at: '2035-01-05T08:00:00Z' };
const versionOf = async (member: Member, { id }: { id: string }) =>
  (await member.send('get', `/tasks/${id}`)).body.version as number;
const stored = (task: { id: string }) => TaskModel.findById(task.id).lean();

describe('POST /tasks/:id/reminders', () => {
  describe('201', () => {
    test('keeps a moment', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const given = { at: '2035-01-05T10:00:00+02:00' };
      const answer = await member.send('post', remindersPath(task), given);
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        id: expect.any(String),
        taskId: task.id,
        at: '2035-01-05T08:00:00.000Z',
        before: null,
        firesAt: '2035-01-05T08:00:00.000Z',
        firedAt: null,
        createdAt: instant,
      });
      const place = `${basePath}${remindersPath(task)}/${answer.body.id}`;
      expect(answer.headers['location']).toBe(place);
      expect(answer.headers['etag']).toBe('"2"');
      expect((await member.send('get', place)).body).toEqual(answer.body);
    });

    test.each<[string, object, string, string]>([
      ['an instant', { dueDate: '2035-07-02T09:00:00Z' }, 'PT30M', '2035-07-02T08:30:00.000Z'],
      ['a date at nine', { dueDate: '2035-07-02' }, 'PT1H', '2035-07-02T06:00:00.000Z'],
      ['a local time', { dueDate: '2035-07-02T18:00:00' }, 'P1D', '2035-07-01T16:00:00.000Z'],
      [
        'a local time elsewhere',
        { dueDate: '2035-07-02T18:00:00', timeZone: 'Asia/Tokyo' },
        'PT2H',
        '2035-07-02T07:00:00.000Z',
      ],
      [
        'the same time of the clock when clocks change',
        { dueDate: '2035-03-25T09:00:00' },
        'P1D',
        '2035-03-24T08:00:00.000Z',
      ],
      [
        'the due date itself',
        { dueDate: '2035-07-02T09:00:00Z' },
        'PT0M',
        '2035-07-02T09:00:00.000Z',
      ],
    ])('counts back from %s', async (_, given, before, firesAt) => {
      const member = await signUp(api());
      await member.send('patch', '/users/me', { timeZone: 'Europe/Paris' });
      const task = await createTask(member, given);
      expect(await remind(member, task, { before })).toMatchObject({ at: null, before, firesAt });
    });

    test('waits for a due date to count back from', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      expect((await remind(member, task, { before: 'P1D' })).firesAt).toBeNull();
      expect((await stored(task))?.remindAt).toBeUndefined();
    });

    test('counts as one change of the task', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      await remind(member, task, somewhere);
      expect(await versionOf(member, task)).toBe(task.version + 1);
    });

    test('adds one for all repetitions with the same idempotency key', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const ask = () =>
        send(api(), member.accessToken, 'post', remindersPath(task))
          .set('Idempotency-Key', 'abc')
          .send(somewhere);
      const [first, second] = [await ask(), await ask()];
      expect(second.body).toEqual(first.body);
      expect(await remindersOf(member, task)).toHaveLength(1);
    });

    test('finds the one that an earlier attempt has added whose answer was lost', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const seed = new Types.ObjectId();
      const given = { at: new Date(somewhere.at), before: null };
      const attempt = () =>
        repeatably(seed, () => createReminder({ userId: member.user.id }, task.id, given));
      const [first, second] = [await attempt(), await attempt()];
      expect(second).toEqual(first);
      expect(await remindersOf(member, task)).toEqual([first.value]);
    });

    test('loses none of those that are added at once', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      await Promise.all(
        Array.from({ length: maximumReminders }, () => remind(member, task, somewhere)),
      );
      expect(await remindersOf(member, task)).toHaveLength(maximumReminders);
    });
  });

  test('403: refuses one more than there may be, until one is deleted', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    let last = '';
    for (let made = 0; made < maximumReminders; made += 1) {
      last = (await remind(member, task, somewhere)).id;
    }
    const refused = await member.send('post', remindersPath(task), somewhere);
    expectProblem(refused, 403, 'limit_reached');
    await member.send('delete', `${remindersPath(task)}/${last}`);
    await remind(member, task, somewhere);
  });

  test.each<[string, object, string]>([
    ['nothing', {}, 'body custom'],
    ['both', { ...somewhere, before: 'P1D' }, 'body custom'],
    ['a date', { at: '2035-01-05' }, 'body.at invalid_format'],
    ['a local time', { at: '2035-01-05T08:00:00' }, 'body.at invalid_format'],
    ['another century', { at: '1899-12-31T00:00:00Z' }, 'body.at custom'],
    ['too late a year', { at: '9998-12-31T23:59:59-12:00' }, 'body.at custom'],
    ['another kind of duration', { before: 'P1M' }, 'body.before invalid_format'],
    ['a duration after the due date', { before: '-PT1H' }, 'body.before invalid_format'],
    ['an operator', { before: { $gt: '' } }, 'body.before invalid_type'],
    [
      'a member that is not known',
      { ...somewhere, firedAt: null },
      'body.firedAt unrecognized_key',
    ],
  ])('422: refuses %s', async (_, given, violation) => {
    const member = await signUp(api());
    const task = await createTask(member);
    const answer = await member.send('post', remindersPath(task), given);
    expect(violationsIn(answer)).toEqual([violation]);
    expect(await remindersOf(member, task)).toEqual([]);
  });
});

describe('GET /tasks/:id/reminders', () => {
  test('200: lists them in the order in which they were made, page by page', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    const made: string[] = [];
    for (let count = 0; count < 3; count += 1)
      made.push((await remind(member, task, somewhere)).id);
    const idsOf = (body: { data: { id: string }[] }) => body.data.map(({ id }) => id);
    const first = await member.send('get', `${remindersPath(task)}?limit=2`);
    expect(idsOf(first.body)).toEqual(made.slice(0, 2));
    expect(first.headers['link']).toContain('rel="next"');
    // The page goes on where it was, though what was there is gone.
    await member.send('delete', `${remindersPath(task)}/${made[1]}`);
    const cursor = String(first.body.nextCursor);
    const second = await member.send('get', `${remindersPath(task)}?limit=2&cursor=${cursor}`);
    expect(idsOf(second.body)).toEqual(made.slice(2));
    expect(second.body.nextCursor).toBeNull();
    const other = await createTask(member);
    const elsewhere = await member.send('get', `${remindersPath(other)}?cursor=${cursor}`);
    expect(violationsIn(elsewhere)).toEqual(['query.cursor invalid_cursor']);
  });

  test.each([
    ['limit=0', 'query.limit too_small'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['at=x', 'query.at unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const member = await signUp(api());
    const task = await createTask(member);
    const answer = await member.send('get', `${remindersPath(task)}?${query}`);
    expect(violationsIn(answer)).toEqual([violation]);
  });
});

describe('DELETE /tasks/:id/reminders/:reminderId', () => {
  test('204: takes it away, and with the last one all that is stored of them', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    const later = await remind(member, task, { at: '2036-01-01T00:00:00Z' });
    const sooner = await remind(member, task, somewhere);
    expect((await stored(task))?.remindAt).toEqual(new Date(somewhere.at));
    const gone = await member.send('delete', `${remindersPath(task)}/${sooner.id}`);
    expect(gone.status).toBe(204);
    expect(await remindersOf(member, task)).toEqual([later]);
    expect((await stored(task))?.remindAt).toEqual(new Date('2036-01-01T00:00:00Z'));
    expect(await versionOf(member, task)).toBe(task.version + 3);
    await member.send('delete', `${remindersPath(task)}/${later.id}`);
    const { remindAt, reminders } = (await stored(task)) ?? {};
    expect([remindAt, reminders]).toEqual([undefined, undefined]);
    const again = await member.send('delete', `${remindersPath(task)}/${later.id}`);
    expectProblem(again, 404, 'not_found');
  });

  test('412: leaves it where the task has another version', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    const { id } = await remind(member, task, somewhere);
    const path = `${remindersPath(task)}/${id}`;
    const ask = (version: number) =>
      send(api(), member.accessToken, 'delete', path).set('If-Match', `"${version}"`);
    expectProblem(await ask(task.version), 412, 'precondition_failed');
    expect(await remindersOf(member, task)).toHaveLength(1);
    expect((await ask(task.version + 1)).status).toBe(204);
  });
});

describe.each<['get' | 'post' | 'delete', string]>([
  ['get', ''],
  ['post', ''],
  ['get', '/:reminderId'],
  ['delete', '/:reminderId'],
])('%s /tasks/:id/reminders%s', (method, rest) => {
  const ask = (sender: Member, task: { id: string }, reminderId: string) =>
    sender.send(
      method,
      remindersPath(task) + rest.replace(':reminderId', reminderId),
      ...(method === 'post' ? [somewhere] : []),
    );

  test('401: asks for a token', async () => {
    const path = remindersPath({ id: '0'.repeat(24) }) + rest.replace(':', '');
    expectUnauthorized(await send(api(), undefined, method, path), 'unauthenticated');
  });

  test('403: an API token needs the scope', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    const { id } = await remind(member, task, somewhere);
    const scopes = [method === 'get' ? 'tasks:write' : 'tasks:read'];
    const { token } = await createToken(member, { scopes });
    const path = remindersPath(task) + rest.replace(':reminderId', id);
    const request = send(api(), token, method, path);
    const answer = await (method === 'post' ? request.send(somewhere) : request);
    expectProblem(answer, 403, 'insufficient_scope');
  });

  test('404: of a task that is absent, in the trash or somebody else’s', async () => {
    const member = await signUp(api());
    const stranger = await signUp(api());
    const task = await createTask(stranger);
    const { id } = await remind(stranger, task, somewhere);
    const own = await createTask(member);
    const lost = await remind(member, own, somewhere);
    await member.send('delete', `/tasks/${own.id}`);
    for (const answer of [
      await ask(member, task, id),
      await ask(member, { id: 'x' }, id),
      await ask(member, { id: '0'.repeat(24) }, id),
      await ask(member, own, lost.id),
    ]) {
      expectProblem(answer, 404, 'not_found');
    }
    expect(await remindersOf(stranger, task)).toHaveLength(1);
  });
});

describe.each(['get', 'delete'] as const)('%s /tasks/:id/reminders/:reminderId', (method) => {
  test('404: of another task, malformed or absent', async () => {
    const member = await signUp(api());
    const [task, other] = [await createTask(member), await createTask(member)];
    const { id } = await remind(member, other, somewhere);
    for (const given of [id, 'x', '0'.repeat(24)]) {
      const answer = await member.send(method, `${remindersPath(task)}/${given}`);
      expectProblem(answer, 404, 'not_found');
    }
    expect(await remindersOf(member, other)).toHaveLength(1);
  });
});
