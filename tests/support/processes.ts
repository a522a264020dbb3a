import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

/** The API as a process of its own. */
export interface ApiProcess {
  child: ChildProcess;
  /** The lines of its standard output so far. */
  lines: string[];
  /** Resolves with the first line that matches; rejects when the process ends before. */
  line: (pattern: RegExp) => Promise<string>;
  /** Resolves at its end. */
  ended: Promise<{ status: number | null; signal: string | null; complaint: string }>;
}

/**
 * Starts a program of `dist`, as the set-up of the tests has compiled it, in a folder, so that it finds
 * neither the clone's `.env` nor its `.data`.
 * @param settings all the settings that it gets
 */
export function spawnIn(
  directory: string,
  settings: Record<string, string>,
  program: string,
  ...given: string[]
) {
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  return spawn(process.execPath, [resolve('dist', program), ...given], {
    cwd: directory,
    env: { PATH, HOME, ...(XDG_CACHE_HOME && { XDG_CACHE_HOME }), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Starts the server in a folder. */
export function startProcess(directory: string, settings: Record<string, string>): ApiProcess {
  const child = spawnIn(directory, settings, 'main.js');
  const lines: string[] = [];
  const output = createInterface(child.stdout).on('line', (text) => lines.push(text));
  const complaint = child.stderr.toArray().then((chunks) => chunks.join(''));
  const ended = once(child, 'exit').then(async ([status, signal]) => ({
    status: status as number | null,
    signal: signal as string | null,
    complaint: await complaint,
  }));

  async function line(pattern: RegExp): Promise<string> {
    const found = lines.find((text) => pattern.test(text));
    if (found !== undefined) return found;
    const coming = new Promise<string>((done) => {
      output.on('line', (text) => pattern.test(text) && done(text));
    });
    const failed = ended.then((end) => {
      throw new Error(`ended before ${String(pattern)}: ${JSON.stringify(end)}`);
    });
    return Promise.race([coming, failed]);
  }

  return { child, lines, line, ended };
}

/** Where a process listens, once it does. */
export async function originOf({ line }: ApiProcess): Promise<string> {
  const { address } = JSON.parse(await line(/"listening"/)) as { address: { port: number } };
  return `http://127.0.0.1:${address.port}`;
}

/** A folder for one test. */
export async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'api-process-'));
  await use(folder).finally(() => rm(folder, { recursive: true, force: true }));
}
