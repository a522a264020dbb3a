import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { AppError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { createPool, type Pool } from './pool.ts';

/**
 * In milliseconds. A server that hangs is given up after a heartbeat and a connect: within 2.5 s together,
 * unless the URI has other values.
 */
const timeouts = {
  serverSelectionTimeoutMS: 1500,
  connectTimeoutMS: 1500,
  heartbeatFrequencyMS: 500,
};

/** Milliseconds between attempts to reach a server for the first time. */
const pause = 500;

mongoose.set({ autoIndex: false, autoCreate: false, bufferCommands: false, strictQuery: 'throw' });

export interface Database {
  readonly name: string;
  /** Whether requests can be served: connected, with every index built. */
  isReady(): boolean;
  /**
   * Runs work that needs the database.
   * @throws AppError `database_unavailable` at once while it is away, and as soon as it is lost;
   *   what was under way then may or may not have been written
   */
  run<T>(work: () => Promise<T> | T): Promise<T>;
  /** Asks the server for a sign of life. */
  ping(): Promise<void>;
  readonly pool: Pick<Pool, 'state' | 'onWait'>;
  /** Resolves at the first time of being ready, however long the server stays away. */
  readonly ready: Promise<void>;
  /** Resolves once the first attempt to become ready has succeeded or failed. */
  readonly tried: Promise<void>;
  close(): Promise<void>;
}

const defaultName = 'task-manager';

/** The name in the URI; a cluster's page shows its URI for copying without one. */
function nameIn(uri: string): string {
  return /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1] ?? defaultName;
}

/** Those of the timeouts that the URI, whose options know no case, leaves to us. */
function timeoutsFor(uri: string): Partial<typeof timeouts> {
  const inUri = new URLSearchParams(uri.split('?')[1]?.toLowerCase());
  return Object.fromEntries(
    Object.entries(timeouts).filter(([name]) => !inUri.has(name.toLowerCase())),
  );
}

/** Indexes are built before requests are served, or uniqueness and speed would be promises only. */
async function buildIndexes(): Promise<void> {
  const building = Object.values(mongoose.models).map(async ({ collection, schema }) => {
    const specifications = schema
      .indexes()
      .map(([key, options]) => ({ key, ...options }) as mongo.IndexDescription);
    if (specifications.length > 0) await collection.createIndexes(specifications);
  });
  await Promise.all(building);
}

/** What runs around a connection. */
interface Steps {
  /** Before the first request is served, once the indexes are there. */
  prepare?: () => Promise<void>;
  /** After each connection, to finish what an absence has interrupted. */
  onConnected?: () => Promise<void>;
  /** Gets each client of the driver before its first command. With it, commands are told as events. */
  onClient?: ((client: mongo.MongoClient) => void) | undefined;
}

const nothing = async () => {};

/**
 * Connects, and goes on trying for as long as it takes; once connected, the driver itself returns to
 * a server that was away. An acknowledged write is on the disk of a majority.
 */
export function connectDatabase(
  uri: string,
  logger: Logger,
  { prepare = nothing, onConnected = nothing, onClient }: Steps = {},
): Database {
  const { connection } = mongoose;
  const pool = createPool();
  const underWay = new Set<(reason: AppError) => void>();
  let watched: mongo.MongoClient | undefined;
  let reached = false;
  let prepared = false;
  let closing = false;

  const isReady = () => prepared && reached;
  const unavailable = () => new AppError('database_unavailable', { retryAfter: 2 });

  /** Without waiting for the driver, which goes on hoping for a while. */
  async function run<T>(work: () => Promise<T> | T): Promise<T> {
    if (!isReady()) throw unavailable();
    return new Promise<T>((resolve, reject) => {
      underWay.add(reject);
      const working = async () => work();
      working().then(
        (value) => {
          underWay.delete(reject);
          resolve(value);
        },
        (error: unknown) => {
          underWay.delete(reject);
          reject(error);
        },
      );
    });
  }

  async function finishWhatWasInterrupted(): Promise<void> {
    try {
      await onConnected();
    } catch (error) {
      logger.error({ err: error }, 'what was interrupted is not finished');
    }
  }

  function lose(): void {
    reached = false;
    for (const giveUp of underWay) giveUp(unavailable());
    underWay.clear();
    if (!closing && prepared) logger.warn('database lost');
  }

  function reach(): void {
    reached = true;
    logger.info('database connected');
    if (prepared) void finishWhatWasInterrupted();
  }

  /**
   * By what the driver finds out. Mongoose's own state also tells of a loss where no heartbeat has come in
   * for a second, and so whenever this process itself was busy for as long.
   */
  function watch(client: mongo.MongoClient): void {
    if (client === watched) return;
    watched = client;
    pool.follow(client);
    onClient?.(client);
    client.on('topologyDescriptionChanged', ({ newDescription: { servers } }) => {
      if (client !== watched) return;
      const reachable = [...servers.values()].some(({ isWritable }) => isWritable);
      if (reachable && !reached) reach();
      if (!reachable && reached) lose();
    });
  }

  async function connect(): Promise<void> {
    const connecting = mongoose.connect(uri, {
      dbName: nameIn(uri),
      appName: 'task-manager-api',
      ...timeoutsFor(uri),
      serverMonitoringMode: 'poll',
      maxPoolSize: 50,
      // What this API writes was checked; a stray byte of somebody else's need not fail a whole list.
      enableUtf8Validation: false,
      writeConcern: { w: 'majority', journal: true },
      // It reads each answer of the server once more, so nothing but tracing asks for it.
      ...(onClient && { monitorCommands: true }),
    });
    watch(connection.getClient());
    await connecting;
    if (!reached) reach();
    await buildIndexes();
    await prepare();
    prepared = true;
  }

  async function tryToConnect(): Promise<void> {
    try {
      await connect();
    } catch (error) {
      logger.warn({ reason: (error as Error).message }, 'database not reached, trying again');
    }
  }

  async function connectUntilReady(firstAttempt: Promise<void>): Promise<void> {
    await firstAttempt;
    while (!closing && !prepared) {
      await sleep(pause, undefined, { ref: false });
      await tryToConnect();
    }
  }

  const tried = tryToConnect();
  return {
    name: nameIn(uri),
    ready: connectUntilReady(tried).then(finishWhatWasInterrupted),
    tried,
    isReady,
    pool,
    run,
    ping: () =>
      run(async () => {
        await connection.db?.admin().ping();
      }),
    close: async () => {
      closing = true;
      await mongoose.disconnect();
    },
  };
}
