import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { afterAll, beforeAll } from '@jest/globals';
import mongoose from 'mongoose';
import supertest from 'supertest';
import { createApp } from '../../src/app.ts';
import { parseConfig } from '../../src/config.ts';
import { connectDatabase, type Database } from '../../src/database/connection.ts';
import { createDependencies, type Dependencies } from '../../src/dependencies.ts';
import { admit } from '../../src/http/admission.ts';
import type { Lifecycle } from '../../src/http/lifecycle.ts';
import { createServer } from '../../src/http/server.ts';
import { createLogger } from '../../src/logger.ts';
import { provideMail, provideRedis } from '../../src/provision.ts';

export const jwtSecret = 'a secret for tests, of more than 32 bytes';

/** An instance of the API as a client meets it, listening on a free port. */
export interface Api {
  request: ReturnType<typeof supertest>;
  origin: string;
  server: Server;
  dependencies: Dependencies;
  lifecycle: Lifecycle;
  close(): Promise<void>;
}

/** Where the whole suite is to run with Redis, as with `TEST_REDIS_URL=redis://localhost:6379 npm test`. */
function redisForAllTests(): Record<string, string> {
  const { TEST_REDIS_URL } = process.env;
  return TEST_REDIS_URL === undefined ? {} : { REDIS_URL: TEST_REDIS_URL };
}

/** Starts an instance; several may share the database of a test file, as they do in production. */
export async function startInstance(
  database: Database,
  settings: Record<string, string> = {},
): Promise<Api> {
  const config = parseConfig({
    NODE_ENV: 'test',
    BCRYPT_COST: '4',
    LOG_LEVEL: 'silent',
    RATE_LIMIT: 'off',
    ...redisForAllTests(),
    ...settings,
  });
  const logger = createLogger(config.LOG_LEVEL);
  const lifecycle = { stopping: false };
  const mailTransport = provideMail(config, logger);
  const redis = await provideRedis(config, logger);
  if (redis) await once(redis.client, 'ready');
  const given = { config, database, logger, jwtSecret, mailTransport, redis };
  const dependencies = createDependencies(given);
  const app = admit(createApp(dependencies, lifecycle), dependencies, lifecycle);
  const server = createServer(app, config);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : undefined;
  return {
    request: supertest(server),
    origin: `http://127.0.0.1:${port}`,
    server,
    dependencies,
    lifecycle,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await redis?.close();
    },
  };
}

/** On a machine that is busy with other tests, a slow heartbeat does not mean that the database is away. */
export const patience = 'connectTimeoutMS=30000&serverSelectionTimeoutMS=30000';

/** Connects to a database that only this test file uses, and forgets it afterwards. */
export function useDatabase(): () => Database {
  let database: Database | undefined;
  beforeAll(async () => {
    const uri = `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`;
    database = connectDatabase(`${uri}?${patience}`, createLogger('silent'));
    await database.ready;
  });
  afterAll(async () => {
    await mongoose.connection.dropDatabase();
    await database?.close();
  });
  return () => {
    if (!database) throw new Error('the database is there from the first test on');
    return database;
  };
}

/** An instance on a database of its own for a whole test file. */
export function useApi(settings: Record<string, string> = {}): () => Api {
  const database = useDatabase();
  let api: Api | undefined;
  beforeAll(async () => {
    api = await startInstance(database(), settings);
  });
  afterAll(() => api?.close());
  return () => {
    if (!api) throw new Error('the API is there from the first test on');
    return api;
  };
}
