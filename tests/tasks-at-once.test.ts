import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { mongo } from 'mongoose';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';

const api = useApi();

afterEach(() => {
  jest.restoreAllMocks();
});

const titles = Array.from({ length: 60 }, (_, number) => `Task ${number}`);

async function listed(member: Member): Promise<string[]> {
  const { body } = await member.send('get', '/tasks?limit=100&sort=createdAt');
  return (body as { data: { title: string }[] }).data.map(({ title }) => title);
}

describe('tasks that are created at the same time', () => {
  test('are all stored, each as its answer says', async () => {
    const member = await signUp(api());
    const created = await Promise.all(titles.map((title) => createTask(member, { title })));
    expect(created.map(({ title }) => title)).toEqual(titles);
    for (const task of created) {
      expect((await member.send('get', `/tasks/${task.id}`)).body).toEqual(task);
    }
    expect((await listed(member)).toSorted()).toEqual(titles.toSorted());
  });

  test('are none of them acknowledged when the write is not', async () => {
    const member = await signUp(api());
    const lost = () => Promise.reject(new mongo.MongoNetworkError('planted'));
    jest.spyOn(mongo.Collection.prototype, 'insertMany').mockImplementation(lost);
    jest.spyOn(mongo.Collection.prototype, 'insertOne').mockImplementation(lost);
    const answers = await Promise.all(
      titles.map((title) => member.send('post', '/tasks', { title })),
    );
    for (const { status, body } of answers) {
      expect({ status, code: body.code }).toEqual({ status: 503, code: 'database_unavailable' });
    }
    jest.restoreAllMocks();
    expect(await listed(member)).toEqual([]);
    await createTask(member, { title: 'After it' });
    expect(await listed(member)).toEqual(['After it']);
  });
});
