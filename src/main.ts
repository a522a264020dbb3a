import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { config as loadEnvironment } from 'dotenv';
import { createApp } from './app.ts';
import { type Config, ConfigError, parseConfig } from './config.ts';
import { connectDatabase } from './database/connection.ts';
import { createDependencies, type Dependencies } from './dependencies.ts';
import { settleProjects } from './features/projects/deletion.service.ts';
import { finishLabels } from './features/labels/relabelling.service.ts';
import { fireReminders } from './features/reminders/firing.service.ts';
import { upgradeTasks } from './features/tasks/upgrade.service.ts';
import { sweepAttachments } from './features/attachments/sweep.service.ts';
import { settleTasks } from './features/tasks/settling.service.ts';
import { finishDeletions } from './features/users/deletion.service.ts';
import type { Lifecycle } from './http/lifecycle.ts';
import { createServer, stopServer } from './http/server.ts';
import { bufferedOutput, createLogger } from './logger.ts';
import { checkCertificate, provideDatabase, provideMail, provideSecret } from './provision.ts';

// V8 lets garbage pile up to several times what is in use; this keeps small instances small.
setFlagsFromString('--heap-growing-percent=60');

/** One clear line (or list) instead of a stack: these are for whoever starts the server. */
function giveUp(error: unknown): never {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

function readSettings(): Config {
  loadEnvironment({ quiet: true });
  try {
    return parseConfig(process.env);
  } catch (error) {
    if (error instanceof ConfigError) giveUp(error);
    throw error;
  }
}

/** What keeps the server from listening, by the setting that mends it. */
function whyNotListening({ PORT, HOST }: Config, error: unknown): Error {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return new Error(`PORT: ${PORT} is in use; set another one`);
  if (code === 'EACCES') return new Error(`PORT: ${PORT} needs more rights; set one above 1023`);
  return new Error(`HOST: ${HOST} cannot be listened on (${code})`, { cause: error });
}

const config = readSettings();
// A developer wants to read each line at once; in production requests are worth more.
const output = config.NODE_ENV === 'production' ? bufferedOutput() : undefined;
const logger = createLogger(config.LOG_LEVEL, output);
const lifecycle: Lifecycle = { stopping: false };

await checkCertificate(config).catch(giveUp);
const jwtSecret = await provideSecret(config).catch(giveUp);
const provided = await provideDatabase(config, (line) => console.log(line)).catch(giveUp);
const database = connectDatabase(provided.uri, logger, {
  prepare: upgradeTasks,
  onConnected: () => dependencies.jobs.start(),
});
const mailTransport = provideMail(config, logger);
const dependencies: Dependencies = createDependencies({
  config,
  database,
  logger,
  jwtSecret,
  mailTransport,
});
dependencies.jobs.every('finish deletions', 10, () => finishDeletions(dependencies));
dependencies.jobs.every('settle tasks', 10, settleTasks);
dependencies.jobs.every('sweep attachments', 600, () => sweepAttachments(dependencies));
dependencies.jobs.every('fire reminders', 10, () => fireReminders(dependencies));
dependencies.jobs.every('finish labels', 10, finishLabels);
dependencies.jobs.every('settle projects', 10, settleProjects);
const app = createApp(dependencies, lifecycle);
const server = createServer(app, config);

async function stop(signal: string): Promise<void> {
  if (lifecycle.stopping) return;
  logger.info({ signal }, 'stopping');
  await stopServer(server, lifecycle);
  await dependencies.jobs.stop();
  await database.close();
  await provided.stop();
  logger.info('stopped');
  process.exit(0);
}
process.on('SIGTERM', (signal) => void stop(signal));
process.on('SIGINT', (signal) => void stop(signal));

server.listen(config.PORT, config.HOST);
await once(server, 'listening').catch((error: unknown) => giveUp(whyNotListening(config, error)));
const address = server.address();
logger.info({ address }, 'listening');

await database.ready;
if (config.NODE_ENV !== 'production') console.log(`Task Manager API: ${config.PUBLIC_URL}/docs`);
