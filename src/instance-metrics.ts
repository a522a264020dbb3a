import { setTimeout as sleep } from 'node:timers/promises';
import type { Dependencies } from './dependencies.ts';

/** Milliseconds for a question to the database; what it does not answer by then is left out. */
const patience = 1000;

type Watched = Pick<Dependencies, 'database' | 'jobs' | 'metrics' | 'passwords'>;

/** Shows how the parts of an instance stand: where work waits before it gets slow or is refused. */
export function watchInstance({ database, jobs, metrics, passwords }: Watched): void {
  database.pool.onWait((milliseconds) => metrics.observeConnectionWait(milliseconds));

  metrics.watch(
    [
      {
        type: 'gauge',
        name: 'database_up',
        help: 'Whether the database can be reached: 1, or 0 while requests are answered with 503.',
        aggregator: 'min',
      },
      {
        type: 'gauge',
        name: 'database_connections_open',
        help: 'Connections to the database.',
      },
      {
        type: 'gauge',
        name: 'database_connections_in_use',
        help: 'Connections to the database that an operation has.',
      },
      {
        type: 'gauge',
        name: 'database_connections_waiting',
        help: 'Operations that wait for a connection to the database.',
      },
      {
        type: 'counter',
        name: 'database_connection_failures_total',
        help: 'Operations that got no connection to the database.',
      },
    ],
    () => {
      const { open, inUse, waiting, failures } = database.pool.state();
      return {
        database_up: database.isReady() ? 1 : 0,
        database_connections_open: open,
        database_connections_in_use: inUse,
        database_connections_waiting: waiting,
        database_connection_failures_total: failures,
      };
    },
  );

  metrics.watch(
    [
      {
        type: 'gauge',
        name: 'password_hashes_running',
        help: 'Passwords that are being hashed.',
      },
      {
        type: 'gauge',
        name: 'password_hashes_waiting',
        help: 'Passwords that wait to be hashed.',
      },
      {
        type: 'counter',
        name: 'password_hashes_refused_total',
        help: 'Passwords that were refused with 503, as too many waited.',
      },
    ],
    () => {
      const { running, waiting, refused } = passwords.queue();
      return {
        password_hashes_running: running,
        password_hashes_waiting: waiting,
        password_hashes_refused_total: refused,
      };
    },
  );

  metrics.watch(
    [
      {
        type: 'gauge',
        name: 'jobs_due',
        help: 'Jobs of all instances that are due and that none has begun.',
        label: 'name',
        aggregator: 'max',
      },
      {
        type: 'gauge',
        name: 'jobs_due_oldest_seconds',
        help: 'For how long the oldest of these has been due.',
        label: 'name',
        aggregator: 'max',
      },
    ],
    async () => {
      const asked = database.run(() => jobs.due(patience)).catch(() => undefined);
      const due = await Promise.race([asked, sleep(patience, undefined, { ref: false })]);
      if (!due) return {};
      return {
        jobs_due: new Map(due.map(({ job, count }) => [job, count])),
        jobs_due_oldest_seconds: new Map(due.map(({ job, oldest }) => [job, oldest])),
      };
    },
  );
}
