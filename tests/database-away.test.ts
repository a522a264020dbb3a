import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import mongoose from 'mongoose';
import { connectDatabase, type Database } from '../src/database/connection.ts';
import { createLogger } from '../src/logger.ts';
import { type Api, startInstance } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';
import { layWire, type Wire } from './support/network.ts';

// A server that hangs is noticed after about 2 s, and each test meets that once or twice.
jest.setTimeout(20_000);

let wire: Wire;
let database: Database;
let api: Api;
let member: Member;

beforeAll(async () => {
  const { hostname, port } = new URL(process.env['DATABASE_FOR_TESTS'] ?? '');
  wire = await layWire(hostname, Number(port));
  const uri = `mongodb://127.0.0.1:${wire.port}/test-${randomUUID()}?directConnection=true`;
  database = connectDatabase(uri, createLogger('silent'));
  await database.ready;
  api = await startInstance(database);
  member = await signUp(api);
});

/** Every test finds the database there, whatever the one before has done to it. */
beforeEach(backAgain);

afterAll(async () => {
  await backAgain();
  await mongoose.connection.dropDatabase();
  await api.close();
  await database.close();
  await wire.close();
});

/** Connections that broke while the wire was mended are found out, and replaced, by asking. */
async function backAgain(): Promise<void> {
  await wire.mend();
  for (let alive = false; !alive;) {
    if (!database.isReady()) await once(mongoose.connection, 'connected');
    alive = await database.ping().then(
      () => true,
      () => false,
    );
  }
}

async function expectUnavailable(
  answering: PromiseLike<{ status: number; headers: object; body: unknown }>,
) {
  const { status, headers, body } = await answering;
  expect(status).toBe(503);
  expect(headers).toMatchObject({ 'retry-after': expect.stringMatching(/^\d+$/) });
  expect(body).toMatchObject({ code: 'database_unavailable' });
}

describe.each(['cut', 'freeze'] as const)('while the database is away (%s)', (fault) => {
  test('answers 503 with Retry-After to reads, writes and logins alike', async () => {
    const task = await createTask(member);
    await wire[fault]();
    await Promise.all([
      expectUnavailable(member.send('get', `/tasks/${task.id}`)),
      expectUnavailable(member.send('get', '/tasks')),
      expectUnavailable(member.send('post', '/tasks', { title: 'Lost' })),
      expectUnavailable(
        send(api, undefined, 'post', '/auth/login').send({
          email: member.user.email,
          password: member.password,
        }),
      ),
    ]);
  });

  test('stays alive and says that it is not ready', async () => {
    await wire[fault]();
    await expectUnavailable(api.request.get('/readyz'));
    expect((await api.request.get('/livez')).status).toBe(200);
  });

  test('serves again without a restart, with what it had acknowledged', async () => {
    const task = await createTask(member);
    await wire[fault]();
    await expectUnavailable(member.send('get', `/tasks/${task.id}`));
    await backAgain();
    expect((await member.send('get', `/tasks/${task.id}`)).body).toEqual(task);
    expect((await api.request.get('/readyz')).status).toBe(200);
  });

  test('refuses rather than trusts a session that may have ended meanwhile', async () => {
    await wire[fault]();
    await expectUnavailable(member.send('get', '/users/me'));
  });
});

test('a process that was busy for a while does not take its database for away', async () => {
  await once(mongoose.connection.getClient(), 'serverHeartbeatSucceeded');
  const end = performance.now() + 1200;
  while (performance.now() < end);
  await expect(database.run(() => 'served')).resolves.toBe('served');
});
