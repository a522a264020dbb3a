import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { mongo, Types } from 'mongoose';
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

describe('tasks that are read at the same time', () => {
  test('are each the one that was asked for, and nobody sees those of others', async () => {
    const members = await Promise.all([signUp(api()), signUp(api())]);
    const [own, foreign] = await Promise.all(members.map((member) => createTask(member)));
    const [owner, stranger] = members;
    const absent = new Types.ObjectId().toHexString();
    const read = async (member: Member | undefined, id: string | undefined) => {
      const { status, body } = (await member?.send('get', `/tasks/${id}`)) ?? {};
      return [status, body.id ?? body.code];
    };
    const rounds = Array.from({ length: 15 }, async () =>
      Promise.all([
        read(owner, own?.id),
        read(stranger, own?.id),
        read(stranger, foreign?.id),
        read(owner, absent),
      ]),
    );
    for (const answers of await Promise.all(rounds)) {
      expect(answers).toEqual([
        [200, own?.id],
        [404, 'not_found'],
        [200, foreign?.id],
        [404, 'not_found'],
      ]);
    }
  });

  test('are each as the last change has left them', async () => {
    const member = await signUp(api());
    const { id } = await createTask(member, { title: 'Version 1' });
    const reads: PromiseLike<unknown>[] = [];
    for (let version = 2; version <= 12; version += 1) {
      for (let count = 0; count < 8; count += 1) reads.push(member.send('get', `/tasks/${id}`));
      await member.send('patch', `/tasks/${id}`, { title: `Version ${version}` });
      const { body } = await member.send('get', `/tasks/${id}`);
      expect([body.title, body.version]).toEqual([`Version ${version}`, version]);
    }
    await Promise.all(reads);
  });

  test('all fail when the reading does, and the next one does not', async () => {
    const member = await signUp(api());
    const { id } = await createTask(member);
    const lost = () => Promise.reject(new mongo.MongoNetworkError('planted'));
    jest.spyOn(mongo.Db.prototype, 'command').mockImplementation(lost);
    jest.spyOn(mongo.FindCursor.prototype, 'toArray').mockImplementation(lost);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => member.send('get', `/tasks/${id}`)),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    jest.restoreAllMocks();
    expect((await member.send('get', `/tasks/${id}`)).status).toBe(200);
  });
});
