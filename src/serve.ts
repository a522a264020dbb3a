import cluster from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { createApp } from './app.ts';
import type { Config } from './config.ts';
import { connectDatabase } from './database/connection.ts';
import { createDependencies, type Dependencies } from './dependencies.ts';
import { settleProjects } from './features/projects/deletion.service.ts';
import { finishLabels } from './features/labels/relabelling.service.ts';
import { fireReminders } from './features/reminders/firing.service.ts';
import { upgradeTasks } from './features/tasks/upgrade.service.ts';
import { sweepAttachments } from './features/attachments/sweep.service.ts';
import { settleTasks } from './features/tasks/settling.service.ts';
import { finishDeletions } from './features/users/deletion.service.ts';
import { admit } from './http/admission.ts';
import type { Lifecycle } from './http/lifecycle.ts';
import { createServer, stopServer } from './http/server.ts';
import { bufferedOutput, createLogger } from './logger.ts';
import {
  checkCertificate,
  provideDatabase,
  provideMail,
  provideRedis,
  provideSecret,
  provideTracing,
} from './provision.ts';

/**
 * Milliseconds after which a start listens even where the database is still being made ready: new
 * indexes may take minutes, in which it can at least say that it is alive.
 */
const longestWait = 20_000;

/** What keeps the server from listening, by the setting that mends it. */
function whyNotListening({ PORT, HOST }: Config, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new Error(`PORT: ${PORT} is in use; set another one`);
  if (code === 'EACCES') return new Error(`PORT: ${PORT} needs more rights; set one above 1023`);
  return new Error(`HOST: ${HOST} cannot be listened on (${code})`, { cause: error });
}

/**
 * Serves requests until a signal comes: connects, listens, and does what is due in the background.
 * @throws Error that says which setting keeps it from serving
 */
export async function serve(config: Config): Promise<void> {
  // A developer wants to read each line at once; in production requests are worth more.
  const output = config.NODE_ENV === 'production' ? bufferedOutput() : undefined;
  const logger = createLogger(config.LOG_LEVEL, output);
  const lifecycle: Lifecycle = { stopping: false };

  await checkCertificate(config);
  const jwtSecret = await provideSecret(config);
  const tracing = await provideTracing(config, logger);
  const provided = await provideDatabase(config, (line) => console.log(line));
  const redis = await provideRedis(config, logger);
  const database = connectDatabase(provided.uri, logger, {
    prepare: upgradeTasks,
    onConnected: () => dependencies.jobs.start(),
    onClient: tracing.recordCommands,
  });
  const mailTransport = provideMail(config, logger);
  const dependencies: Dependencies = createDependencies({
    config,
    database,
    logger,
    jwtSecret,
    mailTransport,
    redis,
    tracing,
  });
  dependencies.jobs.every('finish deletions', 10, () => finishDeletions(dependencies));
  dependencies.jobs.every('settle tasks', 10, settleTasks);
  dependencies.jobs.every('sweep attachments', 600, () => sweepAttachments(dependencies));
  dependencies.jobs.every('fire reminders', 10, () => fireReminders(dependencies));
  dependencies.jobs.every('finish labels', 10, finishLabels);
  dependencies.jobs.every('settle projects', 10, settleProjects);
  const app = createApp(dependencies, lifecycle);
  const server = createServer(admit(app, dependencies, lifecycle), config);

  async function stop(signal: string): Promise<void> {
    if (lifecycle.stopping) return;
    logger.info({ signal }, 'stopping');
    await stopServer(server, lifecycle);
    await dependencies.jobs.stop();
    await Promise.all([database.close(), redis?.close(), tracing.stop()]);
    await provided.stop();
    logger.info('stopped');
    process.exit(0);
  }
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));

  // A proxy sends requests as soon as somebody listens, and they would fail until the database is there.
  await Promise.race([database.tried, sleep(longestWait, undefined, { ref: false })]);
  if (lifecycle.stopping) return;
  server.listen(config.PORT, config.HOST);
  await once(server, 'listening').catch((error: unknown) => {
    throw whyNotListening(config, error);
  });
  const address = server.address();
  logger.info({ address }, 'listening');

  await database.ready;
  // Of several workers, one says so.
  const speaks = cluster.worker === undefined || cluster.worker.id === 1;
  if (config.NODE_ENV !== 'production' && speaks)
    console.log(`Task Manager API: ${config.PUBLIC_URL}/docs`);
}
