import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Order, Outcome, Phase } from './arrivals.ts';
import { fillDatabase } from '../shared/dataset.ts';
import { createReport, printRow } from '../shared/figures.ts';
import { inPlace } from '../shared/place.ts';
import { newSeed } from '../shared/random.ts';
import { type HealthChecks, watchHealth } from './health-checks.ts';
import {
  ask,
  type BenchedServer,
  end,
  type Place,
  startApi,
  startLoad,
} from '../shared/processes.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(newSeed()) },
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

const arrivals = startLoad('bench/overload/arrivals.ts');
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
  const report = createReport();
  report.figure('peak, requests a second in time', whole(peak.goodput));
  report.figure('at twice that rate', whole(overload.goodput));
  report.atLeast('  share of the peak', overload.goodput / peak.goodput, bounds.goodput, 2);
  report.atMost('  ms of the admitted, p99', overload.admitted.p99, bounds.admitted, 1);
  if (overload.refused.count > 0) {
    report.figure('  ms of the refused, median', tenths(overload.refused.p50));
    report.atMost('  ms of the refused, p99', overload.refused.p99, bounds.refused, 1);
  }
  report.atMost('  neither done nor refused', overload.failures, 0);
  report.atMost('health checks not answered', health.failures, 0);
  report.atMost(`  ms of ${health.answered}, p99`, health.p99, bounds.health, 1);
  report.atMost('refused at half of the peak', after.refused.count + after.failures, 0);
  report.figure('limit: least, median, most', health.limits.map(whole).join(', '));
  return report.isKept();
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
  }
}

await inPlace(run).finally(() => end(arrivals));
