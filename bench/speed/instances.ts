/**
 * How requests a second grow with processes. Workers of one instance share a port;
 * instances of their own stand behind nginx, as docs/deployment.md configures it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { fillDatabase } from '../shared/dataset.ts';
import { median, printRow } from '../shared/figures.ts';
import { startNginx } from '../shared/nginx.ts';
import { inPlace } from '../shared/place.ts';
import { ask, end, freePort, type Place, startApi, startLoad } from '../shared/processes.ts';
import { type Load, operations, type Run } from './load.ts';

const rounds = 3;
const milliseconds = { warmUp: 4000, round: 3000 };

/** Where requests go to, and how it ends. */
interface Target {
  name: string;
  origin: string;
  stop(): Promise<void>;
}

async function startWorkers(place: Place, workers: number): Promise<Target> {
  const api = await startApi(place, { WORKERS: String(workers) });
  const name = workers === 1 ? 'one process' : `WORKERS=${workers}`;
  return { name, origin: api.origin, stop: () => api.stop() };
}

async function startBehindProxy(
  place: Place,
  instances: number,
  settings: Record<string, string> = {},
): Promise<Target> {
  const apis = await Promise.all(
    Array.from({ length: instances }, () => startApi(place, { TRUST_PROXY: '1', ...settings })),
  );
  const ports = apis.map(({ origin }) => Number(new URL(origin).port));
  const proxy = await startNginx(place.directory, ports);
  const shares = settings['REDIS_URL'] === undefined ? '' : ', Redis';
  return {
    name: `${instances} behind nginx${shares}`,
    origin: proxy.origin,
    stop: async () => {
      await proxy.stop();
      await Promise.all(apis.map((api) => api.stop()));
    },
  };
}

async function startRedis(directory: string): Promise<{ url: string; server: ChildProcess }> {
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', directory];
  const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server, 'spawn').catch(() => {
    throw new Error('redis-server is missing: install it, or put it on PATH');
  });
  for await (const line of createInterface(server.stdout)) {
    if (line.includes('Ready to accept connections')) break;
  }
  return { url: `redis://127.0.0.1:${port}`, server };
}

/** Requests a second of each operation, as medians. */
async function measure(load: ChildProcess, { name, origin }: Target): Promise<boolean> {
  const cells: string[] = [];
  let failed = 0;
  for (const operation of operations) {
    const run = (duration: number) =>
      ask<Load>(load, { origin, operation, milliseconds: duration } satisfies Run);
    await run(milliseconds.warmUp);
    const figures: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const { requests, failures, seconds } = await run(milliseconds.round);
      figures.push(requests / seconds);
      failed += failures;
    }
    cells.push(median(figures).toFixed(0));
  }
  printRow(name, ...cells, failed === 0 ? '' : `${failed} failed`);
  return failed === 0;
}

await inPlace(async (place) => {
  const load = startLoad();
  const { url, server } = await startRedis(place.directory);
  const targets = [
    () => startWorkers(place, 1),
    () => startWorkers(place, 2),
    () => startWorkers(place, 4),
    () => startBehindProxy(place, 1),
    () => startBehindProxy(place, 2),
    () => startBehindProxy(place, 4),
    () => startBehindProxy(place, 2, { REDIS_URL: url }),
  ];
  let kept = true;
  let filled = false;
  try {
    console.log(`${availableParallelism()} cores for everything, database and load included`);
    printRow('requests a second', ...operations);
    for (const start of targets) {
      const target = await start();
      try {
        if (!filled) {
          const { members } = await fillDatabase(place.database, place.jwtSecret);
          load.send({ members });
          filled = true;
        }
        kept = (await measure(load, target)) && kept;
      } finally {
        await target.stop();
      }
    }
  } finally {
    await end(load);
    server.kill('SIGKILL');
  }
  return kept;
});
