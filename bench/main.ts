import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedDatabase } from '../src/database/embedded.ts';
import { dropDatabase, fillDatabase } from './dataset.ts';
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
} from './processes.ts';
import { type Comparison, type Figures, median, type Pair, printReport } from './report.ts';

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
    const baseline = await startOther('bench/baseline.ts', place);
    servers.push(baseline);
    const textbook = await startOther('bench/textbook.ts', place);
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
    await dropDatabase();
  }
}

// An interrupt ends the other processes, and so the run; this one stays to clean up.
process.on('SIGINT', () => {});

const directory = await mkdtemp(join(tmpdir(), 'task-manager-bench-'));
const given = process.env['MONGODB_URI'];
const announce = (line: string) => console.log(line);
const embedded = given ? undefined : await startEmbeddedDatabase({ directory: null, announce });
const uri = given || embedded?.uri || '';
try {
  const kept = await run({
    // In the place of whatever database the address names, so that no data can be lost.
    database: uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/bench-${randomUUID()}`),
    jwtSecret: randomBytes(32).toString('base64url'),
    directory,
  });
  process.exitCode = kept ? 0 : 1;
} finally {
  await end(load);
  await embedded?.stop();
  await rm(directory, { recursive: true });
}
