import { printRow } from '../shared/figures.ts';
import type { Figures, Pair } from './compare.ts';
import type { Compared } from './load.ts';

export interface Comparison {
  operation: Compared;
  baseline: Pair;
  textbook: Pair;
}

/** What is answered with 304, beside the same answered in full. */
type Unchanged = Record<'read' | 'list', Pair>;

/** What the API is like apart from the comparison. */
export interface Properties {
  unchanged: Unchanged;
  /** Milliseconds until page 1 and page 1,000 of a list are there. */
  page1: number;
  page1000: number;
  /** Milliseconds from the start of the process until it is ready. */
  startTime: number;
  /** Bytes, after all loads. */
  resident: number;
}

const titles: Record<Compared, string> = {
  read: 'read one task',
  list: 'list 20 tasks',
  create: 'create a task',
};

/** Processor time for each request, in multiples of the baseline's. */
const cpuBounds: Record<Compared, number> = { read: 2, list: 1.4, create: 2 };
/** Requests a second, in multiples of the textbook's. */
const rateBound = 3;

interface Verdicts {
  cpu?: readonly string[];
  rate?: readonly string[];
}

function printPair(title: string, { api, other }: Pair, { cpu = [], rate = [] }: Verdicts): void {
  const compared = (figure: keyof Figures, digits: number) => [
    api[figure].toFixed(digits),
    other[figure].toFixed(digits),
    (api[figure] / other[figure]).toFixed(2),
  ];
  printRow(title);
  printRow('  CPU microseconds a request', ...compared('cpu', 0), ...cpu);
  printRow('  requests a second', ...compared('requestsPerSecond', 0), ...rate);
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
    const cpu = verdict(baseline.api.cpu / baseline.other.cpu, cpuBounds[operation]);
    printPair(titles[operation], baseline, { cpu });
  }
  printRow('', 'API', 'textbook', 'ratio', 'bound');
  for (const { operation, textbook } of comparisons) {
    const ratio = textbook.api.requestsPerSecond / textbook.other.requestsPerSecond;
    const within = ratio >= rateBound;
    kept &&= within;
    printPair(titles[operation], textbook, {
      rate: [`>= ${rateBound}`, within ? 'ok' : 'UNDER'],
    });
  }
  const { page1, page1000, startTime, resident, unchanged } = properties;
  printRow('', '304', '200', 'ratio');
  for (const operation of ['read', 'list'] as const) {
    printPair(titles[operation], unchanged[operation], {});
  }

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
