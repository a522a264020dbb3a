import { fillDatabase } from '../shared/dataset.ts';
import { inPlace } from '../shared/place.ts';
import { compare } from './compare.ts';
import { type Operation, operations } from './load.ts';
import { millisecondsOfPages } from './paging.ts';
import {
  type BenchedServer,
  end,
  type Place,
  startApi,
  startLoad,
  startOther,
} from '../shared/processes.ts';
import { median } from '../shared/figures.ts';
import { type Comparison, printReport } from './report.ts';

const starts = 3;
/** The warm-up is long, as the compiler takes thousands of requests to be done with a server. */
const lengths = { rounds: 5, warmUp: 5000, round: 2000 };

const load = startLoad();

async function startTimeAt(place: Place): Promise<number> {
  const times: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const api = await startApi(place);
    times.push(api.startTime);
    await api.stop();
  }
  return median(times);
}

/** @returns whether all bounds are kept */
async function run(place: Place): Promise<boolean> {
  const startTime = await startTimeAt(place);
  const servers: BenchedServer[] = [];
  try {
    const { members, hoarder } = await fillDatabase(place.database, place.jwtSecret);
    const api = await startApi(place);
    servers.push(api);
    const baseline = await startOther('bench/speed/baseline.ts', place);
    servers.push(baseline);
    const textbook = await startOther('bench/speed/textbook.ts', place);
    servers.push(textbook);
    load.send({ members });
    const comparisons: Comparison[] = [];
    for (const operation of operations) {
      const besides = (server: BenchedServer) =>
        compare(load, { server: api, operation }, { server, operation }, lengths);
      comparisons.push({
        operation,
        baseline: await besides(baseline),
        textbook: await besides(textbook),
      });
    }
    const again = (operation: Operation, first: Operation) =>
      compare(load, { server: api, operation }, { server: api, operation: first }, lengths);
    const unchanged = {
      read: await again('reread', 'read'),
      list: await again('relist', 'list'),
    };
    const { rss } = await api.usage();
    const pages = await millisecondsOfPages(api.origin, hoarder);
    return printReport(comparisons, { ...pages, unchanged, startTime, resident: rss });
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

await inPlace(run).finally(() => end(load));
