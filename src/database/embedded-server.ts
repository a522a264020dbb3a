import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

export type Announce = (line: string) => void;

export interface EmbeddedDatabase {
  readonly uri: string;
  stop(): Promise<void>;
}

/** One run of a database server, between its being ready and its end. */
export interface Server {
  readonly ended: Promise<unknown>;
  stop(): Promise<void>;
}

export class DirectoryInUseError extends Error {
  constructor(directory: string, options?: ErrorOptions) {
    super(
      `The database in ${directory} is in use by another process; stop that one first.`,
      options,
    );
  }
}

/** Somebody else took the port between our finding it free and the server's binding it. */
export class PortTakenError extends Error {}

const portAttempts = 3;
const pausesBeforeRestart = [0, 1_000, 2_000, 4_000, 8_000];

/** Serves on a free port and starts again there whenever the server ends by itself. */
export async function serveOnFreePort(
  start: (port: number) => Promise<Server>,
  announce: Announce,
): Promise<EmbeddedDatabase> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await findFreePort();
    try {
      const first = await start(port);
      const stop = keepRunning(first, () => start(port), announce);
      return { uri: `mongodb://127.0.0.1:${port}`, stop };
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === portAttempts) throw error;
    }
  }
}

/** @returns how to stop, which may be called more than once */
function keepRunning(
  first: Server,
  start: () => Promise<Server>,
  announce: Announce,
): () => Promise<void> {
  let server = first;
  const stopping = new AbortController();
  const supervise = async () => {
    while (!stopping.signal.aborted) {
      await server.ended;
      if (stopping.signal.aborted) return;
      announce('embedded database ended unexpectedly, starting it again');
      server = await startAgain(start, stopping.signal);
    }
    await server.stop();
  };
  const supervision = supervise().catch((error: unknown) => {
    if (!stopping.signal.aborted) announce(`embedded database lost: ${String(error)}`);
  });
  return async () => {
    stopping.abort();
    await server.stop();
    await supervision;
  };
}

async function startAgain(start: () => Promise<Server>, signal: AbortSignal): Promise<Server> {
  let failure: unknown;
  for (const milliseconds of pausesBeforeRestart) {
    await pause(milliseconds, undefined, { signal });
    try {
      return await start();
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
