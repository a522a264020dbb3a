import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Types } from 'mongoose';
import { repeatably } from '../src/database/new-id.ts';
import { maximumLabels } from '../src/features/labels/labels.contract.ts';
import { LabelModel } from '../src/features/labels/labels.model.ts';
import { createSchema } from '../src/features/tasks/tasks.schemas.ts';
import { createTask as makeTask } from '../src/features/tasks/tasks.service.ts';
import { expectProblem } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';
import { createLabel, labelNamed, leaveRoom, namesOf, readTask } from './support/labels.ts';

const api = useApi();

afterEach(() => {
  jest.restoreAllMocks();
});

async function taskCount(member: Member): Promise<number> {
  return (await member.send('get', '/tasks?include=total')).body.total as number;
}

describe('a task that names new labels', () => {
  test('makes them, with the usual colour, in the order of the task', async () => {
    const member = await signUp(api());
    const { labels } = await createTask(member, { labels: ['home', 'Home', 'a.$b'] });
    expect(labels).toEqual(['home', 'Home', 'a.$b']);
    expect(await namesOf(member)).toEqual(labels);
    expect(await labelNamed(member, 'Home')).toMatchObject({ colour: 'grey', version: 1 });
  });

  test('makes them at a change, too', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home'] });
    await member.send('patch', `/tasks/${task.id}`, { labels: ['work', 'home'] });
    expect((await readTask(member, task)).labels).toEqual(['work', 'home']);
    expect(await namesOf(member)).toEqual(['home', 'work']);
  });

  test('leaves those that are there as they are', async () => {
    const member = await signUp(api());
    const label = await createLabel(member, { colour: 'teal' });
    await createTask(member, { labels: ['home', 'work'] });
    await createTask(member, { labels: ['work', 'home'] });
    expect(await namesOf(member)).toEqual(['home', 'work']);
    expect(await labelNamed(member, 'home')).toEqual(label);
  });

  test('makes one of each, whatever is created at once', async () => {
    const member = await signUp(api());
    const tasks = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        createTask(member, { labels: ['home', `own ${index}`] }),
      ),
    );
    expect(tasks).toHaveLength(20);
    const names = await namesOf(member);
    expect(names.toSorted()).toEqual(
      ['home', ...Array.from({ length: 20 }, (_, index) => `own ${index}`)].toSorted(),
    );
  });

  test('makes labels of its owner alone', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    await createTask(member, { labels: ['home'] });
    expect(await namesOf(stranger)).toEqual([]);
    await createTask(stranger, { labels: ['home'] });
    expect(await namesOf(stranger)).toEqual(['home']);
  });

  test('is the same with them when a request that makes several is repeated after it broke off', async () => {
    const member = await signUp(api());
    const caller = { userId: member.user.id };
    const seed = new Types.ObjectId();
    const attempt = () =>
      repeatably(seed, async () => {
        const first = createSchema.parse({ title: 'First', labels: ['home', 'work'] });
        const second = createSchema.parse({ title: 'Second', labels: ['home', 'garden'] });
        return [await makeTask(caller, first), await makeTask(caller, second)];
      });
    const made = await attempt();
    expect(await attempt()).toEqual(made);
    expect(await taskCount(member)).toBe(2);
    expect(await namesOf(member)).toEqual(['home', 'work', 'garden']);
  });

  test.each([
    ['no such project', { projectId: new Types.ObjectId().toHexString() }],
    ['no due date to recur from', { recurrence: 'FREQ=DAILY' }],
  ])('makes none when it is refused: %s', async (_, given) => {
    const member = await signUp(api());
    const answer = await member.send('post', '/tasks', { title: 'x', labels: ['a'], ...given });
    expect(answer.status).toBe(422);
    expect(await namesOf(member)).toEqual([]);
  });

  test('makes none when its change is refused', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const { id } = await createTask(stranger);
    const labels = ['home'];
    expect((await member.send('patch', `/tasks/${id}`, { labels })).status).toBe(404);
    const missed = await send(api(), stranger.accessToken, 'patch', `/tasks/${id}`)
      .set('If-Match', '"9"')
      .send({ labels });
    expect(missed.status).toBe(412);
    expect([...(await namesOf(member)), ...(await namesOf(stranger))]).toEqual([]);
  });
});

describe('the database is not asked for labels', () => {
  test('by a task without any', async () => {
    const member = await signUp(api());
    const asked = jest.spyOn(LabelModel.collection, 'find');
    const task = await createTask(member);
    await member.send('patch', `/tasks/${task.id}`, { title: 'Other', labels: [] });
    expect(asked).not.toHaveBeenCalled();
  });

  test('by a task whose labels were used lately', async () => {
    const member = await signUp(api());
    await createTask(member, { labels: ['home', 'work'] });
    const asked = jest.spyOn(LabelModel.collection, 'find');
    await createTask(member, { labels: ['work'] });
    await createTask(member, { labels: ['home', 'work'] });
    expect(asked).not.toHaveBeenCalled();
    await createTask(member, { labels: ['home', 'new'] });
    expect(asked).toHaveBeenCalled();
  });

  test('by a change that leaves the labels as they were', async () => {
    const member = await signUp(api());
    const labels = ['home'];
    const task = await createTask(member, { labels });
    const asked = jest.spyOn(LabelModel.collection, 'find');
    await member.send('patch', `/tasks/${task.id}`, { title: 'Other', labels });
    expect(asked).not.toHaveBeenCalled();
    expect(await readTask(member, task)).toMatchObject({ version: 2, labels });
  });
});

describe('without room for another label', () => {
  test('403: refuses a task that names a new one, before it is stored', async () => {
    const member = await signUp(api());
    await leaveRoom(member, 1);
    const labels = ['new 1', 'new 2'];
    const refused = await member.send('post', '/tasks', { title: 'x', labels });
    expectProblem(refused, 403, 'limit_reached');
    expect(await taskCount(member)).toBe(0);
    const task = await createTask(member, { labels: ['other 0', 'new 1'] });
    const patched = await member.send('patch', `/tasks/${task.id}`, { labels: ['new 2'] });
    expectProblem(patched, 403, 'limit_reached');
    expect(await readTask(member, task)).toEqual(task);
    expect(await LabelModel.countDocuments({ ownerId: member.user.id })).toBe(maximumLabels);
  });

  test('lets as many in at once as there is room for', async () => {
    const member = await signUp(api());
    await leaveRoom(member, 5);
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        member.send('post', '/tasks', { title: 'x', labels: [`at once ${index}`] }),
      ),
    );
    const made = answers.filter(({ status }) => status === 201);
    expect(made).toHaveLength(5);
    expect(await taskCount(member)).toBe(5);
    expect(await LabelModel.countDocuments({ ownerId: member.user.id })).toBe(maximumLabels);
    const names = new Set(await namesOf(member));
    for (const { body } of made) expect(names).toContain(body.labels[0]);
  });
});
