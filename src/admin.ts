import { setTimeout as sleep } from 'node:timers/promises';
import { config as loadEnvironment } from 'dotenv';
import { type Config, parseConfig } from './config.ts';
import { connectDatabase } from './database/connection.ts';
import { createDependencies } from './dependencies.ts';
import { type Command, readCommand, runCommand, usage } from './features/admin/command.ts';
import { createLogger } from './logger.ts';
import { provideDatabase, provideMail, provideSecret } from './provision.ts';

/** Milliseconds. A server waits for its database for as long as it takes; a person does not. */
const patience = 10_000;

/** Does what is asked for with the same database, and the same queue of e-mails, as the server. */
async function carryOut(config: Config, command: Command): ReturnType<typeof runCommand> {
  // The outcome is one line for a person; what has happened is recorded in the database.
  const logger = createLogger('silent');
  const jwtSecret = await provideSecret(config);
  const provided = await provideDatabase(config, () => {}, { shared: true });
  const database = connectDatabase(provided.uri, logger);
  const mailTransport = provideMail(config, logger);
  const given = { config, database, logger, jwtSecret, mailTransport };
  const dependencies = createDependencies(given);
  try {
    await Promise.race([database.ready, sleep(patience)]);
    if (!database.isReady()) throw new Error('MONGODB_URI: the database cannot be reached');
    return await database.run(() => runCommand(dependencies, command));
  } finally {
    await dependencies.jobs.stop();
    await database.close();
    await provided.stop();
  }
}

async function main(): Promise<boolean> {
  const command = readCommand(process.argv.slice(2));
  if (!command) {
    console.error(usage);
    return false;
  }
  loadEnvironment({ quiet: true });
  const { done, lines } = await carryOut(parseConfig(process.env), command);
  for (const line of lines) (done ? console.log : console.error)(line);
  return done;
}

try {
  process.exit((await main()) ? 0 : 1);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
