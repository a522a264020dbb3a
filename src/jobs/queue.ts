import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agenda as Queue, Job } from 'agenda';
import mongoose, { type mongo } from 'mongoose';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { parseTraceParent, type Tracing } from '../tracing/tracing.ts';
import { countDueJobs, type DueJobs } from './due-jobs.ts';

/** Milliseconds. A job of a process that died is taken over once its lock is this old. */
const lockLifetime = 20_000;
const pollEvery = 5000;
/** How long a stopping process waits for the jobs that run. */
const patience = 4000;

/** Retries after 5 s, 10 s, 20 s … and then hourly, for about a day. */
const backoff = { delay: 5000, factor: 2, maxDelay: 3_600_000, maxRetries: 32, jitter: 0.2 };

/** The data of a job, as JSON; `userId` lets the jobs of an account go with it. */
type JobData = { userId?: string } & Record<string, unknown>;

/** As it is stored: whoever asked for the job may have been in the midst of a trace. */
type StoredData = JobData & { traceparent?: string };

/** What a job can know of itself: the same id at each attempt. */
export interface Attempt {
  readonly id: string;
}

type Work<Data> = (data: Data, attempt: Attempt) => Promise<void>;

export interface JobQueue {
  /**
   * Names a kind of work. Work happens at least once: it is repeated after a failure, and after a
   * process died in the midst of it, so it must be harmless to do twice. It takes at most 20 s.
   * @returns stores a job and resolves once it can no longer be lost
   */
  define<Data extends JobData>(name: string, work: Work<Data>): (data: Data) => Promise<void>;
  /** Work that one of the instances does every so many seconds. */
  every(name: string, seconds: number, work: () => Promise<void>): void;
  /** Drops what still waits for an account. */
  forget(userId: string): Promise<void>;
  /**
   * What is due and not yet begun, by any instance; an entry for each name.
   * @param milliseconds that the database may take
   * @throws Error after that time
   */
  due(milliseconds: number): Promise<DueJobs[]>;
  /** Begins to take jobs from the queue; the database has to be ready. */
  start(): Promise<void>;
  /** Takes no more jobs and lets those that run finish, for 4 s at most. */
  stop(): Promise<void>;
}

interface Definition {
  name: string;
  work: Work<JobData>;
  seconds: number | undefined;
}

interface Observers {
  logger: Logger;
  metrics: Pick<Metrics, 'observeJob'>;
  tracing: Pick<Tracing, 'runJob' | 'traceparent'>;
}

const collection = 'jobs';

/** Jobs in the database, which survive the process and are shared by all instances. */
export function createJobQueue({ logger, metrics, tracing }: Observers): JobQueue {
  const definitions: Definition[] = [];
  let opened: Promise<Queue> | undefined;
  let running = 0;

  /** Does an attempt, and tells how it went. */
  async function attempt({ name, work }: Definition, { attrs }: Job<StoredData>): Promise<void> {
    // What is done at intervals has none.
    const { traceparent, ...data } = { ...attrs.data };
    const startedAt = performance.now();
    const tell = (outcome: 'done' | 'failed') =>
      metrics.observeJob(name, outcome, performance.now() - startedAt);
    try {
      await tracing.runJob(name, traceparent, () => work(data, { id: String(attrs._id) }));
      tell('done');
    } catch (error) {
      const failures = (attrs.failCount ?? 0) + 1;
      const traceId = parseTraceParent(traceparent)?.traceId;
      logger.warn({ err: error, job: name, failures, traceId }, 'job failed');
      tell('failed');
      throw error;
    }
  }

  async function open(): Promise<Queue> {
    // Loaded when it is needed, as requests can be served before.
    const { Agenda, backoffStrategies, InMemoryNotificationChannel } = await import('agenda');
    const { MongoBackend } = await import('@agendajs/mongo-backend');
    const { db } = mongoose.connection;
    const queue = new Agenda({
      backend: new MongoBackend({ mongo: db as mongo.Db, collection }),
      // A job that is added here is begun here at once; others find it when they look.
      notificationChannel: new InMemoryNotificationChannel(),
      processEvery: pollEvery,
      defaultLockLifetime: lockLifetime,
      removeOnComplete: true,
    });
    queue.on('error', (error: Error) => {
      logger.warn({ reason: error.message }, 'job queue error');
    });
    for (const definition of definitions) {
      queue.define<StoredData>(definition.name, (job) => attempt(definition, job), {
        backoff: backoffStrategies.exponential(backoff),
      });
    }
    queue.on('start', () => {
      running += 1;
    });
    queue.on('complete', () => {
      running -= 1;
    });
    queue.on('retry exhausted', (_error, { attrs: { name, _id } }) => {
      logger.error({ job: name, jobId: String(_id) }, 'job given up');
    });
    await queue.ready;
    return queue;
  }

  /** At first use, as it needs the database; a failure is not remembered. */
  function agenda(): Promise<Queue> {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  }

  return {
    define(name, work) {
      definitions.push({ name, work: work as Work<JobData>, seconds: undefined });
      return async (data) => {
        const traceparent = tracing.traceparent();
        await (await agenda()).now(name, { ...data, ...(traceparent && { traceparent }) });
      };
    },
    every: (name, seconds, work) => void definitions.push({ name, work, seconds }),
    forget: async (userId) => void (await (await agenda()).cancel({ data: { userId } })),
    due: (milliseconds) =>
      countDueJobs(
        collection,
        definitions.map(({ name }) => name),
        milliseconds,
      ),
    async start() {
      const queue = await agenda();
      for (const { name, seconds } of definitions) {
        if (seconds !== undefined) await queue.every(`${seconds} seconds`, name);
      }
      await queue.start();
    },
    async stop() {
      const queue = await opened?.catch(() => undefined);
      if (!queue) return;
      // What has been taken and not begun goes back to the queue.
      await queue.stop();
      const patient = sleep(patience, 'over', { ref: false });
      while (running > 0) {
        if ((await Promise.race([once(queue, 'complete'), patient])) === 'over') return;
      }
    },
  };
}
