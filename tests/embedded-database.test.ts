import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import mongoose from 'mongoose';
import { type EmbeddedDatabase, startEmbeddedDatabase } from '../src/database/embedded.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'embedded-database-test-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('a database in a directory', () => {
  test('keeps its data across a restart', async () => {
    const directory = await newDirectory();
    await withDatabase(directory, ({ uri }) => write(uri, { title: 'Buy milk' }));
    await withDatabase(directory, async ({ uri }) => {
      expect(await titles(uri)).toEqual(['Buy milk']);
    });
  });

  test('keeps acknowledged data when every process is killed at once', async () => {
    const directory = await newDirectory();
    const holder = await startHolder(directory);
    await write(holder.uri, { title: 'Acknowledged' });
    const closed = untilClosed(await openSocket(holder.uri));
    killAtOnce([holder.process.pid!, ...descendantsOf(holder.process.pid!).map(({ pid }) => pid)]);
    await closed;
    await withDatabase(directory, async ({ uri }) => {
      expect(await titles(uri)).toEqual(['Acknowledged']);
    });
  });

  test('is refused to a second process with a message that says why', async () => {
    const directory = await newDirectory();
    const holder = await startHolder(directory);
    await expect(startEmbeddedDatabase({ directory, announce: () => {} })).rejects.toThrow(
      /in use by another process/,
    );
    await holder.end();
  });

  test('has unique and expiring indexes', async () => {
    await withDatabase(await newDirectory(), ({ uri }) =>
      withCollection(uri, async (tasks) => {
        await tasks.createIndexes([
          { key: { title: 1 }, name: 'title', unique: true },
          { key: { expiresAt: 1 }, name: 'expiry', expireAfterSeconds: 0 },
        ]);
        const indexes = await tasks.indexes();
        expect(indexes.map(({ name }) => name).toSorted()).toEqual(['_id_', 'expiry', 'title']);
        await tasks.insertOne({ title: 'Once' });
        await expect(tasks.insertOne({ title: 'Once' })).rejects.toMatchObject({ code: 11000 });
      }),
    );
  });
});

describe('a temporary database', () => {
  test('starts empty and leaves nothing behind', async () => {
    const temporary = await newDirectory();
    const holder = await startHolder(null, { TMPDIR: temporary });
    expect(await titles(holder.uri)).toEqual([]);
    await write(holder.uri, { title: 'Gone soon' });
    await holder.end();
    const left = await readdir(temporary);
    expect(left.filter((name) => name.startsWith('task-manager-api-'))).toEqual([]);
  });

  test('runs beside another one', async () => {
    await withDatabase(null, (first) =>
      withDatabase(null, async (second) => {
        await write(first.uri, { title: 'Only in the first' });
        expect(await titles(second.uri)).toEqual([]);
      }),
    );
  });
});

describe('the server', () => {
  test('ends with the process that started it, even when that is killed', async () => {
    const directory = await newDirectory();
    const holder = await startHolder(directory);
    const closed = untilClosed(await openSocket(holder.uri));
    holder.process.kill('SIGKILL');
    await closed;
    // The directory is free again only when the last process of the server has ended.
    await withDatabase(directory, async ({ uri }) => expect(await titles(uri)).toEqual([]));
  });

  test('outlives an interrupt from the terminal, so that requests can finish', async () => {
    const holder = await startHolder(null);
    // As a terminal does it: the signal goes to the whole process group.
    process.kill(-holder.process.pid!, 'SIGINT');
    await once(holder.process, 'exit');
    expect(holder.lines).toContain('served after the interrupt');
  });

  test('comes back on the same port with its data when it is killed', async () => {
    const holder = await startHolder(await newDirectory());
    await write(holder.uri, { title: 'Still here' });
    const closed = untilClosed(await openSocket(holder.uri));
    const servers = descendantsOf(holder.process.pid!).filter(({ name }) =>
      /mongod|ferretdb|postgres/.test(name),
    );
    killAtOnce(servers.map(({ pid }) => pid));
    await closed;
    expect(await titles(holder.uri)).toEqual(['Still here']);
    await holder.end();
  });
});

