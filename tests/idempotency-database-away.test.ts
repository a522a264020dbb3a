import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createApp } from '../src/app.ts';
import { connectDatabase, type Database } from '../src/database/connection.ts';
import { IdempotencyKeyModel } from '../src/database/idempotency-keys.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { createServer } from '../src/http/server.ts';
import { createLogger } from '../src/logger.ts';
import { type Api, startInstance } from './support/api.ts';
import { basePath } from './support/factories.ts';
import { layWire, type Wire } from './support/network.ts';
import { expectProblem } from './support/problems.ts';
import { useServers } from './support/serving.ts';
import { exchange } from './support/wire.ts';

// A database that goes away is noticed after a while, and so is that it is back.
jest.setTimeout(20_000);

const serve = useServers();
let wire: Wire;
let database: Database;
let api: Api;

beforeAll(async () => {
  const { hostname, port } = new URL(process.env['DATABASE_FOR_TESTS'] ?? '');
  wire = await layWire(hostname, Number(port));
  const uri = `mongodb://127.0.0.1:${wire.port}/test-${randomUUID()}?directConnection=true`;
  database = connectDatabase(uri, createLogger('silent'));
  await database.ready;
  api = await startInstance(database);
});

afterAll(async () => {
  await backAgain();
  await mongoose.connection.dropDatabase();
  await api.close();
  await database.close();
  await wire.close();
});

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

/** Somebody who registers with a key, again and again. */
function registering() {
  const account = { email: `${randomUUID()}@example.com`, password: randomUUID(), name: 'Ada' };
  const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': randomUUID() };
  const accounts = () => UserModel.countDocuments({ emailKey: account.email });
  const ask = (origin = api.origin) =>
    exchange(
      `${origin}${basePath}/auth/register`,
      { method: 'POST', headers },
      JSON.stringify(account),
    );
  return { ask, accounts };
}

test('A request that finds the database away leaves nothing behind', async () => {
  const { ask, accounts } = registering();
  await wire.cut();
  const refused = await ask();
  expectProblem(refused, 503, 'database_unavailable');
  expect(refused.headers['retry-after']).toMatch(/^\d+$/);
  await backAgain();
  // A claim that was on its way is made by now, and given up at once.
  let answer = await ask();
  while (answer.status === 409) answer = await ask();
  expect(answer.status).toBe(201);
  expect(answer.headers).not.toHaveProperty('idempotent-replayed');
  expect((await ask()).text).toBe(answer.text);
  expect(await accounts()).toBe(1);
});

/** An instance that loses the database while it hashes the password, and then goes on when it may. */
async function losingTheDatabase(mayGoOn: Promise<void>): Promise<string> {
  const { dependencies, lifecycle } = api;
  const passwords = {
    ...dependencies.passwords,
    hash: async (password: string) => {
      await wire.cut();
      await mayGoOn;
      return dependencies.passwords.hash(password);
    },
  };
  const app = createApp({ ...dependencies, passwords }, lifecycle);
  return serve(createServer(app, dependencies.config));
}

test('A request that loses the database keeps others out for ten seconds at most', async () => {
  const { ask, accounts } = registering();
  await IdempotencyKeyModel.deleteMany();
  let goOn = () => {};
  const mayGoOn = new Promise<void>((resolve) => {
    goOn = resolve;
  });
  expectProblem(await ask(await losingTheDatabase(mayGoOn)), 503, 'database_unavailable');
  await backAgain();
  const [claim, ...others] = await IdempotencyKeyModel.find().lean();
  expect(others).toEqual([]);
  expect(claim?.answer).toBeUndefined();
  expect((claim?.leaseEndsAt.getTime() ?? 0) - Date.now()).toBeLessThanOrEqual(10_000);
  // As if they were over.
  await IdempotencyKeyModel.updateMany({}, { $set: { leaseEndsAt: new Date(0) } });
  // What was answered with 503 still makes its account in the background.
  goOn();
  while ((await accounts()) === 0);
  const answer = await ask();
  expect(answer.status).toBe(201);
  expect((await ask()).text).toBe(answer.text);
  expect(await accounts()).toBe(1);
});
