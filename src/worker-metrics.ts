import cluster from 'node:cluster';
import { once } from 'node:events';
import { AggregatorRegistry, type Registry } from 'prom-client';

const question = { metricsOfAll: 'asked' };
interface Answer {
  metricsOfAll: string;
}

function isAbout(message: unknown): message is Answer {
  return typeof message === 'object' && message !== null && 'metricsOfAll' in message;
}

/** In the process that supervises: tells any worker what all of them have counted. */
export function tellMetricsOfAll(): void {
  const registry = new AggregatorRegistry();
  cluster.on('message', async (worker, message: unknown) => {
    if (!isAbout(message)) return;
    // A worker that dies meanwhile leaves its question without an answer; the next one gets it.
    const metricsOfAll = await registry.clusterMetrics().catch(() => '');
    if (worker.isConnected()) worker.send({ metricsOfAll });
  });
}

/**
 * In a worker: has its metrics counted together with those of the others.
 * @returns asks for those of all, in the Prometheus text format
 */
export function joinMetrics(own: Registry): () => Promise<string> {
  AggregatorRegistry.setRegistries(own);
  // Its making is what has the process that supervises answered.
  void new AggregatorRegistry();
  return async () => {
    process.send?.(question);
    for (;;) {
      const [message] = (await once(process, 'message')) as [unknown];
      if (isAbout(message)) return message.metricsOfAll || own.metrics();
    }
  };
}
