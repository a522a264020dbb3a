/** What it costs to record traces: the API beside itself with a collector. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { fillDatabase } from '../shared/dataset.ts';
import { inPlace } from '../shared/place.ts';
import { type Load, type Operation, operations, type Run } from './load.ts';
import {
  ask,
  type BenchedServer,
  end,
  type Place,
  startApi,
  startLoad,
} from '../shared/processes.ts';
import { median } from '../shared/figures.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    /** Of a round, and twice that of the warm-up. */
    milliseconds: { type: 'string', default: '2000' },
  },
});
const rounds = Number(values.rounds);
const milliseconds = Number(values.milliseconds);

/** Processor time with traces, in multiples of that without. */
const bound = 1.6;

const load = startLoad();

/** Takes what is sent and counts it; the spans are told apart by the one member that each has. */
function startCollector() {
  let spans = 0;
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      spans += Buffer.concat(chunks).toString().split('"spanId"').length - 1;
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  return { server: server.listen(0, '127.0.0.1'), count: () => spans };
}

async function measure(server: BenchedServer, operation: Operation, duration: number) {
  const order: Run = { origin: server.origin, operation, milliseconds: duration };
  const before = await server.usage();
  const { requests, failures, p99 } = await ask<Load>(load, order);
  const after = await server.usage();
  if (failures > 0) throw new Error(`${failures} of ${requests} requests failed (${operation})`);
  const cpu = after.user + after.system - before.user - before.system;
  return { requests, p99, cpu: cpu / requests };
}

/** @returns whether the bound is kept */
async function compare(
  operation: Operation,
  plain: BenchedServer,
  traced: BenchedServer,
): Promise<boolean> {
  const measured = { plain: [] as number[], traced: [] as number[] };
  await measure(plain, operation, 2 * milliseconds);
  await measure(traced, operation, 2 * milliseconds);
  // In turns, so that whatever else the machine does meets both.
  for (let round = 0; round < rounds; round += 1) {
    measured.plain.push((await measure(plain, operation, milliseconds)).cpu);
    measured.traced.push((await measure(traced, operation, milliseconds)).cpu);
  }
  const [without, withTraces] = [median(measured.plain), median(measured.traced)];
  const ratio = withTraces / without;
  const figures = [without.toFixed(0), withTraces.toFixed(0), ratio.toFixed(2), `<= ${bound}`];
  const cells = [...figures, ratio <= bound ? 'ok' : 'OVER'];
  console.log(operation.padEnd(30) + cells.map((cell) => cell.padStart(10)).join(''));
  return ratio <= bound;
}

async function run(place: Place): Promise<boolean> {
  const collector = startCollector();
  await once(collector.server, 'listening');
  const { port } = collector.server.address() as AddressInfo;
  const servers: BenchedServer[] = [];
  try {
    // Before there is anything to index.
    const plain = await startApi(place);
    servers.push(plain);
    const { members } = await fillDatabase(place.database, place.jwtSecret);
    const endpoint = `http://127.0.0.1:${port}`;
    const traced = await startApi(place, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    servers.push(traced);
    load.send({ members });
    const header = ['without', 'traces', 'ratio', 'bound'].map((cell) => cell.padStart(10));
    console.log('CPU microseconds a request'.padEnd(30) + header.join(''));
    let kept = true;
    for (const operation of operations) kept = (await compare(operation, plain, traced)) && kept;
    const mebibytes = async (server: BenchedServer) =>
      ((await server.usage()).rss / 2 ** 20).toFixed(0);
    const memory = [await mebibytes(plain), await mebibytes(traced)];
    console.log(`resident in MiB: ${memory.join(' without, ')} with traces`);
    const starts: string[] = [];
    for (const settings of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }]) {
      const started = await startApi(place, settings);
      starts.push(started.startTime.toFixed(0));
      await started.stop();
    }
    console.log(`start in milliseconds: ${starts.join(' without, ')} with traces`);
    console.log(`spans that the collector got: ${collector.count()}`);
    return kept && collector.count() > 0;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    collector.server.close();
    collector.server.closeAllConnections();
  }
}

await inPlace(run).finally(() => end(load));
