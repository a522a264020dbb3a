import { afterEach, describe, expect, jest, test } from '@jest/globals';
import mongoose, { Types } from 'mongoose';
import { LabelModel } from '../src/features/labels/labels.model.ts';
import { finishLabels } from '../src/features/labels/relabelling.service.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { expectProblem } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import {
  createLabel,
  finishLater,
  labelNamed,
  namesOf,
  plantDeletion,
  plantRename,
  readTask,
} from './support/labels.ts';

const api = useApi();

afterEach(() => {
  jest.restoreAllMocks();
});

async function rename(member: Member, from: string, to: string) {
  const { id } = await labelNamed(member, from);
  return member.send('patch', `/labels/${id}`, { name: to });
}

/** Gives somebody many tasks with a label, past the API. */
async function giveTasks(member: Member, count: number, labels: string[]): Promise<void> {
  const ownerId = new Types.ObjectId(member.user.id);
  const at = new Date();
  const tasks = Array.from({ length: count }, (_, index) => ({
    ownerId,
    projectId: ownerId,
    rank: 'a0',
    title: `task ${index}`,
    titleKey: `task ${index}`,
    titleWords: ['task'],
    words: ['task'],
    description: '',
    status: 'todo',
    priority: 1,
    deadline: at,
    allDay: false,
    labels,
    createdAt: at,
    updatedAt: at,
    version: 1,
  }));
  await TaskModel.collection.insertMany(tasks);
}

describe('a new name', () => {
  test('takes the place of the former one in every task, as a change of each', async () => {
    const member = await signUp(api());
    const labels = ['a', 'home', 'b'];
    const [task, other] = [await createTask(member, { labels }), await createTask(member)];
    expect((await rename(member, 'home', 'house')).status).toBe(200);
    const now = await readTask(member, task);
    expect(now).toEqual({
      ...task,
      labels: ['a', 'house', 'b'],
      updatedAt: now.updatedAt,
      version: 2,
    });
    expect(Date.parse(now.updatedAt)).toBeGreaterThan(Date.parse(task.updatedAt));
    expect(await readTask(member, other)).toEqual(other);
    expect((await member.send('get', '/tasks?label=home')).body.data).toEqual([]);
    expect((await member.send('get', '/tasks?label=house')).body.data).toEqual([now]);
  });

  test('is not given twice to a task that has it already', async () => {
    const member = await signUp(api());
    const labels = ['home', 'x', 'house'];
    const task = await createTask(member, { labels });
    // The label of that name has gone, and the task has not lost it yet.
    const house = await labelNamed(member, 'house');
    await plantDeletion(house);
    await rename(member, 'home', 'house');
    expect((await readTask(member, task)).labels).toEqual(['x', 'house']);
  });

  test('reaches the trash', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home'] });
    await member.send('delete', `/tasks/${task.id}`);
    await rename(member, 'home', 'house');
    const restored = await member.send('post', `/trash/${task.id}/restore`);
    expect(restored.body.labels).toEqual(['house']);
  });

  test('leaves the tasks of others alone', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    await createTask(member, { labels: ['home'] });
    const theirs = await createTask(stranger, { labels: ['home'] });
    await rename(member, 'home', 'house');
    expect(await readTask(stranger, theirs)).toEqual(theirs);
  });

  test('reaches thousands of tasks, in steps', async () => {
    const member = await signUp(api());
    await createLabel(member);
    await giveTasks(member, 1500, ['home', 'x']);
    const writes = jest.spyOn(TaskModel.collection, 'updateMany');
    expect((await rename(member, 'home', 'house')).status).toBe(200);
    const changed = await Promise.all(
      writes.mock.results.map(
        async ({ value }) => (await (value as Promise<{ modifiedCount: number }>)).modifiedCount,
      ),
    );
    expect(Math.max(...changed)).toBeLessThanOrEqual(500);
    const tasks = await TaskModel.find({ ownerId: member.user.id }).lean();
    expect(tasks).toHaveLength(1500);
    for (const { labels, version } of tasks) {
      expect([labels, version]).toEqual([['house', 'x'], 2]);
    }
  });

  test('wins once of several that are given at once, in every task', async () => {
    const member = await signUp(api());
    const tasks = await Promise.all(
      Array.from({ length: 5 }, () => createTask(member, { labels: ['home'] })),
    );
    const { id } = await labelNamed(member, 'home');
    const answers = await Promise.all(
      ['b', 'c', 'd', 'home'].map((name) => member.send('patch', `/labels/${id}`, { name })),
    );
    for (const { status } of answers) expect(status).toBe(200);
    await finishLater();
    const [name] = await namesOf(member);
    for (const task of tasks) expect((await readTask(member, task)).labels).toEqual([name]);
    const { holds, formerNames } = (await LabelModel.findById(id).lean()) ?? {};
    expect(holds).toEqual([name, expect.stringMatching(/^,/)]);
    expect(formerNames).toEqual([]);
  });

  test('can be the one before, while that is still being given up', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home'] });
    await rename(member, 'home', 'house');
    await rename(member, 'house', 'home');
    expect((await readTask(member, task)).labels).toEqual(['home']);
    await finishLater();
    expect((await readTask(member, task)).labels).toEqual(['home']);
    expect(await namesOf(member)).toEqual(['home']);
    await createLabel(member, { name: 'house' });
  });

  test('stays with the tasks where it was another label’s that is being deleted', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home'] });
    const gone = await createLabel(member, { name: 'house' });
    await member.send('delete', `/labels/${gone.id}`);
    await rename(member, 'home', 'house');
    await finishLater();
    expect((await readTask(member, task)).labels).toEqual(['house']);
    expect(await namesOf(member)).toEqual(['house']);
  });
});

