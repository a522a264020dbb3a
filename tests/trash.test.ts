import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { settleTasks } from '../src/features/tasks/settling.service.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();
const absent = '6b0345de8c6e26d1282ba682';

async function remove(member: Member, task: Task): Promise<void> {
  expect((await member.send('delete', `/tasks/${task.id}`)).status).toBe(204);
}

async function trashOf(member: Member): Promise<Task[]> {
  const answer = await member.send('get', '/trash');
  expect(answer.status).toBe(200);
  return answer.body.data;
}

async function restore(member: Member, task: Task): Promise<Task> {
  const answer = await member.send('post', `/trash/${task.id}/restore`);
  expect(answer.status).toBe(200);
  return answer.body as Task;
}

async function ids(member: Member): Promise<string[]> {
  const answer = await member.send('get', '/tasks?sort=createdAt');
  return answer.body.data.map(({ id }: Task) => id);
}

async function family(member: Member): Promise<[Task, Task, Task]> {
  const parent = await createTask(member, { title: 'parent' });
  const child = await createTask(member, { title: 'child', parentId: parent.id });
  return [parent, child, await createTask(member, { title: 'grandchild', parentId: child.id })];
}

/** As if the process had died right after the write that decides. */
async function onlyMarkTrashed(task: Task, at: Date): Promise<void> {
  const _id = new Types.ObjectId(task.id);
  const { ownerId } = (await TaskModel.findById(_id).lean()) ?? {};
  const expiresAt = new Date(at.getTime() + 86_400_000);
  const trash = { ownerId, rootId: _id, root: true, at, expiresAt };
  await TaskModel.updateOne({ _id }, { $set: { trash, pendingSince: at }, $unset: { ownerId: 1 } });
}

const longAgo = new Date(Date.now() - 60_000);

describe('DELETE /tasks/:id', () => {
  test('takes a task to the trash with all that stands below it', async () => {
    const member = await signUp(api());
    const [parent, child, grandchild] = await family(member);
    const other = await createTask(member);
    await remove(member, parent);
    expect(await ids(member)).toEqual([other.id]);
    for (const { id } of [parent, child, grandchild]) {
      expect((await member.send('get', `/tasks/${id}`)).status).toBe(404);
      expect((await member.send('patch', `/tasks/${id}`, { title: 'x' })).status).toBe(404);
      expect((await member.send('delete', `/tasks/${id}`)).status).toBe(404);
      expect((await member.send('post', `/tasks/${id}/move`, { position: 'first' })).status).toBe(
        404,
      );
      expect((await member.send('post', '/tasks', { title: 'x', parentId: id })).status).toBe(422);
    }
  });

  test('is finished by another process where one has died', async () => {
    const member = await signUp(api());
    const [parent, , grandchild] = await family(member);
    await onlyMarkTrashed(parent, longAgo);
    expect((await member.send('get', `/tasks/${grandchild.id}`)).status).toBe(200);
    await settleTasks();
    expect(await ids(member)).toEqual([]);
    await restore(member, parent);
    expect(await ids(member)).toHaveLength(3);
  });

  test('takes along what was made below it meanwhile', async () => {
    const member = await signUp(api());
    const parent = await createTask(member);
    const child = await createTask(member, { parentId: parent.id });
    await remove(member, parent);
    // A request that had read the parent before, and writes after.
    await TaskModel.updateOne(
      { _id: child.id },
      { $set: { ownerId: new Types.ObjectId(member.user.id) }, $unset: { trash: 1 } },
    );
    await TaskModel.updateOne({ _id: parent.id }, { $set: { pendingSince: longAgo } });
    await settleTasks();
    expect(await ids(member)).toEqual([]);
    const left = await TaskModel.exists({ _id: parent.id, pendingSince: { $ne: null } });
    expect(left).toBeNull();
  });
});

describe('GET /trash', () => {
  test('is empty for somebody new', async () => {
    const member = await signUp(api());
    expect((await member.send('get', '/trash')).body).toEqual({ data: [], nextCursor: null });
  });

  test('shows what was deleted, the latest first, without the subtasks that went along', async () => {
    const member = await signUp(api());
    const [parent] = await family(member);
    const other = await createTask(member, { title: 'other' });
    await remove(member, parent);
    await remove(member, other);
    const [first, second] = await trashOf(member);
    expect(first).toMatchObject({ id: other.id, title: 'other', version: 2 });
    expect(second).toMatchObject({ id: parent.id, deletedAt: second?.updatedAt });
    const days =
      (Date.parse(second?.['expiresAt' as 'id'] ?? '') - Date.parse(second?.updatedAt ?? '')) /
      86_400_000;
    expect(days).toBeCloseTo(30, 3);
  });

  test('goes on page by page', async () => {
    const member = await signUp(api());
    const tasks = [await createTask(member), await createTask(member), await createTask(member)];
    for (const task of tasks) await remove(member, task);
    const seen: string[] = [];
    let path: string | undefined = '/trash?limit=1';
    while (path) {
      const { body } = await member.send('get', path);
      seen.push(body.data[0].id);
      path = body.nextCursor ? `/trash?limit=1&cursor=${body.nextCursor}` : undefined;
    }
    expect(seen).toEqual(tasks.map(({ id }) => id).toReversed());
  });

  test('shows nobody else’s', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    await remove(stranger, await createTask(stranger));
    expect(await trashOf(member)).toEqual([]);
  });
});

