import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Announce } from './embedded-server.ts';

/** In the user's cache rather than in the clone, so that a fresh clone profits too. */
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'task-manager-api');
const failureFile = join(cache, 'mongod-download-failed.json');
const failureLifetime = 24 * 3600 * 1000;
const conditions = conditionsOf(process.env);

/** Without a first byte a network that swallows everything looks like one that is slow. */
const patienceBeforeFirstByte = 10_000;
/** Afterwards it also has to cover the unpacking, which is silent. */
const patienceAfterwards = 90_000;
/** An interrupted download continues where it stopped; one that never began is not tried again. */
const attempts = 3;

/**
 * The download runs in a process of its own: only there can it be given up half-way, and its output,
 * which goes straight to the terminal, be kept away from it.
 */
const downloader = `
  process.once('disconnect', () => process.exit());
  const { MongoBinary } = require(process.argv[1]);
  MongoBinary.getPath().then(
    (path) => process.send({ path }, () => process.exit()),
    (error) => process.send({ error: error.message }, () => process.exit()),
  );
`;

interface Outcome {
  path?: string;
  error?: string;
}

/** @returns the path of a mongod that this machine has, on PATH or downloaded earlier */
export async function findMongod(): Promise<string> {
  const file = process.platform === 'win32' ? 'mongod.exe' : 'mongod';
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder !== '' && isExecutable(join(folder, file))) return join(folder, file);
  }
  const { DryMongoBinary } = await loadMemoryServer();
  // An empty version stands for the default one, or for MONGOMS_VERSION.
  const downloaded = await DryMongoBinary.locateBinary({ version: '' });
  if (downloaded === undefined) throw new Error('no mongod on PATH or downloaded before');
  return downloaded;
}

/** Downloads mongod; a failure is remembered for a day unless some of it had arrived. */
export async function downloadMongod(announce: Announce): Promise<string> {
  await loadMemoryServer();
  let { path, error, arriving } = await runDownload(announce);
  for (let attempt = 2; arriving && path === undefined && attempt <= attempts; attempt += 1) {
    ({ path, error, arriving } = await runDownload(announce));
  }
  if (path !== undefined) {
    rmSync(failureFile, { force: true });
    return path;
  }
  if (!arriving) rememberFailure();
  // The first line only names the address.
  const [address, reason = address] = error?.split('\n') ?? ['no answer'];
  throw new Error(`could not be downloaded, ${reason}`);
}

/** Whether trying again is likely to waste the user's time: lately it failed in the same conditions. */
export function downloadFailedLately(): boolean {
  try {
    const failure: unknown = JSON.parse(readFileSync(failureFile, 'utf8'));
    const remembered = failure as Record<string, unknown>;
    const age = Date.now() - Number(remembered.at);
    return age >= 0 && age < failureLifetime && remembered.conditions === conditions;
  } catch {
    return false;
  }
}

function rememberFailure(): void {
  try {
    mkdirSync(cache, { recursive: true });
    writeFileSync(failureFile, JSON.stringify({ at: Date.now(), conditions }));
  } catch {
    // Then the next start tries again, which is only slower.
  }
}

/** What a user would change to make a download work; hashed, as proxies may hold passwords. */
function conditionsOf(environment: NodeJS.ProcessEnv): string {
  const relevant = Object.entries(environment)
    .filter(([name]) => /(https?[_-]|config_|yarn_)proxy$|^MONGOMS_/i.test(name))
    .map(([, value]) => value);
  // Values alone, each once: npm repeats some of them under names of its own.
  return createHash('sha256')
    .update([...new Set(relevant)].toSorted().join('\n'))
    .digest('hex');
}

/** @returns what came of it, and whether at least some of it arrived */
async function runDownload(announce: Announce): Promise<Outcome & { arriving: boolean }> {
  const module = createRequire(import.meta.url).resolve('mongodb-memory-server');
  const child = spawn(process.execPath, ['-e', downloader, module], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    // Its debugging output shows that it is alive while it waits for another process's download.
    env: { MONGOMS_MAX_RETRIES: '1', ...process.env, MONGOMS_DEBUG: '1' },
  });
  let outcome: Outcome = {};
  let arriving = false;
  const giveUp = () => child.kill('SIGKILL');
  let watchdog = setTimeout(giveUp, patienceBeforeFirstByte);
  child.once('message', (message) => {
    outcome = message as Outcome;
  });
  child.stderr?.on('data', () => watchdog.refresh());
  child.stdout?.on('data', (chunk: Buffer) => {
    watchdog.refresh();
    const size = /Downloading MongoDB.*\/ ([\d.]+)mb/.exec(chunk.toString())?.[1];
    if (size === undefined || arriving) return;
    arriving = true;
    clearTimeout(watchdog);
    watchdog = setTimeout(giveUp, patienceAfterwards);
    announce(`downloading MongoDB (${size} MB, once on this machine)`);
  });
  await once(child, 'close');
  clearTimeout(watchdog);
  return { ...outcome, arriving };
}

/** A development dependency, so it may be missing. */
export async function loadMemoryServer() {
  return import('mongodb-memory-server').catch(() => {
    throw new Error('mongodb-memory-server is not installed');
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
