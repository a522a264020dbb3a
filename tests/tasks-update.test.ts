import { describe, expect, test } from '@jest/globals';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();

async function patched(member: Member, task: Task, patch: object): Promise<Task> {
  const answer = await member.send('patch', `/tasks/${task.id}`, patch);
  expect(answer.status).toBe(200);
  return answer.body as Task;
}

const full = {
  title: 'Pay rent',
  description: 'to the landlord',
  status: 'in_progress',
  priority: 'urgent',
  dueDate: '2026-12-01T09:30:00.000Z',
  timeZone: 'Europe/Paris',
  startDate: '2026-11-20',
  duration: 'PT1H',
  estimate: 'PT3H',
  labels: ['home', 'money'],
};

describe('PATCH /tasks/:id', () => {
  describe('200', () => {
    test.each([
      ['title', 'Pay the rent', 'Pay the rent'],
      ['description', 'soon', 'soon'],
      ['description', '', ''],
      ['description', null, ''],
      ['status', 'todo', 'todo'],
      ['status', null, 'todo'],
      ['priority', 'low', 'low'],
      ['priority', null, 'medium'],
      ['dueDate', '2027-01-01', '2027-01-01'],
      ['dueDate', null, null],
      ['timeZone', 'Asia/Tokyo', 'Asia/Tokyo'],
      ['timeZone', null, null],
      ['startDate', '2026-11-30T08:00', '2026-11-30T08:00:00'],
      ['startDate', null, null],
      ['duration', 'PT45M', 'PT45M'],
      ['duration', null, null],
      ['estimate', 'P2W', 'P2W'],
      ['estimate', null, null],
      ['labels', ['work'], ['work']],
      ['labels', [], []],
      ['labels', null, []],
    ])('sets %s to %j and leaves the rest as it was', async (name, value, shown) => {
      const member = await signUp(api());
      const task = await createTask(member, full);
      const changed = await patched(member, task, { [name]: value });
      expect(changed).toEqual({
        ...task,
        [name]: shown,
        updatedAt: expect.any(String),
        version: 2,
      });
      expect(Date.parse(changed.updatedAt)).toBeGreaterThanOrEqual(Date.parse(task.updatedAt));
      expect((await member.send('get', `/tasks/${task.id}`)).body).toEqual(changed);
    });

    test('takes the media type of JSON Merge Patch', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await send(api(), member.accessToken, 'patch', `/tasks/${task.id}`)
        .set('Content-Type', 'application/merge-patch+json')
        .send(JSON.stringify({ title: 'Pay the rent' }));
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe('"2"');
    });

    test.each([[{}], [full], [{ labels: full.labels }]])(
      'leaves the version alone when %j changes nothing',
      async (patch) => {
        const member = await signUp(api());
        const task = await createTask(member, full);
        expect(await patched(member, task, patch)).toEqual(task);
      },
    );

    test('stamps completion when the status becomes done, and only then', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const done = await patched(member, task, { status: 'done' });
      expect(done.completedAt).toBe(done.updatedAt);
      const renamed = await patched(member, task, { title: 'Paid', status: 'done' });
      expect(renamed.completedAt).toBe(done.completedAt);
      const reopened = await patched(member, task, { status: 'in_progress' });
      expect(reopened.completedAt).toBeNull();
    });

    test('changes the version that If-Match names', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await send(api(), member.accessToken, 'patch', `/tasks/${task.id}`)
        .set('If-Match', '"1"')
        .send({ title: 'Pay the rent' });
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe('"2"');
    });

    test('loses no change when many arrive at once', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const patches = [
        { title: 'Pay the rent' },
        { description: 'soon' },
        { priority: 'high' },
        { dueDate: '2026-12-01' },
        { labels: ['home'] },
      ];
      const versions = await Promise.all(
        patches.map(async (patch) => (await patched(member, task, patch)).version),
      );
      expect(versions.toSorted()).toEqual([2, 3, 4, 5, 6]);
      const now = await member.send('get', `/tasks/${task.id}`);
      expect(now.body).toMatchObject(Object.assign({}, ...patches));
    });

    test('lets one of several with the same If-Match win', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answers = await Promise.all(
        ['a', 'b', 'c', 'd'].map((title) =>
          send(api(), member.accessToken, 'patch', `/tasks/${task.id}`)
            .set('If-Match', '"1"')
            .send({ title }),
        ),
      );
      const statuses = answers.map(({ status }) => status).toSorted();
      expect(statuses).toEqual([200, 412, 412, 412]);
    });
  });

  describe('404', () => {
    test('leaves the task of somebody else alone', async () => {
      const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
      const task = await createTask(stranger);
      const answer = await member.send('patch', `/tasks/${task.id}`, { title: 'Mine' });
      expect(answer.status).toBe(404);
      expect((await stranger.send('get', `/tasks/${task.id}`)).body).toEqual(task);
    });
  });

  describe('412', () => {
    test('keeps what somebody else has changed meanwhile, and tells the current version', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      await patched(member, task, { title: 'Changed meanwhile' });
      const answer = await send(api(), member.accessToken, 'patch', `/tasks/${task.id}`)
        .set('If-Match', '"1"')
        .send({ title: 'Too late' });
      expect(answer.status).toBe(412);
      expect(answer.body.code).toBe('precondition_failed');
      expect(answer.headers['etag']).toBe('"2"');
      const now = await member.send('get', `/tasks/${task.id}`);
      expect(now.body.title).toBe('Changed meanwhile');
    });
  });

  describe('422', () => {
    test.each([
      [{ title: null }, ['body.title invalid_type']],
      [{ title: '' }, ['body.title too_small']],
      [{ completedAt: null }, ['body.completedAt unrecognized_key']],
      [{ version: 1 }, ['body.version unrecognized_key']],
      [
        { projectId: 'x', rank: 'a0' },
        ['body.projectId unrecognized_key', 'body.rank unrecognized_key'],
      ],
      [{ labels: { $push: 'x' } }, ['body.labels invalid_type']],
      [[], ['body invalid_type']],
    ])('refuses %j', async (patch, errors) => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await member.send('patch', `/tasks/${task.id}`, patch);
      expect(answer.status).toBe(422);
      const found = answer.body.errors.map(
        ({ path, code }: Record<string, string>) => `${path} ${code}`,
      );
      expect(found).toEqual(errors);
    });
  });
});
