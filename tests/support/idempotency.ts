import { randomUUID } from 'node:crypto';
import express from 'express';
import mongoose, { Types } from 'mongoose';
import { pino } from 'pino';
import * as z from 'zod';
import { databaseCounters } from '../../src/database/counters.ts';
import { endpoint, type Handlers } from '../../src/contract/endpoint.ts';
import type { Database } from '../../src/database/connection.ts';
import { IdempotencyKeyModel } from '../../src/database/idempotency-keys.model.ts';
import { insertOnce, newId } from '../../src/database/new-id.ts';
import { createCipher } from '../../src/features/second-factor/cipher.ts';
import { createRateLimits } from '../../src/http/limits.ts';
import { mount, routes } from '../../src/http/mount.ts';
import { observeRequests } from '../../src/http/observation.ts';
import { answerFailures } from '../../src/http/problems.ts';
import { createServer } from '../../src/http/server.ts';
import { createMetrics } from '../../src/metrics.ts';
import { untraced } from '../../src/tracing/tracing.ts';
import { useDatabase } from './api.ts';
import { useServers } from './serving.ts';
import { exchange, type WireAnswer } from './wire.ts';

/** Endpoints to try keys on, with handlers that a test can hold up. */
const contract = {
  create: endpoint({
    method: 'post',
    path: '/things',
    access: 'user',
    summary: 'Create a thing',
    query: z.strictObject({ colour: z.string().optional() }),
    body: z.strictObject({ name: z.string(), size: z.int().optional() }),
    status: 201,
    answer: z.object({ id: z.string(), name: z.string() }),
    location: '/things/:id',
    versioned: true,
    errors: [],
    example: { body: { name: 'Lamp' }, answer: { id: '1', name: 'Lamp' } },
  }),
  attach: endpoint({
    method: 'post',
    path: '/things/file',
    access: 'user',
    summary: 'Attach a file',
    upload: true,
    status: 200,
    answer: z.object({ content: z.string() }),
    errors: [],
    example: { answer: { content: 'x' } },
  }),
  clear: endpoint({
    method: 'post',
    path: '/things/clear',
    access: 'public',
    summary: 'Clear all things away',
    status: 204,
    errors: [],
    example: {},
  }),
};

export type ThingHandlers = Handlers<typeof contract>;

/** One request to these endpoints; what is not given is the same each time. */
interface Ask {
  key?: string;
  body?: object | string;
  path?: string;
  userId?: string;
  address?: string;
}

/** Serves them; whoever asks is taken for whom they say they are. */
function createThings(
  database: Pick<Database, 'run'>,
  handlers: Partial<ThingHandlers>,
  secret = 'the secret of the server',
) {
  const logger = pino({ level: 'silent' });
  const app = express();
  app.set('trust proxy', true);
  app.use(observeRequests({ logger, metrics: createMetrics(), tracing: untraced }));
  const unused = () => {
    throw new Error('not called');
  };
  mount(app, '', routes(contract, { create: unused, attach: unused, clear: unused, ...handlers }), {
    authenticate: () => (req, res, next) => {
      res.locals['caller'] = { userId: req.get('x-user') };
      next();
    },
    checkAnswers: true,
    cipher: createCipher(secret),
    database,
    limits: createRateLimits(false, databaseCounters(database)),
  });
  app.use(answerFailures(logger));
  return createServer(app, { TLS_CERT_FILE: undefined, TLS_KEY_FILE: undefined });
}

/** Asks as one user, with one key, for one thing, unless told otherwise. */
function asking(origin: string, user: Types.ObjectId) {
  return ({
    key = 'k',
    body,
    path = '/things',
    userId,
    address,
  }: Ask = {}): Promise<WireAnswer> => {
    const headers = {
      'Content-Type': 'application/json',
      'Idempotency-Key': key,
      'X-User': userId ?? user.toHexString(),
      'X-Forwarded-For': address ?? '192.0.2.1',
    };
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? { name: 'Lamp' });
    const content = path === '/things/clear' ? undefined : text;
    return exchange(origin + path, { method: 'POST', headers }, content);
  };
}

/** As if the process that was at these requests had been killed, a while ago, before it could answer. */
export async function breakOff(filter: {
  userId: string | Types.ObjectId | { $exists: boolean };
}): Promise<void> {
  const { modifiedCount } = await IdempotencyKeyModel.updateMany(filter, {
    $set: { attempt: randomUUID(), leaseEndsAt: new Date(Date.now() - 1) },
    $unset: { answer: true },
  });
  if (modifiedCount !== 1) throw new Error(`${modifiedCount} requests broken off`);
}

const things = () =>
  mongoose.connection.collection<{ _id: Types.ObjectId; name: string }>('things');

/** How many things of this name there are. */
export const countThings = (name: string) => things().countDocuments({ name });

/** A thing as a feature makes one. */
export const createThing: ThingHandlers['create'] = async ({ body: { name } }) => {
  const stored = await insertOnce(things(), { _id: newId(), name });
  return { value: { id: stored._id.toHexString(), name: stored.name }, version: '1' };
};

/** Something that a test waits for, or lets others wait for. */
export function gate() {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** What is not given is new, connected, or the same each time. */
interface Circumstances {
  userId?: Types.ObjectId;
  database?: Pick<Database, 'run'>;
  secret?: string;
}

/** Serves things to tests: each has a user of its own, and the record of that user's only key. */
export function useThings() {
  const connected = useDatabase();
  const serve = useServers();
  return async (
    handlers: Partial<ThingHandlers>,
    { userId = new Types.ObjectId(), database = connected(), secret }: Circumstances = {},
  ) => {
    const origin = await serve(createThings(database, handlers, secret));
    const record = () => IdempotencyKeyModel.findOne({ userId }).lean();
    return { ask: asking(origin, userId), record, userId };
  };
}
