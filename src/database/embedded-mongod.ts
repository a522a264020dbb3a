import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { loadMemoryServer } from './embedded-binary.ts';
import {
  type Announce,
  DirectoryInUseError,
  type EmbeddedDatabase,
  PortTakenError,
  type Server,
  serveOnFreePort,
} from './embedded-server.ts';

/** After a crash mongod first recovers what its journal holds. */
const launchTimeout = 60_000;
/** Longer than mongodb-memory-server needs to notice that the process it served has gone. */
const abandonedFor = 15_000;
const pauseBetweenLooks = 100;

/** Runs a mongod that keeps its data in a directory; null: a temporary one, removed on stop. */
export async function startMongod(
  binary: string,
  directory: string | null,
  announce: Announce,
): Promise<EmbeddedDatabase> {
  const data = directory ?? (await mkdtemp(join(tmpdir(), 'task-manager-api-')));
  await mkdir(data, { recursive: true });
  const discard = async () => {
    if (directory === null) await rm(data, { recursive: true, force: true });
  };
  try {
    const database = await serveOnFreePort((port) => startWhenFree(binary, data, port), announce);
    return { uri: database.uri, stop: () => database.stop().then(discard) };
  } catch (error) {
    await discard();
    throw error;
  }
}

/** A mongod whose starter has gone is about to end; any other keeps its directory. */
async function startWhenFree(binary: string, data: string, port: number): Promise<Server> {
  const ownerFile = join(data, 'owner');
  const deadline = Date.now() + abandonedFor;
  for (;;) {
    try {
      const server = await launch(binary, data, port);
      await writeFile(ownerFile, String(process.pid));
      return server;
    } catch (error) {
      if (!(error instanceof DirectoryInUseError) || Date.now() > deadline) throw error;
      const owner = Number(await readFile(ownerFile, 'utf8').catch(() => 'unknown'));
      if (owner !== process.pid && isAlive(owner)) throw error;
      await pause(pauseBetweenLooks);
    }
  }
}

async function launch(binary: string, data: string, port: number): Promise<Server> {
  const LineReader = await loadMongoInstance();
  const instance = new LineReader({
    instance: {
      port,
      ip: '127.0.0.1',
      dbPath: data,
      storageEngine: 'wiredTiger',
      launchTimeout,
      args: ['--quiet', '--wiredTigerCacheSizeGB', '0.5'],
    },
    binary: { systemBinary: binary },
    // Ctrl-C must reach the API alone, which still needs its database to finish what it is doing.
    spawn: { detached: true, windowsHide: true },
  });
  try {
    await instance.start();
  } catch (error) {
    const message = String(error);
    if (/DBPathInUse|Unable to lock/.test(message)) throw new DirectoryInUseError(data);
    if (/already in use/.test(message)) throw new PortTakenError(message);
    throw error;
  }
  const mongod = instance.mongodProcess;
  if (mongod === undefined) throw new Error('mongod ended at once');
  return {
    ended: once(mongod, 'close'),
    stop: async () => {
      await instance.stop();
    },
  };
}

async function loadMongoInstance() {
  // Any mongod will do, and a warning about its version would only be noise.
  process.env.MONGOMS_SYSTEM_BINARY_VERSION_CHECK ??= 'false';
  const { MongoInstance } = await loadMemoryServer();
  /** The base class takes each chunk for one line, and fails to parse it when it holds several. */
  return class extends MongoInstance {
    private unfinishedLine = '';

    override stdoutHandler(chunk: string | Buffer): void {
      const lines = (this.unfinishedLine + chunk.toString()).split('\n');
      this.unfinishedLine = lines.pop() ?? '';
      for (const line of lines) super.stdoutHandler(line);
    }
  };
}

function isAlive(processId: number): boolean {
  if (Number.isNaN(processId)) return true;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    // Somebody else's process refuses the signal, but it is there.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
