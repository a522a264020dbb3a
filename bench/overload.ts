import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startEmbeddedDatabase } from '../src/database/embedded.ts';
import type { Order, Outcome, Phase } from './arrivals.ts';
import { dropDatabase, fillDatabase } from './dataset.ts';
import { type HealthChecks, watchHealth } from './health-checks.ts';
import { ask, type BenchedServer, end, type Place, startApi, startLoad } from './processes.ts';
import { printRow } from './report.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(randomInt(1_000_000)) },
    /** Requests a second of the first step. */
    from: { type: 'string', default: '200' },
    /** Seconds of each step, and of the overload. */
    step: { type: 'string', default: '4' },
    overload: { type: 'string', default: '25' },
    /** Without any limit, for comparison. */
    unlimited: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const seconds = {
  warmUp: 6,
  step: Number(values.step),
  overload: Number(values.overload),
  after: 5,
};
/** From one step to the next. */
const growth = 1.2;
/** Where less than this of what is offered is done in time, the server is saturated. */
const keepsUp = 0.9;

/** Milliseconds, and shares. */
const bounds = { goodput: 0.8, admitted: 500, refused: 50, health: 500 };

const arrivals = startLoad('bench/arrivals.ts');
const metricsToken = randomBytes(16).toString('hex');

function offer({ origin }: BenchedServer, rate: number, duration: number): Promise<Outcome> {
  const phase: Phase = {
    origin,
    rate,
    milliseconds: duration * 1000,
    seed: seed + Math.round(rate),
    inTime: bounds.admitted,
  };
  return ask<Outcome>(arrivals, phase);
}

const whole = (figure: number) => figure.toFixed(0);
const tenths = (figure: number) => figure.toFixed(1);

function printOutcome(title: string, { offered, goodput, admitted, refused, lag }: Outcome): void {
  const figures = [offered, goodput, admitted.p50, admitted.p99, refused.count, refused.p99];
  printRow(title, ...figures.map(whole), tenths(lag));
}

/** Steps up until the server does no longer what is offered. */
async function findPeak(api: BenchedServer): Promise<Outcome> {
  let best: Outcome | undefined;
  for (let rate = Number(values.from); ; rate *= growth) {
    const outcome = await offer(api, rate, seconds.step);
    printOutcome('  step', outcome);
    if (best === undefined || outcome.goodput > best.goodput) best = outcome;
    if (outcome.goodput < outcome.offered * keepsUp) return best;
  }
}

/** Prints what is bounded. @returns whether all bounds are kept */
function printVerdict(peak: Outcome, overload: Outcome, after: Outcome, health: HealthChecks) {
  let kept = true;
  const row = (title: string, figure: string, bound: string, within: boolean) => {
    kept &&= within;
    printRow(title, figure, bound, within ? 'ok' : 'OVER');
  };
  const atMost = (title: string, figure: number, bound: number) =>
    row(title, tenths(figure), `<= ${bound}`, figure <= bound);
  const share = overload.goodput / peak.goodput;
  printRow('peak, requests a second', whole(peak.goodput));
  printRow('at twice the rate', whole(overload.goodput));
  row('  share of the peak', share.toFixed(2), `>= ${bounds.goodput}`, share >= bounds.goodput);
  atMost('  p99 of the admitted, ms', overload.admitted.p99, bounds.admitted);
  if (overload.refused.count > 0) {
    atMost('  p99 of the refused, ms', overload.refused.p99, bounds.refused);
  }
  atMost('  neither done nor refused', overload.failures, 0);
  atMost('health checks not answered', health.failures, 0);
  atMost(`  p99 of ${health.answered}, ms`, health.p99, bounds.health);
  atMost('refused at half of the peak', after.refused.count + after.failures, 0);
  printRow('limit: least, median, most', ...health.limits.map(whole));
  return kept;
}

async function run(place: Place): Promise<boolean> {
  const settings = {
    METRICS_TOKEN: metricsToken,
    RATE_LIMIT: values.unlimited ? 'off' : 'on',
  };
  let api = await startApi(place, settings);
  try {
    await api.stop();
    const { members } = await fillDatabase(place.database, place.jwtSecret, 0);
    api = await startApi(place, settings);
    arrivals.send({ members } satisfies Order);
    console.log(`seed ${seed}`);
    printRow('', 'offered', 'goodput', 'p50', 'p99', 'refused', 'p99', 'lag');
    printOutcome('warm-up', await offer(api, Number(values.from), seconds.warmUp));
    const peak = await findPeak(api);
    await sleep(1000);
    const health = watchHealth(api.origin, metricsToken);
    const overload = await offer(api, 2 * peak.goodput, seconds.overload);
    const checks = await health.stop();
    printOutcome('overload', overload);
    await sleep(1000);
    const after = await offer(api, peak.goodput / 2, seconds.after);
    printOutcome('half of the peak', after);
    return printVerdict(peak, overload, after, checks);
  } finally {
    await api.stop();
    await dropDatabase();
  }
}

// An interrupt ends the other processes, and so the run; this one stays to clean up.
process.on('SIGINT', () => {});

const directory = await mkdtemp(join(tmpdir(), 'task-manager-overload-'));
const given = process.env['MONGODB_URI'];
const announce = (line: string) => console.error(line);
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
  await end(arrivals);
  await embedded?.stop();
  await rm(directory, { recursive: true });
}
