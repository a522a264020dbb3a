import { fillDatabase } from '../shared/dataset.ts';
import { inPlace } from '../shared/place.ts';
import { type Load, type Operation, operations, type Run } from './load.ts';
import { millisecondsOfPages } from './paging.ts';
import {
  ask,
  type BenchedServer,
  end,
  type Place,
  startApi,
  startLoad,
  startOther,
} from '../shared/processes.ts';
import { median } from '../shared/figures.ts';
import { type Comparison, type Figures, type Pair, printReport } from './report.ts';

const rounds = 5;
const starts = 3;
/** The warm-up is long, as the compiler takes thousands of requests to be done with a server. */
const milliseconds = { warmUp: 5000, round: 2000 };

const load = startLoad();

async function measure(server: BenchedServer, operation: Operation, duration: number) {
  const order: Run = { origin: server.origin, operation, milliseconds: duration };
  const before = await server.usage();
  const { requests, failures, seconds, p99 } = await ask<Load>(load, order);
  const after = await server.usage();
  if (failures > 0) throw new Error(`${failures} of ${requests} requests failed (${operation})`);
  const cpu = after.user + after.system - before.user - before.system;
  return { requestsPerSecond: requests / seconds, p99, cpu: cpu / requests };
}

function mediansOf(measured: readonly Figures[]): Figures {
  const medianOf = (figure: keyof Figures) => median(measured.map((figures) => figures[figure]));
  return {
    requestsPerSecond: medianOf('requestsPerSecond'),
    p99: medianOf('p99'),
    cpu: medianOf('cpu'),
  };
}

/** The two take turns, so that whatever else the machine does meets both. */
async function compare(
  api: BenchedServer,
  other: BenchedServer,
  operation: Operation,
): Promise<Pair> {
  const ofApi: Figures[] = [];
  const ofOther: Figures[] = [];
  await measure(api, operation, milliseconds.warmUp);
  await measure(other, operation, milliseconds.warmUp);
  for (let round = 0; round < rounds; round += 1) {
    ofApi.push(await measure(api, operation, milliseconds.round));
    ofOther.push(await measure(other, operation, milliseconds.round));
  }
  return { api: mediansOf(ofApi), other: mediansOf(ofOther) };
}

async function startTimeAt(place: Place): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const api = await startApi(place);
    times.push(api.startTime);
    await api.stop();
  }
  return median(times);
}

/** @returns whether all bounds are kept */
async function run(place: Place): Promise<boolean> {
  const startTime = await startTimeAt(place);
  const servers: BenchedServer[] = [];
  try {
    const { members, hoarder } = await fillDatabase(place.database, place.jwtSecret);
    const api = await startApi(place);
    servers.push(api);
    const baseline = await startOther('bench/speed/baseline.ts', place);
    servers.push(baseline);
    const textbook = await startOther('bench/speed/textbook.ts', place);
    servers.push(textbook);
    load.send({ members });
    const comparisons: Comparison[] = [];
    for (const operation of operations) {
      comparisons.push({
        operation,
        baseline: await compare(api, baseline, operation),
        textbook: await compare(api, textbook, operation),
      });
    }
    const { rss } = await api.usage();
    const pages = await millisecondsOfPages(api.origin, hoarder);
    return printReport(comparisons, { ...pages, startTime, resident: rss });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

await inPlace(run).finally(() => end(load));
