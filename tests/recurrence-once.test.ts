import { describe, expect, test } from '@jest/globals';
import { settleTasks } from '../src/features/tasks/settling.service.ts';
import { TaskModel, type TaskRecord } from '../src/features/tasks/tasks.model.ts';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import { complete, openOne, patch, seriesOf, tasksBelow } from './support/series.ts';

const api = useApi();

const daily = { dueDate: '2035-01-01', recurrence: 'FREQ=DAILY' };

const stored = (task: { id: string }) => TaskModel.findById(task.id).lean();

/** As if the process had died right after the write that decides, a while ago. */
async function closeAndDie({ id }: Task): Promise<void> {
  const at = new Date(Date.now() - 60_000);
  const closed = { status: 'done', completedAt: at, pendingSince: at };
  await TaskModel.updateOne({ _id: id }, { $set: closed });
}

describe('The next occurrence is opened once', () => {
  test('when twenty complete this one at once', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    await createTask(member, { parentId: task.id });
    const answers = await Promise.all(
      Array.from({ length: 20 }, () =>
        member.send('patch', `/tasks/${task.id}`, { status: 'done' }),
      ),
    );
    for (const { status, body } of answers) {
      expect({ status, body }).toMatchObject({ status: 200, body: { status: 'done' } });
    }
    expect(await seriesOf(member, task)).toHaveLength(2);
    expect(await tasksBelow(member, await openOne(member, task))).toHaveLength(1);
  });

  test('when this one is opened again, and done again', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    await complete(member, task);
    const next = await openOne(member, task);
    await patch(member, task, { status: 'todo' });
    await complete(member, task);
    expect((await openOne(member, task)).id).toBe(next.id);
    await complete(member, next);
    expect(await seriesOf(member, task)).toHaveLength(3);
  });

  test('when the process dies before it is there', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    await createTask(member, { parentId: task.id });
    await closeAndDie(task);
    await settleTasks();
    const next = await openOne(member, task);
    expect(next.dueDate).toBe('2035-01-02');
    await closeAndDie(task);
    await Promise.all([settleTasks(), settleTasks()]);
    expect((await openOne(member, task)).id).toBe(next.id);
    expect(await tasksBelow(member, next)).toHaveLength(1);
    expect((await stored(task))?.pendingSince).toBeUndefined();
  });

  test('when the process dies before that is noted, and between its subtasks', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    for (const title of ['A', 'B', 'C']) await createTask(member, { title, parentId: task.id });
    await complete(member, task);
    const next = await openOne(member, task);
    const [, lost] = await tasksBelow(member, next);
    await TaskModel.deleteOne({ _id: lost?.id });
    await TaskModel.updateOne({ _id: task.id }, { $unset: { 'series.continued': true } });
    await closeAndDie(task);
    await settleTasks();
    expect((await openOne(member, task)).id).toBe(next.id);
    const titles = (await tasksBelow(member, next)).map(({ title }) => title);
    expect(titles).toEqual(['A', 'B', 'C']);
  });

  test('and not at all when the account has gone', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const kept = await stored(task);
    const answer = await member.send('delete', '/users/me', { password: member.password });
    expect(answer.status).toBe(204);
    await TaskModel.collection.insertOne(kept as TaskRecord);
    await closeAndDie(task);
    await settleTasks();
    expect(await TaskModel.countDocuments({ ownerId: member.user.id })).toBe(1);
  });

  test('right after a move, whose own work is not done yet', async () => {
    const member = await signUp(api());
    const task = await createTask(member, daily);
    const move = { parentId: (await createTask(member)).id };
    expect((await member.send('post', `/tasks/${task.id}/move`, move)).status).toBe(200);
    await complete(member, task);
    expect(await seriesOf(member, task)).toHaveLength(2);
  });
});

test('The trash does not continue a series, and gives back the open occurrence', async () => {
  const member = await signUp(api());
  const task = await createTask(member, daily);
  expect((await member.send('delete', `/tasks/${task.id}`)).status).toBe(204);
  await settleTasks();
  expect(await seriesOf(member, task)).toEqual([]);
  const answer = await member.send('post', `/trash/${task.id}/restore`);
  expect(answer.status).toBe(200);
  const restored = await openOne(member, task);
  expect(restored.id).toBe(task.id);
  await complete(member, restored);
  expect((await openOne(member, task)).dueDate).toBe('2035-01-02');
});
