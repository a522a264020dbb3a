import { printRow } from '../shared/figures.ts';
import type { Operation } from './load.ts';

/** What one server did under one load: medians of its rounds. */
export interface Figures {
  requestsPerSecond: number;
  /** Milliseconds. */
  p99: number;
  /** Microseconds of the server's own processor time for each request. */
  cpu: number;
}

/** The API beside another server, of which each round came right after one of its own. */
export interface Pair {
  api: Figures;
  other: Figures;
}

export interface Comparison {
  operation: Operation;
  baseline: Pair;
  textbook: Pair;
}

/** What the API is like apart from the comparison. */
export interface Properties {
  /** Milliseconds until page 1 and page 1,000 of a list are there. */
  page1: number;
  page1000: number;
  /** Milliseconds from the start of the process until it is ready. */
  startTime: number;
  /** Bytes, after all loads. */
  resident: number;
}

const titles: Record<Operation, string> = {
  read: 'read one task',
  list: 'list 20 tasks',
  create: 'create a task',
};

/** Processor time for each request, in multiples of the baseline's. */
const cpuBounds: Record<Operation, number> = { read: 2.5, list: 1.7, create: 2.5 };

function printPair(title: string, { api, other }: Pair, bounded: readonly string[] = []): void {
  const compared = (figure: keyof Figures, digits: number) => [
    api[figure].toFixed(digits),
    other[figure].toFixed(digits),
    (api[figure] / other[figure]).toFixed(2),
  ];
  printRow(title);
  printRow('  CPU microseconds a request', ...compared('cpu', 0), ...bounded);
  printRow('  requests a second', ...compared('requestsPerSecond', 0));
  printRow('  p99 in milliseconds', ...compared('p99', 1));
}

/**
 * Prints every figure, beside its bound where it has one.
 * @returns whether all bounds are kept
 */
export function printReport(comparisons: readonly Comparison[], properties: Properties): boolean {
  let kept = true;

  /** A figure that is not a number keeps no bound. */
  function verdict(value: number, bound: number): string[] {
    const within = value <= bound;
    kept &&= within;
    return [`<= ${bound}`, within ? 'ok' : 'OVER'];
  }

  printRow('', 'API', 'baseline', 'ratio', 'bound');
  for (const { operation, baseline } of comparisons) {
    const bounded = verdict(baseline.api.cpu / baseline.other.cpu, cpuBounds[operation]);
    printPair(titles[operation], baseline, bounded);
  }
  printRow('', 'API', 'textbook', 'ratio');
  for (const { operation, textbook } of comparisons) printPair(titles[operation], textbook);

  const { page1, page1000, startTime, resident } = properties;
  const mebibytes = resident / 2 ** 20;
  const pages = page1000 / page1;
  printRow('page 1 in milliseconds', page1.toFixed(1));
  printRow(
    'page 1,000, times page 1',
    page1000.toFixed(1),
    '',
    pages.toFixed(2),
    ...verdict(pages, 1.2),
  );
  printRow('start in milliseconds', startTime.toFixed(0), '', '', ...verdict(startTime, 1000));
  printRow('resident in MiB', mebibytes.toFixed(0), '', '', ...verdict(mebibytes, 150));
  return kept;
}