describe('the former name', () => {
  test('means the new one until nobody can be using it, and is free then', async () => {
    const member = await signUp(api());
    await createTask(member, { labels: ['home'] });
    await rename(member, 'home', 'house');
    expect((await createTask(member, { labels: ['home'] })).labels).toEqual(['house']);
    const both = await createTask(member, { labels: ['home', 'x', 'house'] });
    expect(both.labels).toEqual(['house', 'x']);
    expectProblem(await member.send('post', '/labels', { name: 'home' }), 409, 'name_taken');
    expectProblem(await rename(member, 'x', 'home'), 409, 'name_taken');
    await finishLabels();
    expect((await createTask(member, { labels: ['home'] })).labels).toEqual(['house']);
    await finishLater();
    expect((await createTask(member, { labels: ['home'] })).labels).toEqual(['home']);
    expect(await namesOf(member)).toEqual(['house', 'x', 'home']);
  });

  test('does not stay with a task that was given it by an instance which did not know', async () => {
    const member = await signUp(api());
    await createTask(member, { labels: ['home'] });
    // As another instance does it: this one takes the label to be there for a while.
    await plantRename(await labelNamed(member, 'home'), 'house');
    const task = await createTask(member, { labels: ['home'] });
    expect(task.labels).toEqual(['home']);
    await finishLater();
    expect((await readTask(member, task)).labels).toEqual(['house']);
    expect(await namesOf(member)).toEqual(['house']);
  });

  test('429: is followed by a bounded number of others in a short time', async () => {
    const member = await signUp(api());
    const { id } = await createLabel(member, { name: '0' });
    for (let name = 1; name <= 20; name += 1) {
      const { status } = await member.send('patch', `/labels/${id}`, { name: String(name) });
      expect(status).toBe(200);
    }
    const refused = await member.send('patch', `/labels/${id}`, { name: '21' });
    expectProblem(refused, 429, 'rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    await finishLater();
    expect((await member.send('patch', `/labels/${id}`, { name: '21' })).status).toBe(200);
  });
});

describe('a process that is killed while it renames', () => {
  test('is succeeded by the job', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['x', 'home'] });
    await plantRename(await labelNamed(member, 'home'), 'house');
    await finishLabels();
    expect((await readTask(member, task)).labels).toEqual(['x', 'home']);
    await finishLater();
    expect(await readTask(member, task)).toMatchObject({ labels: ['x', 'house'], version: 2 });
    await createLabel(member);
  });

  test('is succeeded by the same request when it is repeated', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home'] });
    await plantRename(await labelNamed(member, 'home'), 'house');
    const repeated = await rename(member, 'house', 'house');
    expect(repeated.body.version).toBe(2);
    expect((await readTask(member, task)).labels).toEqual(['house']);
  });

  test('leaves nothing behind where the label is deleted then', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home', 'x'] });
    await plantRename(await labelNamed(member, 'home'), 'house');
    const { id } = await labelNamed(member, 'house');
    expect((await member.send('delete', `/labels/${id}`)).status).toBe(204);
    expect((await readTask(member, task)).labels).toEqual(['x']);
    await finishLater();
    expect(await namesOf(member)).toEqual(['x']);
    expect(await LabelModel.countDocuments({ ownerId: member.user.id })).toBe(1);
  });
});

test('tasks are found by their labels through an index', async () => {
  const member = await signUp(api());
  await giveTasks(member, 1000, ['x']);
  const ownerId = new Types.ObjectId(member.user.id);
  const plan = await mongoose.connection.db
    ?.collection('tasks')
    .find({ ownerId, labels: { $in: ['home'] } })
    .explain('queryPlanner');
  expect(JSON.stringify(plan)).toContain('owner_label_created');
});
