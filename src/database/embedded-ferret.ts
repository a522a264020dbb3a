import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import {
  type Announce,
  DirectoryInUseError,
  type EmbeddedDatabase,
  PortTakenError,
  type Server,
  serveOnFreePort,
} from './embedded-server.ts';

const script = fileURLToPath(new URL('../../scripts/offline-database', import.meta.url));

/** What the script's exit statuses mean. */
const directoryInUse = 75;
const portTaken = 76;

/**
 * Runs FerretDB with its data in a directory; null: a temporary one, removed on stop.
 * The first use on a machine installs it, once for all clones.
 */
export async function startFerret(
  directory: string | null,
  announce: Announce,
): Promise<EmbeddedDatabase> {
  if (!existsSync(script)) throw new Error('not part of this installation');
  const data = directory ?? (await mkdtemp(join(tmpdir(), 'task-manager-api-')));
  const flags = directory === null ? ['--temporary'] : [];
  try {
    return await serveOnFreePort(
      (port) => launch([data, String(port), ...flags], announce),
      announce,
    );
  } catch (error) {
    if (directory === null) await rm(data, { recursive: true, force: true });
    throw error;
  }
}

async function launch(parameters: string[], announce: Announce): Promise<Server> {
  // Detached, because Ctrl-C must reach the API alone, which still needs its database to finish what
  // it is doing. The script ends when its standard input does, so at the latest with this process.
  const child = spawn('bash', [script, 'run', ...parameters], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  // It may have ended before its input does, which is no matter.
  child.stdin.on('error', () => {});
  try {
    await untilReady(child, ended, announce);
  } catch (error) {
    child.stdin.end();
    throw refusal(error, child.exitCode, parameters[0] ?? '');
  }
  // From here on it must not keep this process from ending.
  child.stdout.destroy();
  child.stderr.destroy();
  (child.stdin as Socket).unref();
  child.unref();
  return {
    ended,
    stop: async () => {
      child.ref();
      child.stdin.end();
      await ended;
    },
  };
}

async function untilReady(
  child: ChildProcess & { stdout: Readable; stderr: Readable },
  ended: Promise<unknown>,
  announce: Announce,
): Promise<void> {
  const complaints: string[] = [];
  createInterface(child.stderr).on('line', (line) => complaints.push(line));
  const ready = new Promise<void>((resolve) => {
    createInterface(child.stdout).on('line', (line) => {
      if (line === 'ready') resolve();
      if (line === 'installing') {
        announce(
          'installing an embedded database (FerretDB, once on this machine: about 2 minutes)',
        );
      }
    });
  });
  const failed = ended.then(() => {
    throw new Error(complaints.at(-1) ?? `ended with status ${child.exitCode}`);
  });
  await Promise.race([ready, failed]);
}

function refusal(error: unknown, status: number | null, directory: string): unknown {
  if (status === directoryInUse) return new DirectoryInUseError(directory, { cause: error });
  if (status === portTaken) return new PortTakenError('the port was taken', { cause: error });
  return (error as NodeJS.ErrnoException).code === 'ENOENT' ? new Error('needs bash') : error;
}
