/** Mixed work for half an hour, and whether the server holds more and more. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startMailSink } from './mail-sink.ts';
import { startMixedWork } from './mixed-work.ts';
import { inPlace } from '../shared/place.ts';
import { type BenchedServer, type Holdings, startApi } from '../shared/processes.ts';
import { newSeed } from '../shared/random.ts';
import { createReport } from '../shared/figures.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '8' },
    seed: { type: 'string', default: String(newSeed()) },
  },
});
const minutes = Number(values.minutes);
/** Operations a second; one is a request or a few. */
const rate = Number(values.rate);
const seed = Number(values.seed);

const mebibyte = 2 ** 20;
/** Minutes between two samples. */
const period = Math.min(1, minutes / 30);

interface Sample extends Holdings {
  /** Since the work began. */
  minutes: number;
}

/** By how much a figure grows in ten minutes: the slope of the line that fits best. */
function growthOf(samples: readonly Sample[], figure: 'heapUsed' | 'descriptors' | 'rss'): number {
  const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length;
  const times = samples.map((sample) => sample.minutes);
  const figures = samples.map((sample) => sample[figure] ?? Number.NaN);
  const [time, level] = [mean(times), mean(figures)];
  const along = times.map((one, index) => (one - time) * ((figures[index] ?? 0) - level));
  const across = times.map((one) => (one - time) ** 2);
  return (10 * mean(along)) / mean(across);
}

function printSample({ minutes: at, heapUsed, rss, descriptors, resources }: Sample): void {
  const cells = [
    at.toFixed(1),
    (heapUsed / mebibyte).toFixed(2),
    (rss / mebibyte).toFixed(1),
    String(descriptors ?? '-'),
    String(resources),
  ];
  console.log(cells.map((cell) => cell.padStart(12)).join(''));
}

/** A sample is taken while nothing is under way: what is left then is held for good or for a while. */
async function sampled(api: BenchedServer, work: ReturnType<typeof startMixedWork>) {
  const samples: Sample[] = [];
  const startedAt = performance.now();
  const titles = ['minutes', 'heap MiB', 'RSS MiB', 'descriptors', 'resources'];
  console.log(titles.map((title) => title.padStart(12)).join(''));
  for (let at = 0; at < minutes; at += period) {
    await sleep(period * 60_000);
    await work.pause();
    const sample = {
      ...(await api.holdings(true)),
      minutes: (performance.now() - startedAt) / 60_000,
    };
    work.resume();
    samples.push(sample);
    printSample(sample);
  }
  return samples;
}

/** On a machine that does other work as well, a slow heartbeat does not mean that the database is away. */
const patience = 'connectTimeoutMS=30000&serverSelectionTimeoutMS=30000';

await inPlace(async (place) => {
  console.log(`seed ${seed}, ${minutes} minutes, ${rate} operations a second`);
  const mails = await startMailSink();
  const settings = { SMTP_URL: mails.url, BCRYPT_COST: '10' };
  const { database: given } = place;
  const database = `${given}${given.includes('?') ? '&' : '?'}${patience}`;
  const api = await startApi({ ...place, database }, settings, { execArgv: ['--expose-gc'] });
  try {
    const work = startMixedWork({ origin: api.origin, rate, seed, mails });
    const samples = await sampled(api, work);
    const { operations, failures } = await work.stop();
    // The caches and the compiled code of the first third come once.
    const settled = samples.slice(Math.floor(samples.length / 3));
    const counts = settled.map(({ descriptors }) => descriptors ?? Number.NaN);
    const report = createReport();
    report.figure('operations', String(operations));
    report.atMost('failures', failures.length, 0);
    report.atMost('heap, MiB in 10 minutes', growthOf(settled, 'heapUsed') / mebibyte, 1, 3);
    report.atMost('file descriptors, in 10 minutes', growthOf(settled, 'descriptors'), 1, 2);
    report.figure('file descriptors', `${Math.min(...counts)} to ${Math.max(...counts)}`);
    report.figure('RSS, MiB in 10 minutes', (growthOf(settled, 'rss') / mebibyte).toFixed(2));
    for (const failure of failures.slice(0, 10)) console.log(failure);
    return report.isKept();
  } finally {
    await api.stop();
    await mails.stop();
  }
});
