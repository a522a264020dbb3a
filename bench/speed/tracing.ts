/** What it costs to record traces: the API beside itself with a collector. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { fillDatabase } from '../shared/dataset.ts';
import { inPlace } from '../shared/place.ts';
import { compare } from './compare.ts';
import { type Operation, operations } from './load.ts';
import { type BenchedServer, end, type Place, startApi, startLoad } from '../shared/processes.ts';
import { printRow } from '../shared/figures.ts';

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

/** @returns whether the bound is kept */
async function compareWith(
  operation: Operation,
  plain: BenchedServer,
  traced: BenchedServer,
): Promise<boolean> {
  const lengths = { rounds, warmUp: 2 * milliseconds, round: milliseconds };
  const { api: withTraces, other: without } = await compare(
    load,
    { server: traced, operation },
    { server: plain, operation },
    lengths,
  );
  const ratio = withTraces.cpu / without.cpu;
  const figures = [without.cpu.toFixed(0), withTraces.cpu.toFixed(0), ratio.toFixed(2)];
  printRow(operation, ...figures, `<= ${bound}`, ratio <= bound ? 'ok' : 'OVER');
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
    printRow('CPU microseconds a request', 'without', 'traces', 'ratio', 'bound');
    let kept = true;
    for (const operation of operations) {
      kept = (await compareWith(operation, plain, traced)) && kept;
    }
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
