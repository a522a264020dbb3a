import { percentile, type Report } from '../shared/figures.ts';
import type { Probed } from './probes.ts';
import { median } from '../shared/figures.ts';

/** A time without the database, in milliseconds of `performance.now()`. */
export interface Outage {
  readonly kind: 'killed' | 'hung';
  readonly lostAt: number;
  readonly returnedAt: number;
}

/** What the bounds are about: milliseconds until the first answer, of all later ones, and until it is over. */
const bounds = { first: 2500, known: 50, recovered: 5000 };

const succeeded = ({ status }: Probed) => status >= 200 && status < 300;

function figuresOf({ lostAt, returnedAt }: Outage, answers: readonly Probed[]) {
  const asking = answers.filter(({ probe }) => probe !== 'livez');
  const met = asking.filter(
    ({ sentAt, answeredAt }) => answeredAt >= lostAt && sentAt < returnedAt,
  );
  const refused = met.filter(({ status }) => status === 503);
  const knownAt = Math.min(...refused.map(({ answeredAt }) => answeredAt));
  const known = met.filter(
    ({ sentAt, answeredAt }) => sentAt >= knownAt && answeredAt < returnedAt,
  );
  const probes = [...new Set(asking.map(({ probe }) => probe))];
  const recovered = probes.map((probe) => {
    const later = asking.filter((one) => one.probe === probe && one.answeredAt >= returnedAt);
    return (later.find(succeeded)?.answeredAt ?? Infinity) - returnedAt;
  });
  return {
    first: knownAt - lostAt,
    waits: met.map(({ sentAt, answeredAt }) => answeredAt - Math.max(sentAt, lostAt)),
    known,
    refused,
    recovered: Math.max(...recovered),
  };
}

/** Prints how the outages of one kind were met. */
export function printOutages(
  report: Report,
  kind: Outage['kind'],
  outages: readonly Outage[],
  answers: readonly Probed[],
): void {
  const those = outages.filter((outage) => outage.kind === kind);
  if (those.length === 0) return;
  const all = those.map((outage) => figuresOf(outage, answers));
  const seconds = those.map(({ lostAt, returnedAt }) => (returnedAt - lostAt) / 1000);
  const noticed = all.filter(({ refused }) => refused.length > 0);
  const known = all.flatMap((one) => one.known);
  const recovered = all.map((one) => one.recovered);
  const times = known.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
  const others = known.filter(({ status }) => status !== 503);
  const silent = all.flatMap(({ refused }) =>
    refused.filter(({ hasRetryAfter }) => !hasRetryAfter),
  );
  report.heading(`The database ${kind}`);
  report.figure('times', those.length);
  report.figure('seconds away, at least', Math.min(...seconds).toFixed(1));
  report.figure('seconds away, at most', Math.max(...seconds).toFixed(1));
  const first = Math.max(...noticed.map((one) => one.first));
  report.atMost('ms until the first 503, at most', first, bounds.first);
  const waits = Math.max(...all.flatMap((one) => one.waits));
  report.atMost('ms that any request waited, at most', waits, bounds.first);
  report.figure('requests while the absence was known', known.length);
  report.atMost('ms of these, p99', percentile(times, 0.99), bounds.known, 1);
  report.atMost('answers other than 503 among these', others.length, 0);
  report.atMost('503 without Retry-After', silent.length, 0);
  report.figure('ms from the return to every success, median', median(recovered).toFixed(0));
  report.atMost('ms from the return to every success', Math.max(...recovered), bounds.recovered);
}

/** Prints what holds all the time: no other answers than success and 503, and signs of life. */
export function printProbes(report: Report, answers: readonly Probed[]): void {
  const livez = answers.filter(({ probe }) => probe === 'livez');
  const odd = answers.filter((one) => !succeeded(one) && one.status !== 503);
  const times = livez.map(({ sentAt, answeredAt }) => answeredAt - sentAt);
  report.heading('All the time');
  report.figure('requests', answers.length);
  report.atMost('answers other than success and 503', odd.length, 0);
  for (const what of new Set(odd.map(({ probe, status }) => `  ${probe}: ${status}`))) {
    console.log(what);
  }
  report.atMost('/livez other than 200', livez.filter((one) => !succeeded(one)).length, 0);
  report.figure('ms of /livez, p99', percentile(times, 0.99).toFixed(1));
}
