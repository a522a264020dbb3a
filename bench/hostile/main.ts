/** What attacks on the API do to its other users, to its memory and to its sockets. */
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Accomplice, type AttackName, attacks, type Outcome } from './attacks.ts';
import type { Order } from './attacker.ts';
import { choicesFrom, newSeed } from '../shared/random.ts';
import { createReport, percentile } from '../shared/figures.ts';
import { startHonestLoad } from './honest-load.ts';
import { accountsOn } from './accounts.ts';
import { inPlace } from '../shared/place.ts';
import { ask, type BenchedServer, end, startApi } from '../shared/processes.ts';

const { values } = parseArgs({
  options: {
    attacks: { type: 'string', default: attacks.join(',') },
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: String(newSeed()) },
  },
});
const chosen = attacks.filter((name) => values.attacks.split(',').includes(name));
const share = Number(values.share);
const seed = Number(values.seed);

/** Requests a second of the other users, of whom each stays below the limit of 1,000 a minute. */
const rate = 80;
const users = 8;
/** Milliseconds without an attack before each of them. */
const quiet = 8000;
const settling = 1000;
const mebibyte = 2 ** 20;
/** Seconds after the last request in which all sockets of an attack must be closed. */
const closing: Record<AttackName, number> = {
  'slow requests': 40,
  'slow readers': 80,
  'idle connections': 75,
  smuggling: 5,
  'compressed bombs': 5,
};
const bounds = { p99: 2, memory: 50 };

function requireDescriptors(count: number): void {
  const [, hard = ''] =
    /Max open files\s+\d+\s+(\d+)/.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (Number(hard) < count) {
    throw new Error(`ulimit -Hn is ${hard}: raise it to ${count}, or try with --share=0.1`);
  }
}

/** What the server holds while something goes on. */
function watch(api: BenchedServer) {
  let peak = 0;
  let stopped = false;
  const watching = (async () => {
    while (!stopped) {
      const { rss } = await api.usage();
      peak = Math.max(peak, rss);
      await sleep(500);
    }
  })();
  return {
    async stop(): Promise<number> {
      stopped = true;
      await watching;
      return peak;
    },
  };
}

const attacker = fork(resolve('bench/hostile/attacker.ts'), { execArgv: process.execArgv });
const command = (order: Order) => ask<Outcome>(attacker, { order });
const report = createReport();

interface Scene {
  api: BenchedServer;
  accomplices: Accomplice[];
  load: ReturnType<typeof startHonestLoad>;
}

/** Carries out one attack, and answers the latencies before and during it. */
async function suffer({ api, accomplices, load }: Scene, name: AttackName) {
  const held = await api.holdings(true);
  // The collection has held up requests.
  await sleep(settling);
  load.take();
  await sleep(quiet);
  const before = load.take();
  const port = Number(new URL(api.origin).port);
  const watched = watch(api);
  await command({ name, port, share, accomplices });
  const openedAt = performance.now();
  const seconds = () => (performance.now() - openedAt) / 1000;
  let { open } = await command('count');
  const most = open;
  while (open > 0 && seconds() < closing[name] + 5) {
    await sleep(500);
    ({ open } = await command('count'));
  }
  const closed = open > 0 ? Number.NaN : seconds();
  const during = load.take();
  const peak = await watched.stop();
  const { sockets, statuses, breaches } = await command('end');
  const after = await api.holdings(true);
  const mebibytes = (bytes: number) => bytes / mebibyte;
  report.figure(name, `${sockets} sockets, ${most} of them open at a time`);
  report.figure('  answers', JSON.stringify(statuses).replaceAll('"', ''));
  report.atMost('  seconds until they are closed', closed, closing[name], 1);
  report.atMost('  RSS grows by MiB', mebibytes(peak - held.rss), bounds.memory, 1);
  report.figure('  heap grows by MiB', mebibytes(after.heapUsed - held.heapUsed).toFixed(1));
  report.atMost('  breaches', breaches.length, 0);
  for (const breach of breaches) console.log(`    ${breach}`);
  return { name, before, during };
}

await inPlace(async (place) => {
  requireDescriptors(12_000 * share);
  console.log(`seed ${seed}`);
  const choices = choicesFrom(seed);
  const api = await startApi(place, { BCRYPT_COST: '10' }, { execArgv: ['--expose-gc'] });
  try {
    const accounts = accountsOn(api.origin, choices);
    const accomplices: Accomplice[] = [];
    for (let count = 0; count < 3; count += 1) accomplices.push(await accounts.signUpAccomplice());
    const tokens: string[] = [];
    for (let count = 0; count < users; count += 1) tokens.push(await accounts.signUp());
    const load = startHonestLoad({ origin: api.origin, tokens, rate, choices });
    // The compiler takes a while to be done with the server.
    await sleep(quiet);
    const measured: Awaited<ReturnType<typeof suffer>>[] = [];
    for (const name of chosen) measured.push(await suffer({ api, accomplices, load }, name));
    load.stop();
    const usual = percentile(
      measured.flatMap(({ before }) => before),
      0.99,
    );
    report.figure('other users', `${load.requests()} requests`);
    report.atMost('  failures', load.failures.length, 0);
    report.figure('  p99 in ms without an attack', usual.toFixed(1));
    for (const { name, before, during } of measured) {
      const title = `  p99 in ms before, during ${name}`;
      report.figure(
        title,
        `${percentile(before, 0.99).toFixed(1)}, ${percentile(during, 0.99).toFixed(1)}`,
      );
      report.atMost('    times the usual', percentile(during, 0.99) / usual, bounds.p99, 2);
    }
    for (const failure of load.failures.slice(0, 10)) console.log(failure);
    return report.isKept();
  } finally {
    await api.stop();
    await end(attacker);
  }
});
