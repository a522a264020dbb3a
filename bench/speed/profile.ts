/** Where the processor time of a request goes. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fillDatabase } from '../shared/dataset.ts';
import { printRow } from '../shared/figures.ts';
import { inPlace } from '../shared/place.ts';
import { ask, end, type Place, startApi, startLoad } from '../shared/processes.ts';
import { type Load, type Operation, operations, type Run } from './load.ts';

const milliseconds = { warmUp: 5000, measured: 10_000 };

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
  startTime: number;
}

/** A span of the clock by which a profile goes, in microseconds, and what was done meanwhile. */
interface Measured {
  operation: Operation;
  from: number;
  to: number;
  requests: number;
}

/** The first that fits tells where a function belongs. */
const parts: readonly [RegExp, string][] = [
  [/^\((garbage collector)\)$/, 'garbage collection'],
  [/^\(program\)$/, 'native code'],
  // The kernel carries what is sent on this machine to its receiver at once, and may run that first.
  [/^(writeBuffer|writev|writeString|write(Latin1|Utf8)String|shutdown)$/, 'writing to sockets'],
  [/\/node_modules\/(mongodb|bson|mongoose|kareem|mquery)\//, 'driver of the database'],
  [/\/node_modules\/(express|router|path-to-regexp|parseurl|finalhandler)\//, 'Express'],
  [/\/node_modules\/zod\//, 'zod'],
  [/\/node_modules\/(jsonwebtoken|jws|jwa|buffer-equal-constant-time|ecdsa)/, 'JSON web tokens'],
  [/\/node_modules\/(pino|sonic-boom|thread-stream|quick-format|safe-stable)/, 'log'],
  [/\/node_modules\/prom-client\//, 'metrics'],
  [/\/node_modules\/express-rate-limit\//, 'rate limits'],
  [/\/node_modules\//, 'other packages'],
  [/^node:(_http|internal\/http)/, 'HTTP of Node'],
  [/^node:(net|internal\/stream_base|internal\/streams|stream)/, 'streams of Node'],
  [/^node:.*crypto/, 'cryptography of Node'],
  [/^node:/, 'timers, queues and buffers of Node'],
  [/\/dist\/http\//, 'src/http'],
  [/\/dist\/database\//, 'src/database'],
  [/\/dist\/features\//, 'src/features'],
  [/\/dist\//, 'the rest of src'],
];

function partOf({ functionName, url }: { functionName: string; url: string }): string {
  if (functionName === '(idle)') return 'idle';
  const place = url === '' ? functionName : url;
  return parts.find(([pattern]) => pattern.test(place))?.[1] ?? 'built into the language';
}

/** Microseconds of each part, in a span of a profile. */
function timesIn({ nodes, samples, timeDeltas, startTime }: Profile, { from, to }: Measured) {
  const partById = new Map(nodes.map(({ id, callFrame }) => [id, partOf(callFrame)]));
  const times = new Map<string, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    if (at < from || at > to) continue;
    const part = partById.get(id) ?? '';
    times.set(part, (times.get(part) ?? 0) + delta);
  }
  times.delete('idle');
  return times;
}

const clock = () => Number(process.hrtime.bigint() / 1000n);

async function measure(place: Place): Promise<Measured[]> {
  const load = startLoad();
  const profiling = ['--cpu-prof', '--cpu-prof-interval=250', `--cpu-prof-dir=${place.directory}`];
  const api = await startApi(place, {}, { execArgv: profiling });
  try {
    const { members } = await fillDatabase(place.database, place.jwtSecret);
    load.send({ members });
    const measured: Measured[] = [];
    for (const operation of operations) {
      const run = (duration: number) =>
        ask<Load>(load, { origin: api.origin, operation, milliseconds: duration } satisfies Run);
      await run(milliseconds.warmUp);
      const from = clock();
      const { requests } = await run(milliseconds.measured);
      measured.push({ operation, from, to: clock(), requests });
    }
    await api.terminate();
    return measured;
  } finally {
    await end(load);
    await api.stop();
  }
}

function print(profile: Profile, measured: readonly Measured[]): void {
  const columns = measured.map((span) => {
    const times = timesIn(profile, span);
    return new Map([...times].map(([part, time]) => [part, time / span.requests]));
  });
  const total = (column: ReadonlyMap<string, number>) =>
    [...column.values()].reduce((sum, time) => sum + time, 0);
  const names = [...new Set(columns.flatMap((column) => [...column.keys()]))];
  const most = (name: string) => Math.max(...columns.map((column) => column.get(name) ?? 0));
  names.sort((one, other) => most(other) - most(one));
  printRow('microseconds a request', ...measured.map(({ operation }) => operation));
  for (const name of names) {
    printRow(name, ...columns.map((column) => (column.get(name) ?? 0).toFixed(1)));
  }
  printRow('together', ...columns.map((column) => total(column).toFixed(1)));
}

await inPlace(async (place) => {
  const measured = await measure(place);
  const files = await readdir(place.directory);
  const file = files.find((name) => name.endsWith('.cpuprofile')) ?? '';
  print(JSON.parse(await readFile(join(place.directory, file), 'utf8')) as Profile, measured);
  return true;
});
