import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { startEmbeddedDatabase } from '../src/database/embedded.ts';
import { createReport } from './figures.ts';
import { compareAll } from './ledger.ts';
import { type Place, startApi } from './processes.ts';
import { randomFrom } from './random.ts';
import { median } from './report.ts';
import { signUp } from './requests.ts';
import { printTally, settings, startWriters } from './writers.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    writers: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
const seed = Number(values.seed);

/** Milliseconds between being ready and the next kill, at most. */
const longestLife = 3000;
/** Milliseconds from a kill until the next process is ready. */
const bound = 3000;

/** Kills the API again and again while others write. */
async function run(place: Place, signal: AbortSignal): Promise<boolean> {
  const report = createReport();
  let api = await startApi(place, settings);
  try {
    const { origin } = api;
    const people = Array.from(
      { length: Number(values.writers) },
      (_, number) => `writer-${number}`,
    );
    const accounts = await Promise.all(people.map((name) => signUp(origin, name)));
    const random = randomFrom(seed);
    const writing = startWriters(origin, accounts, { seed, signal });
    const untilReady: number[] = [];
    for (let kill = 0; kill < Number(values.kills); kill += 1) {
      await sleep(random() * longestLife, undefined, { signal });
      const killedAt = performance.now();
      await api.stop();
      api = await startApi(place, { ...settings, PORT: new URL(origin).port });
      untilReady.push(performance.now() - killedAt);
    }
    await writing.finish();
    const discrepancies = await compareAll(origin, writing.writers);
    report.heading(`API killed with kill -9 under ${accounts.length} writers, seed ${seed}`);
    report.figure('kills', untilReady.length);
    printTally(report, writing.tally, discrepancies);
    report.figure('milliseconds from kill to ready, median', median(untilReady).toFixed(0));
    report.atMost('milliseconds from kill to ready, at most', Math.max(...untilReady), bound);
    return report.isKept();
  } finally {
    await api.stop();
  }
}

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => interrupted.abort());

const directory = await mkdtemp(join(tmpdir(), 'task-manager-kills-'));
const given = process.env['MONGODB_URI'];
const announce = (line: string) => console.log(line);
// Where it keeps its data for good, it is as careful with them as in production.
const data = { directory: join(directory, 'data'), announce };
const embedded = given ? undefined : await startEmbeddedDatabase(data);
const uri = given || embedded?.uri || '';
// In the place of whatever database the address names, so that no data can be lost.
const database = uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/bench-${randomUUID()}`);
const jwtSecret = randomBytes(32).toString('base64url');
try {
  process.exitCode = (await run({ database, jwtSecret, directory }, interrupted.signal)) ? 0 : 1;
} finally {
  await mongoose.connect(database, { autoIndex: false, autoCreate: false });
  await mongoose.connection.dropDatabase();
  await mongoose.disconnect();
  await embedded?.stop();
  await rm(directory, { recursive: true });
}
