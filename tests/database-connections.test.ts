import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { connectDatabase, type Database } from '../src/database/connection.ts';
import { createLogger } from '../src/logger.ts';
import { toAppError } from '../src/http/problems.ts';
import { layWire, type Wire } from './support/network.ts';

let wire: Wire;
let database: Database;
const sockets: Socket[] = [];

/** Each socket that the driver opens to the database. */
function keep(message: unknown): void {
  sockets.push((message as { socket: Socket }).socket);
}

beforeAll(async () => {
  subscribe('net.client.socket', keep);
  const { hostname, port } = new URL(process.env['DATABASE_FOR_TESTS'] ?? '');
  wire = await layWire(hostname, Number(port));
  const uri = `mongodb://127.0.0.1:${wire.port}/test?directConnection=true`;
  database = connectDatabase(uri, createLogger('silent'));
  await database.ready;
});

afterAll(async () => {
  unsubscribe('net.client.socket', keep);
  await database.close();
  await wire.close();
});

test('what meets a connection that the database has just ended is told that it is away', async () => {
  const collection = mongoose.connection.collection('things');
  const own = sockets.filter(({ remotePort }) => remotePort === wire.port);
  const asking = own.map(async (socket) => {
    await once(socket, 'end');
    // The driver learns of it in a moment; one of these requests is given this very connection.
    return database.run(() => collection.findOne());
  });
  await wire.cut();
  const outcomes = await Promise.allSettled(asking);
  const failures = outcomes.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
  expect(failures.length).toBeGreaterThan(0);
  const codes = failures.map((failure) => toAppError(failure).code);
  expect(new Set(codes)).toEqual(new Set(['database_unavailable']));
});
