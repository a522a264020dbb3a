import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { connectDatabase, type Database } from '../src/database/connection.ts';
import { createLogger } from '../src/logger.ts';
import { type Api, startInstance } from './support/api.ts';
import { figure, figures, until } from './support/metrics.ts';
import { layWire, type Wire } from './support/network.ts';

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
  await mongoose.connection.dropDatabase();
  await api.close();
  await database.close();
  await wire.close();
});

test('A database that hangs shows who waits for a connection, and does not fail the metrics', async () => {
  const failed = (await figure(api, 'database_connection_failures_total')) ?? 0;
  wire.freeze();
  const { db } = mongoose.connection;
  const asking = Array.from({ length: 80 }, async () =>
    db
      ?.admin()
      .ping()
      .catch(() => undefined),
  );
  const waiting = await until(api, 'database_connections_waiting', (value) => Number(value) > 0);
  // The pool holds fifty.
  expect(waiting).toBeGreaterThanOrEqual(30);
  expect(await until(api, 'database_up', (value) => value === 0)).toBe(0);
  expect(await figures(api, 'jobs_due')).toEqual(new Map());
  await Promise.all(asking);
  expect(await figure(api, 'database_connections_waiting')).toBe(0);
  expect(await figure(api, 'database_connection_failures_total')).toBeGreaterThan(failed);
  await wire.mend();
  await until(api, 'database_up', (value) => value === 1);
});
