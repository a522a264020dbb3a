import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import mongoose, { type Connection, Types } from 'mongoose';
import type { SignIn } from '../src/features/auth/auth.contract.ts';
import { type ApiProcess, inFolder, originOf, startProcess } from './support/processes.ts';
import { everything } from './support/stored.ts';

const tasks = 3000;

interface Place {
  connection: Connection;
  /** A process on the database of this test; the one before has ended by then. */
  start: () => Promise<{ process: ApiProcess; origin: string }>;
}

/** Gives a test a database and processes that it may kill; cleans up after both. */
function withProcesses(use: (place: Place) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const MONGODB_URI = `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`;
    const connection = await mongoose.createConnection(MONGODB_URI).asPromise();
    const started: ApiProcess[] = [];
    const start = async () => {
      const child = startProcess(folder, { MONGODB_URI, PORT: '0', BCRYPT_COST: '4' });
      started.push(child);
      const origin = await originOf(child);
      await child.line(/^Task Manager API/);
      return { process: child, origin };
    };
    try {
      await use({ connection, start });
    } finally {
      for (const { child } of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ ended }) => ended));
      await connection.dropDatabase();
      await connection.close();
    }
  });
}

async function kill({ child, ended }: ApiProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended;
}

const json = { 'Content-Type': 'application/json' };
const password = 'correct horse battery';

/** Somebody with a long list of tasks. */
async function signUp(origin: string, connection: Connection): Promise<SignIn> {
  const body = JSON.stringify({ email: `${randomUUID()}@example.com`, password, name: 'Ada' });
  const path = `${origin}/api/v1/auth/register`;
  const answer = await fetch(path, { method: 'POST', headers: json, body });
  expect(answer.status).toBe(201);
  const signedIn = (await answer.json()) as SignIn;
  const authorization = `Bearer ${signedIn.accessToken}`;
  const headers = { ...json, authorization };
  const title = JSON.stringify({ title: 'Note G' });
  const created = await fetch(`${origin}/api/v1/tasks`, { method: 'POST', headers, body: title });
  expect(created.status).toBe(201);
  const stored = connection.collection('tasks');
  const { _id, ...task } = (await stored.findOne()) ?? {};
  expect(_id).toBeDefined();
  const copies = Array.from({ length: tasks - 1 }, () => ({ ...task, _id: new Types.ObjectId() }));
  await stored.insertMany(copies);
  return signedIn;
}

describe('A process that is killed', () => {
  test('in the midst of a deletion leaves nothing behind, once the next one runs', () =>
    withProcesses(async ({ connection, start }) => {
      const first = await start();
      const { accessToken, user } = await signUp(first.origin, connection);
      const headers = { ...json, authorization: `Bearer ${accessToken}` };
      const body = JSON.stringify({ password });
      const path = `${first.origin}/api/v1/users/me`;
      const deleting = fetch(path, { method: 'DELETE', headers, body }).catch(() => undefined);
      const users = connection.collection('users');
      const marked = { deletedAt: { $exists: true } };
      while ((await users.countDocuments(marked)) === 0);
      await kill(first.process);
      await deleting;
      // As if it had happened a while ago: what is quite new may still have requests under way.
      await users.updateMany(marked, { $set: { deletedAt: new Date(Date.now() - 60_000) } });
      await start();
      while ((await users.countDocuments()) > 0);
      const left = await everything(connection);
      for (const trace of [user.id, user.email, 'Note G']) expect(left).not.toContain(trace);
    }));

  test('in the midst of an export leaves no answer that looks whole, and the next one gives it', () =>
    withProcesses(async ({ connection, start }) => {
      const first = await start();
      const { accessToken } = await signUp(first.origin, connection);
      const headers = { authorization: `Bearer ${accessToken}` };
      const request = get(`${first.origin}/api/v1/users/me/export`, { headers });
      const [answer] = (await once(request, 'response')) as [IncomingMessage];
      await once(answer, 'readable');
      await kill(first.process);
      await expect(answer.toArray()).rejects.toThrow('aborted');
      const { origin } = await start();
      const again = await fetch(`${origin}/api/v1/users/me/export`, { headers });
      const exported = (await again.json()) as { tasks: unknown[] };
      expect(exported.tasks).toHaveLength(tasks);
    }));
});