describe('POST /trash/:id/restore', () => {
  test('brings a task back to its place, with all that went along', async () => {
    const member = await signUp(api());
    const [parent, child, grandchild] = await family(member);
    await remove(member, child);
    const restored = await restore(member, child);
    expect(restored).toMatchObject({ parentId: parent.id, rank: child.rank, version: 3 });
    expect(await ids(member)).toEqual([parent.id, child.id, grandchild.id]);
    expect(await trashOf(member)).toEqual([]);
  });

  test('leaves in the trash what was deleted before by itself', async () => {
    const member = await signUp(api());
    const [parent, child, grandchild] = await family(member);
    await remove(member, child);
    await remove(member, parent);
    await restore(member, parent);
    expect(await ids(member)).toEqual([parent.id]);
    expect((await trashOf(member)).map(({ id }) => id)).toEqual([child.id]);
    await restore(member, child);
    expect(await ids(member)).toEqual([parent.id, child.id, grandchild.id]);
  });

  test('brings a subtask to the top level while its parent is in the trash', async () => {
    const member = await signUp(api());
    const [parent, child, grandchild] = await family(member);
    await remove(member, child);
    await remove(member, parent);
    expect(await restore(member, child)).toMatchObject({ parentId: null });
    expect(await ids(member)).toEqual([child.id, grandchild.id]);
  });

  test('brings a subtask to the top level where its parent has gone down too far', async () => {
    const member = await signUp(api());
    const [parent, child] = await family(member);
    await remove(member, child);
    const third = (await family(member))[2];
    await member.send('post', `/tasks/${parent.id}/move`, { parentId: third.id });
    expect(await restore(member, child)).toMatchObject({ parentId: null });
  });

  test('brings everything to the project where the parent is now', async () => {
    const member = await signUp(api());
    const [parent, child, grandchild] = await family(member);
    await remove(member, child);
    const project = await member.send('post', '/projects', { name: 'Home' });
    const projectId = project.body.id;
    await member.send('post', `/tasks/${parent.id}/move`, { projectId });
    expect(await restore(member, child)).toMatchObject({ parentId: parent.id, projectId });
    expect((await member.send('get', `/tasks/${grandchild.id}`)).body).toMatchObject({ projectId });
  });

  test('is finished by another process where one has died', async () => {
    const member = await signUp(api());
    const [parent, child, grandchild] = await family(member);
    await remove(member, parent);
    await TaskModel.updateOne(
      { _id: parent.id },
      {
        $set: { ownerId: new Types.ObjectId(member.user.id), pendingSince: longAgo },
        $unset: { trash: 1 },
      },
    );
    await settleTasks();
    expect(await ids(member)).toEqual([parent.id, child.id, grandchild.id]);
  });

  test('happens once when it is asked for at once', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    await remove(member, task);
    const answers = await Promise.all(
      [1, 2, 3].map(() => member.send('post', `/trash/${task.id}/restore`)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 404, 404]);
  });
});

describe('DELETE /trash/:id', () => {
  test('drops a task for good, with all that went along', async () => {
    const member = await signUp(api());
    const [parent, child, grandchild] = await family(member);
    await remove(member, parent);
    expect((await member.send('delete', `/trash/${parent.id}`)).status).toBe(204);
    expect(await trashOf(member)).toEqual([]);
    const left = await TaskModel.find({
      _id: { $in: [parent, child, grandchild].map(({ id }) => id) },
    });
    expect(left).toEqual([]);
  });
});

describe('DELETE /trash', () => {
  test('drops all that is in it, and nothing else', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const [parent] = await family(member);
    const kept = await createTask(member);
    await remove(member, parent);
    await remove(stranger, await createTask(stranger));
    expect((await member.send('delete', '/trash')).status).toBe(204);
    expect(await trashOf(member)).toEqual([]);
    expect(await ids(member)).toEqual([kept.id]);
    expect(await trashOf(stranger)).toHaveLength(1);
    expect((await member.send('delete', '/trash')).status).toBe(204);
  });
});

describe('every route of the trash', () => {
  const routes = [
    ['get', '/trash'],
    ['delete', '/trash'],
    ['delete', `/trash/${absent}`],
    ['post', `/trash/${absent}/restore`],
  ] as const;

  test.each(routes)('401: %s %s keeps strangers out', async (method, path) => {
    expect((await send(api(), undefined, method, path)).status).toBe(401);
  });

  test.each(routes.slice(2))('404: %s %s knows no task that is not in it', async (method, path) => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const live = await createTask(member);
    const foreign = await createTask(stranger);
    await remove(stranger, foreign);
    const [, child] = await family(member);
    await remove(member, { ...child, id: child.parentId ?? '' });
    for (const id of [absent, 'never', live.id, foreign.id, child.id]) {
      const answer = await member.send(method, path.replace(absent, id));
      expect(answer.status).toBe(404);
    }
  });

  test.each(routes.slice(2))('412: %s %s obeys If-Match', async (method, path) => {
    const member = await signUp(api());
    const task = await createTask(member);
    await remove(member, task);
    const request = send(api(), member.accessToken, method, path.replace(absent, task.id));
    const answer = await request.set('If-Match', '"1"');
    expect(answer.status).toBe(412);
    expect(answer.headers['etag']).toBe('"2"');
    expect(await trashOf(member)).toHaveLength(1);
  });

  test('422: a page has its bounds', async () => {
    const member = await signUp(api());
    expect((await member.send('get', '/trash?limit=0')).status).toBe(422);
    expect((await member.send('get', '/trash?cursor=x')).status).toBe(422);
  });
});

test('the database itself empties the trash', async () => {
  const indexes = await TaskModel.collection.indexes();
  expect(indexes).toContainEqual(
    expect.objectContaining({ key: { 'trash.expiresAt': 1 }, expireAfterSeconds: 0 }),
  );
});