test('when nothing works, one error names the ways out', async () => {
  const nothing = await newDirectory();
  const holder = spawnHolder(null, {
    PATH: nothing,
    HOME: nothing,
    XDG_CACHE_HOME: nothing,
    MONGOMS_RUNTIME_DOWNLOAD: 'false',
    MONGOMS_SYSTEM_BINARY: '',
    MONGOMS_VERSION: '0.0.1',
  });
  const [line] = (await once(holder.output, 'line')) as [string];
  expect(line).toMatch(/^No embedded database could be started/);
  expect(line).toMatch(/MONGODB_URI.*docker compose up.*install mongod/);
});

// --- A process that holds a database, as the API does ------------------------------------------

interface Holder {
  process: ChildProcess;
  uri: string;
  /** What it has printed. */
  lines: string[];
  end(): Promise<void>;
}

const holderProgram = `
  import mongoose from 'mongoose';
  import { startEmbeddedDatabase } from './src/database/embedded.ts';
  const directory = JSON.parse(process.env.DIRECTORY);
  try {
    const database = await startEmbeddedDatabase({ directory, announce: () => {} });
    process.on('SIGINT', async () => {
      const client = await new mongoose.mongo.MongoClient(database.uri).connect();
      await client.db('test').command({ ping: 1 });
      await client.close();
      console.log('served after the interrupt');
      await database.stop();
      process.exit();
    });
    process.stdin.once('end', () => database.stop().then(() => process.exit())).resume();
    console.log(database.uri);
  } catch (error) {
    console.log(error.message);
    process.exit(1);
  }
`;

function spawnHolder(directory: string | null, environment: NodeJS.ProcessEnv = {}) {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--input-type=module', '--eval', holderProgram],
    {
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, DIRECTORY: JSON.stringify(directory), ...environment },
    },
  );
  return { child, output: createInterface(child.stdout) };
}

async function startHolder(
  directory: string | null,
  environment: NodeJS.ProcessEnv = {},
): Promise<Holder> {
  const { child, output } = spawnHolder(directory, environment);
  const lines: string[] = [];
  output.on('line', (line) => lines.push(line));
  const [uri] = (await once(output, 'line')) as [string];
  expect(uri).toMatch(/^mongodb:/);
  const end = async () => {
    const exited = once(child, 'exit');
    child.stdin.end();
    await exited;
  };
  return { process: child, uri, lines, end };
}

// --- Its processes ------------------------------------------------------------------------------

interface Process {
  pid: number;
  parent: number;
  name: string;
}

function descendantsOf(ancestor: number): Process[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm='], { encoding: 'utf8' });
  const processes = table.split('\n').map((row): Process => {
    const [pid, parent, name = ''] = row.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), name };
  });
  const below = (pid: number): Process[] =>
    processes
      .filter(({ parent }) => parent === pid)
      .flatMap((child) => [child, ...below(child.pid)]);
  return below(ancestor);
}

function killAtOnce(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It went with its parent.
    }
  }
}

// --- What a client sees -------------------------------------------------------------------------

async function withDatabase(
  directory: string | null,
  use: (database: EmbeddedDatabase) => Promise<void>,
): Promise<void> {
  const database = await startEmbeddedDatabase({ directory, announce: () => {} });
  try {
    await use(database);
  } finally {
    await database.stop();
  }
}

type Tasks = mongoose.mongo.Collection<{ title: string; expiresAt?: Date }>;

async function withCollection<T>(uri: string, use: (tasks: Tasks) => Promise<T>): Promise<T> {
  const client = await new mongoose.mongo.MongoClient(uri).connect();
  try {
    return await use(client.db('test').collection('tasks'));
  } finally {
    await client.close();
  }
}

async function write(uri: string, task: { title: string }): Promise<void> {
  await withCollection(uri, (tasks) =>
    tasks.insertOne(task, { writeConcern: { w: 'majority', journal: true } }),
  );
}

function titles(uri: string): Promise<string[]> {
  return withCollection(uri, async (tasks) =>
    (await tasks.find().toArray()).map(({ title }) => title),
  );
}

async function openSocket(uri: string): Promise<Socket> {
  const socket = connect(Number(new URL(uri).port), '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function untilClosed(socket: Socket): Promise<void> {
  // However it ends, by a reset or in an orderly way.
  socket.on('error', () => {}).resume();
  await once(socket, 'close');
}

async function newDirectory(): Promise<string> {
  return mkdtemp(join(scratch, 'data-'));
}
