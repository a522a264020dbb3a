import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createReport, median } from '../shared/figures.ts';
import { inPlace } from '../shared/place.ts';
import { compareAll } from './ledger.ts';
import { type Place, startApi } from '../shared/processes.ts';
import { newSeed, randomFrom } from '../shared/random.ts';
import { signUp } from '../shared/requests.ts';
import { printTally, settings, startWriters } from './writers.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    writers: { type: 'string', default: '50' },
    seed: { type: 'string', default: String(newSeed()) },
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

await inPlace((place) => run(place, interrupted.signal), { durable: true });
