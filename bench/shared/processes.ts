import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process has used since its start: microseconds of all its threads, and bytes. */
interface Usage {
  user: number;
  system: number;
  rss: number;
}

/** What a process holds: bytes, after a collection of the garbage where that was asked for. */
export interface Holdings {
  rss: number;
  heapUsed: number;
  /** Open files and sockets; not told where there is no /proc. */
  descriptors?: number;
  /** What keeps the process running: sockets, timers and the like. */
  resources: number;
}

/** Lets either server tell what it has used, and ends it with this process, with no code of its own. */
const reporter = `data:text/javascript,${encodeURIComponent(`
  import { existsSync, readdirSync } from 'node:fs';
  const files = '/proc/self/fd';
  const tell = () => process.send({
    ...process.cpuUsage(),
    rss: process.memoryUsage.rss(),
    heapUsed: process.memoryUsage().heapUsed,
    descriptors: existsSync(files) ? readdirSync(files).length : undefined,
    resources: process.getActiveResourcesInfo().length,
  });
  process.on('message', ({ collect }) => {
    if (!collect) return tell();
    // What only a finalizer frees is garbage in the second collection.
    globalThis.gc();
    setImmediate(() => {
      globalThis.gc();
      tell();
    });
  });
  process.on('disconnect', () => process.exit());
  process.channel.unref();
`)}`;

export interface BenchedServer {
  readonly origin: string;
  /** Milliseconds from the start of the process until it was ready. */
  readonly startTime: number;
  usage(): Promise<Usage>;
  isRunning(): boolean;
  /** @param collect only for a process that was started with --expose-gc */
  holdings(collect?: boolean): Promise<Holdings>;
  /** Asks it to stop, and tells how it ended and in how many milliseconds. */
  terminate(): Promise<{ status: number | null; milliseconds: number }>;
  stop(): Promise<void>;
}

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

async function terminate(child: ChildProcess) {
  const askedAt = performance.now();
  const ended = once(child, 'exit') as Promise<[number | null]>;
  child.kill('SIGTERM');
  const [status] = await ended;
  return { status, milliseconds: performance.now() - askedAt };
}

async function untilReady(origin: string, child: ChildProcess, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  for (;;) {
    const answer = await fetch(`${origin}/readyz`).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.status === 200) return;
    if (child.exitCode !== null || performance.now() > deadline) {
      throw new Error('a server did not become ready');
    }
    // Seldom enough to leave the processor to what is starting.
    await sleep(20);
  }
}

/** @throws Error where the process ends instead of answering */
export function ask<Answer>(child: ChildProcess, question: object): Promise<Answer> {
  return new Promise((answered, failed) => {
    const ended = () => failed(new Error('a process of the benchmark ended early'));
    child.once('exit', ended);
    child.once('message', (answer) => {
      child.off('exit', ended);
      answered(answer as Answer);
    });
    child.send(question);
  });
}

const isRunning = (child: ChildProcess) => child.exitCode === null && child.signalCode === null;

export async function end(child: ChildProcess): Promise<void> {
  if (!isRunning(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

interface Start {
  file: string;
  execArgv: readonly string[];
  /** On a free port, unless it says otherwise. */
  environment: Record<string, string>;
  /** Where it runs and logs: an empty one, so that no .env file has a say. */
  directory: string;
  /** Milliseconds until it has to be ready. */
  patience?: number;
}

/** @throws Error where nothing answers that it is ready, for 20 s unless told otherwise, or when it ends */
async function start({
  file,
  execArgv,
  environment,
  directory,
  patience = 20_000,
}: Start): Promise<BenchedServer> {
  const port = environment['PORT'] ?? String(await freePort());
  const log = openSync(join(directory, 'server.log'), 'a');
  const startedAt = performance.now();
  const child = fork(resolve(file), {
    cwd: directory,
    env: { PATH: process.env['PATH'], ...environment, PORT: port },
    execArgv: [...execArgv, '--import', reporter],
    stdio: ['ignore', log, 'inherit', 'ipc'],
  });
  closeSync(log);
  const origin = `http://127.0.0.1:${port}`;
  await untilReady(origin, child, patience).catch(async (error: unknown) => {
    await end(child);
    throw error;
  });
  return {
    origin,
    startTime: performance.now() - startedAt,
    usage: () => ask<Usage>(child, {}),
    isRunning: () => isRunning(child),
    holdings: (collect = false) => ask<Holdings>(child, { collect }),
    terminate: () => terminate(child),
    stop: () => end(child),
  };
}

export interface Place {
  database: string;
  jwtSecret: string;
  directory: string;
}

/** The built server with everything on, except that it is measured over plain HTTP. */
export function startApi(
  { database, jwtSecret, directory }: Place,
  settings: Record<string, string> = {},
  { patience, execArgv = [] }: Pick<Partial<Start>, 'patience' | 'execArgv'> = {},
): Promise<BenchedServer> {
  return start({
    ...(patience !== undefined && { patience }),
    file: 'dist/main.js',
    // As `npm start` and the image start it.
    execArgv: ['--max-semi-space-size=8', ...execArgv],
    environment: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      MONGODB_URI: database,
      JWT_SECRET: jwtSecret,
      ENFORCE_HTTPS: 'off',
      ...settings,
    },
    directory,
  });
}

/** One of the servers that the API is compared with. */
export function startOther(
  file: 'bench/speed/baseline.ts' | 'bench/speed/textbook.ts',
  { database, jwtSecret, directory }: Place,
): Promise<BenchedServer> {
  return start({
    file,
    execArgv: process.execArgv,
    environment: { MONGODB_URI: database, JWT_SECRET: jwtSecret },
    directory,
  });
}

export function startLoad(
  file: 'bench/speed/load.ts' | 'bench/overload/arrivals.ts' = 'bench/speed/load.ts',
): ChildProcess {
  // Not JSON, which has no word for a figure that is not a number.
  return fork(resolve(file), { execArgv: process.execArgv, serialization: 'advanced' });
}
