import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from './config.ts';
import { createLogger } from './logger.ts';
import { tellMetricsOfAll } from './worker-metrics.ts';
import { checkCertificate, provideDatabase, provideSecret } from './provision.ts';

/** Milliseconds before a process that could not start is tried again. */
const pause = 1000;

/**
 * Runs the processes that serve requests on one port, and replaces those that die. The first one shows
 * whether the settings are right: where it cannot serve, the others would fare no better.
 * @throws Error that says which setting keeps them from serving
 */
export async function supervise(config: Config): Promise<void> {
  const logger = createLogger(config.LOG_LEVEL);
  await checkCertificate(config);
  await provideSecret(config);
  const provided = await provideDatabase(config, (line) => console.log(line));
  const serving = new Set<Worker>();
  let begun = false;
  let stopping = false;

  function fork(): void {
    const worker = cluster.fork({ MONGODB_URI: provided.uri });
    logger.info({ worker: worker.id, pid: worker.process.pid }, 'worker started');
  }

  async function stop(status: number): Promise<void> {
    if (stopping) return;
    stopping = true;
    const workers = Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
    const ends = workers.map((worker) => once(worker, 'exit'));
    for (const { process } of workers) process.kill('SIGTERM');
    const statuses = (await Promise.all(ends)).map(([code]) => code as number | null);
    await provided.stop();
    const failed = statuses.some((code) => code !== 0);
    process.exit(failed ? 1 : status);
  }

  tellMetricsOfAll();
  cluster.on('listening', (worker) => {
    serving.add(worker);
    if (begun) return;
    begun = true;
    for (let count = 1; count < config.WORKERS; count += 1) fork();
  });
  cluster.on('exit', async (worker, status: number | null, signal: string | null) => {
    if (stopping) return;
    if (!begun) return stop(1);
    logger.error({ worker: worker.id, status, signal }, 'worker died, starting another one');
    if (!serving.delete(worker)) await sleep(pause);
    if (!stopping) fork();
  });
  process.on('SIGTERM', () => void stop(0));
  process.on('SIGINT', () => void stop(0));
  fork();
}
