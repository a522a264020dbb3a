import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadMongod, downloadFailedLately, findMongod } from './embedded-binary.ts';
import { startFerret } from './embedded-ferret.ts';
import { startMongod } from './embedded-mongod.ts';
import { type Announce, DirectoryInUseError, type EmbeddedDatabase } from './embedded-server.ts';

export type { EmbeddedDatabase } from './embedded-server.ts';

interface Attempt {
  name: string;
  /** Each engine has a folder of its own, as neither can read the other's files. */
  folder: 'mongod' | 'ferretdb';
  start: (directory: string | null) => Promise<EmbeddedDatabase>;
}

/** A file that an engine's folder has once it holds data. */
const evidence = { mongod: 'WiredTiger', ferretdb: 'cluster' };

/** In the directory of the data: the address at which a process serves it. */
const uriFile = 'uri';

/**
 * Starts a database for machines where nobody has set one up: mongod where there is one or where it
 * can be downloaded, otherwise FerretDB. It ends with this process, however that happens, and comes
 * back on the same port when it is killed alone.
 *
 * @param options.directory where data lives between starts; null: a temporary one, removed on stop
 * @param options.announce gets a line for what takes long, and one when the database is ready
 * @param options.shared whether the database of another process that uses the directory will do
 * @throws one error that names what was tried and what to do instead
 */
export async function startEmbeddedDatabase(options: {
  directory: string | null;
  announce: Announce;
  shared?: boolean;
}): Promise<EmbeddedDatabase> {
  const { directory, announce, shared = false } = options;
  const began = performance.now();
  const failures: string[] = [];
  for (const { name, folder, start } of attemptsFor(directory, announce)) {
    try {
      const database = await start(directory === null ? null : join(directory, folder));
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      announce(`embedded database ready in ${seconds} s (${name})`);
      return directory === null ? database : await findable(database, directory);
    } catch (error) {
      if (error instanceof DirectoryInUseError) {
        const other = shared && directory !== null ? await databaseOfOther(directory) : undefined;
        if (other) return other;
        throw error;
      }
      failures.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new Error(
    `No embedded database could be started (${failures.join('; ')}). Set MONGODB_URI to a running ` +
      `MongoDB, run \`docker compose up\`, or install mongod.${abandoningHint(directory)}`,
  );
}

/** Says beside the data where it is served, for as long as it is. */
async function findable(database: EmbeddedDatabase, directory: string): Promise<EmbeddedDatabase> {
  const file = join(directory, uriFile);
  await writeFile(file, database.uri, { mode: 0o600 });
  return {
    uri: database.uri,
    stop: async () => {
      await rm(file, { force: true });
      await database.stop();
    },
  };
}

/** Nothing while the other process is still starting, or already stopping. */
async function databaseOfOther(directory: string): Promise<EmbeddedDatabase | undefined> {
  const uri = await readFile(join(directory, uriFile), 'utf8').catch(() => undefined);
  return uri === undefined ? undefined : { uri, stop: async () => {} };
}

function attemptsFor(directory: string | null, announce: Announce): Attempt[] {
  const installed: Attempt = {
    name: 'MongoDB',
    folder: 'mongod',
    start: async (path) => startMongod(await findMongod(), path, announce),
  };
  const downloaded: Attempt = {
    name: 'MongoDB from mongodb-memory-server',
    folder: 'mongod',
    start: async (path) => startMongod(await downloadMongod(announce), path, announce),
  };
  const ferret: Attempt = {
    name: 'FerretDB on PostgreSQL',
    folder: 'ferretdb',
    start: (path) => startFerret(path, announce),
  };
  // A failure that is remembered only changes the order, so that it never costs the last chance.
  const attempts = downloadFailedLately()
    ? [installed, ferret, downloaded]
    : [installed, downloaded, ferret];
  const owner = engineWithData(directory);
  return owner === undefined ? attempts : attempts.filter(({ folder }) => folder === owner);
}

/** Data stays with the engine that wrote it: to start another one would make it disappear. */
function engineWithData(directory: string | null): Attempt['folder'] | undefined {
  if (directory === null) return undefined;
  const engines = ['mongod', 'ferretdb'] as const;
  return engines.find((engine) => existsSync(join(directory, engine, evidence[engine])));
}

function abandoningHint(directory: string | null): string {
  const engine = engineWithData(directory);
  if (directory === null || engine === undefined) return '';
  return ` The data in ${join(directory, engine)} needs this engine; remove it to start empty.`;
}
