/** Rolling restarts of two instances behind nginx, while clients read and write. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { findNginx, startNginx } from '../shared/nginx.ts';
import { inPlace } from '../shared/place.ts';
import { type BenchedServer, freePort, type Place, startApi } from '../shared/processes.ts';
import { choicesFrom, newSeed } from '../shared/random.ts';
import { createReport } from '../shared/figures.ts';
import { startClient } from './steady-clients.ts';

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '20' },
    clients: { type: 'string', default: '32' },
    seed: { type: 'string', default: String(newSeed()) },
  },
});
const seed = Number(values.seed);
const random = choicesFrom(seed);

/** Milliseconds: each client stays below the limit of 1,000 requests a minute. */
const pause = 120;
const longestExit = 10;

interface Instance {
  port: string;
  server: BenchedServer;
}

async function startInstance(place: Place, port: number): Promise<Instance> {
  const settings = { PORT: String(port), TRUST_PROXY: '1', BCRYPT_COST: '10' };
  return { port: settings.PORT, server: await startApi(place, settings) };
}

/** One restart, and how the old process ended. */
async function restart(place: Place, instance: Instance) {
  const end = await instance.server.terminate();
  Object.assign(instance, await startInstance(place, Number(instance.port)));
  return end;
}

async function run(place: Place): Promise<boolean> {
  findNginx();
  console.log(`seed ${seed}`);
  const ports = [await freePort(), await freePort()] as const;
  const instances = [await startInstance(place, ports[0]), await startInstance(place, ports[1])];
  const nginx = await startNginx(place.directory, ports);
  try {
    const clients = await Promise.all(
      Array.from({ length: Number(values.clients) }, () =>
        startClient({ origin: nginx.origin, random: choicesFrom(random.below(2 ** 32)), pause }),
      ),
    );
    const startedAt = performance.now();
    const ends: Awaited<ReturnType<typeof restart>>[] = [];
    for (let count = 0; count < Number(values.restarts); count += 1) {
      await sleep(500 + 1000 * random.next());
      const instance = instances[count % instances.length];
      if (instance) ends.push(await restart(place, instance));
    }
    const seconds = (performance.now() - startedAt) / 1000;
    const results = await Promise.all(clients.map((client) => client.stop()));
    const requests = results.reduce((sum, result) => sum + result.requests, 0);
    const failures = results.flatMap((result) => result.failures);
    const report = createReport();
    report.figure('restarts', `${ends.length} in ${seconds.toFixed(0)} s`);
    report.figure('requests', String(requests));
    report.atMost('failed requests', failures.length, 0);
    report.atMost('exit codes other than 0', ends.filter(({ status }) => status !== 0).length, 0);
    const slowest = Math.max(...ends.map(({ milliseconds }) => milliseconds)) / 1000;
    report.atMost('slowest exit in seconds', slowest, longestExit, 1);
    for (const failure of failures.slice(0, 10)) console.log(failure);
    if (failures.length > 0) console.log(nginx.complaints().slice(-10).join('\n'));
    return report.isKept();
  } finally {
    await nginx.stop();
    await Promise.all(instances.map(({ server }) => server.stop()));
  }
}

await inPlace(run);
