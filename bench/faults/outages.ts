import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type BreakableDatabase, startBreakableDatabase } from './breakable-database.ts';
import { createReport } from '../shared/figures.ts';
import { compareAll } from './ledger.ts';
import { type Outage, printOutages, printProbes } from './outage-figures.ts';
import { type BenchedServer, startApi } from '../shared/processes.ts';
import { type Probing, startProbes } from './probes.ts';
import { newSeed, randomFrom } from '../shared/random.ts';
import { api as basePath, type Asked, send, signUp } from '../shared/requests.ts';
import { printTally, settings, startWriters } from './writers.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '20' },
    hangs: { type: 'string', default: '5' },
    writers: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(newSeed()) },
  },
});
const seed = Number(values.seed);

/** Milliseconds between two outages, and of an absence, each at most. */
const longest = { calm: 3000, absence: 6000 };

async function outage(
  kind: Outage['kind'],
  database: BreakableDatabase,
  absence: number,
  signal: AbortSignal,
): Promise<Outage> {
  const lostAt = performance.now();
  if (kind === 'hung') database.hang();
  else database.kill();
  await sleep(absence, undefined, { signal });
  if (kind === 'hung') database.goOn();
  else {
    database.restart();
    await database.listening();
  }
  return { kind, lostAt, returnedAt: performance.now() };
}

/** All the outages to come, mixed. */
function kindsInOrder(random: () => number): Outage['kind'][] {
  const times = (kind: Outage['kind'], count: string) =>
    Array.from({ length: Number(count) }, () => ({ kind, place: random() }));
  const kinds = [...times('killed', values.kills), ...times('hung', values.hangs)];
  return kinds.toSorted((one, other) => one.place - other.place).map(({ kind }) => kind);
}

async function prepareProbes(origin: string): Promise<Probing> {
  const guest = await signUp(origin, 'guest');
  const reader = await signUp(origin, 'reader');
  const writer = await signUp(origin, 'writer');
  const task = { title: 'Read again and again' };
  const asked: Asked = {
    method: 'POST',
    path: `${basePath}/tasks`,
    token: reader.token,
    body: task,
  };
  const { body } = await send(origin, asked);
  return { guest, reader, taskId: (body as { id: string }).id, writer };
}

/** Takes the database away again and again while others read, write and log in. */
async function run(
  api: BenchedServer,
  database: BreakableDatabase,
  signal: AbortSignal,
): Promise<boolean> {
  const { origin } = api;
  const people = Array.from({ length: Number(values.writers) }, (_, number) => `writer-${number}`);
  const accounts = await Promise.all(people.map((name) => signUp(origin, name)));
  const random = randomFrom(seed);
  const probes = startProbes(origin, await prepareProbes(origin));
  const writing = startWriters(origin, accounts, { seed, signal });
  const outages: Outage[] = [];
  try {
    for (const kind of kindsInOrder(random)) {
      // Long enough for what the outage before has left to be over.
      await sleep(1500 + random() * longest.calm, undefined, { signal });
      outages.push(await outage(kind, database, random() * longest.absence, signal));
    }
    await writing.finish();
  } finally {
    await probes.stop();
  }
  const report = createReport();
  console.log(`The database taken away under ${people.length} writers, seed ${seed}`);
  for (const kind of ['killed', 'hung'] as const) {
    printOutages(report, kind, outages, probes.answers);
  }
  printProbes(report, probes.answers);
  report.atMost('ends of the API', api.isRunning() ? 0 : 1, 0);
  printTally(report, writing.tally, await compareAll(origin, writing.writers));
  return report.isKept();
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort());

const directory = await mkdtemp(join(tmpdir(), 'task-manager-outages-'));
const database = await startBreakableDatabase(join(directory, 'data'));
const jwtSecret = randomBytes(32).toString('base64url');
const place = { database: database.uri, jwtSecret, directory };
try {
  const api = await startApi(place, settings);
  try {
    process.exitCode = (await run(api, database, interrupted.signal)) ? 0 : 1;
  } finally {
    await api.stop();
  }
} finally {
  await database.stop();
  await rm(directory, { recursive: true });
}
