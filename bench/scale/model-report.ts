import type { Filled } from './model-fill.ts';
import type { Cost, Measured } from './model-measures.ts';
import type { Growth } from './model-requests.ts';
import type { Shards } from './model-shards.ts';
import type { Balance } from './shard-balance.ts';

/** In how many times what the model says a measured figure may end. */
const bounds = {
  /**
   * What a user's requests cost the database among a hundred times the tasks; were it proportional, it would
   * be 100. By the time of its processor where it tells, as other processes have a part in milliseconds.
   */
  total: 2,
  /** That of a larger user's requests, in what they would cost in proportion, or as those of a small one. */
  own: 1.5,
  /** Bytes of a task and its index entries, among ten times the tasks. */
  bytes: 1.1,
  /** The fullest shard, in multiples of the mean, while nobody has a large part of all tasks. */
  balance: 1.1,
};

const number = (value: number, digits = 0) =>
  value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });

function printTable(header: string[], rows: readonly string[][]): void {
  const rule = header.map((_, column) => (column === 0 ? '---' : '---:'));
  for (const cells of [header, rule, ...rows]) console.log(`| ${cells.join(' | ')} |`);
  console.log();
}

let kept = true;

/** A figure beside its bound; one that is not a number keeps none. */
function within(value: number, bound: number): string {
  const ok = value <= bound;
  kept &&= ok;
  return `<= ${bound} ${ok ? 'ok' : 'OVER'}`;
}

const ratio = (from: number | undefined, to: number | undefined) => (to ?? NaN) / (from ?? NaN);

function printStorage(filled: readonly Filled[], predicted: { document: number; indexes: number }) {
  const bytesOf = ({ storageBytes, indexBytes }: Filled) => storageBytes + indexBytes;
  const rows = filled.map((one, index) => {
    const before = filled[index - 1];
    const growth = before && bytesOf(one) / bytesOf(before);
    return [
      number(one.sizes.total),
      number(one.sizes.total / one.filling),
      number(one.indexing, 1),
      `${number(one.documentBytes)} (${number(predicted.document)})`,
      number(one.storageBytes),
      `${number(one.indexBytes)} (${number(predicted.indexes)})`,
      growth === undefined ? '' : `${growth.toFixed(2)} (1.00)`,
      growth === undefined ? '' : within(growth, bounds.bytes),
    ];
  });
  printTable(
    [
      'Tasks in all',
      'inserted a second, without indexes',
      'seconds for all indexes',
      'bytes of BSON (model)',
      'bytes on disk',
      'bytes of index (model)',
      'bytes to those before (model)',
      'bound',
    ],
    rows,
  );
}

/** Milliseconds of the database's processor; those that the caller waits, where it does not tell. */
function costOf(cost: Cost | undefined): number {
  if (!cost) return Number.NaN;
  return Number.isNaN(cost.database) ? cost.milliseconds : cost.database / 1000;
}

const cells = (costs: readonly Cost[]) =>
  costs.map(
    ({ milliseconds, database, api }) =>
      `${number(milliseconds, 1)} / ${number(database / 1000, 1)} + ${number(api / 1000, 1)}`,
  );

function printByTotal(filled: readonly Filled[], measured: readonly Measured[]): void {
  const rows = measured.map(({ kind, small }) => {
    const grown = ratio(small[0]?.milliseconds, small.at(-1)?.milliseconds);
    const processor = ratio(costOf(small[0]), costOf(small.at(-1)));
    return [
      kind.what,
      ...cells(small),
      '1.00',
      grown.toFixed(2),
      processor.toFixed(2),
      within(processor, bounds.total),
    ];
  });
  const of = `a user of ${number(filled[0]?.sizes.small ?? 0)}`;
  printTable(
    [
      `Milliseconds / of the processor, database + API: ${of}`,
      ...filled.map(({ sizes }) => `among ${number(sizes.total)}`),
      'predicted ratio',
      'measured',
      'of the database’s processor',
      'bound',
    ],
    rows,
  );
}

/** What the last one may cost: as much as the first, or in proportion to the tasks as the second. */
function predictedFor(growth: Growth, sizes: readonly number[], times: readonly number[]): number {
  const [first = Number.NaN] = times;
  if (growth === 'constant') return first;
  const [before = Number.NaN, last = Number.NaN] = sizes.slice(-2);
  return ((times.at(-2) ?? Number.NaN) * last) / before;
}

function printByOwn(filled: readonly Filled[], measured: readonly Measured[]): void {
  const sizes = filled.map((one) => one.sizes.large);
  const rows = measured.map(({ kind, large }) => {
    const times = large.map(costOf);
    const predicted = predictedFor(kind.onFerret, sizes, times);
    const deviation = ratio(predicted, times.at(-1));
    return [
      kind.what,
      ...cells(large),
      kind.onMongo,
      kind.onFerret,
      number(predicted, 1),
      deviation.toFixed(2),
      within(deviation, bounds.own),
    ];
  });
  printTable(
    [
      'Milliseconds / of the processor, database + API',
      ...sizes.map(
        (size, index) => `${number(size)} of ${number(filled[index]?.sizes.total ?? 0)}`,
      ),
      'on MongoDB',
      'on FerretDB',
      'of the database’s processor, predicted for the last',
      'measured to that',
      'bound',
    ],
    rows,
  );
}

function printShards({ tasks, ...times }: Shards): void {
  const mean = tasks.reduce((sum, one) => sum + one, 0) / tasks.length;
  const rows = [
    ['Databases in the place of shards', number(tasks.length), ''],
    ['tasks on each', tasks.map((one) => number(one)).join(', '), ''],
    ['the fullest, to the mean', (Math.max(...tasks) / mean).toFixed(2), ''],
    [
      'a list from the one that has it',
      number(times.oneShard, 1),
      number(times.oneShardTime / 1000, 1),
    ],
    ['a list from all of them', number(times.allShards, 1), number(times.allShardsTime / 1000, 1)],
  ];
  printTable(['', 'milliseconds', "of the database's processor"], rows);
}

function printBalances(users: number, balances: readonly Balance[]): void {
  const rows = balances.map((balance) => [
    number(balance.shards),
    balance.users.toFixed(3),
    balance.tasks.toFixed(3),
    within(balance.tasks, bounds.balance),
    balance.tasksWithHoarder.toFixed(3),
    balance.writesHashed.toFixed(2),
    balance.writesByRange.toFixed(2),
  ]);
  printTable(
    [
      `Shards, ${number(users)} users simulated`,
      'users on the fullest, to the mean',
      'tasks',
      'bound',
      'tasks, with one user of 100,000 more',
      'writes, by the hash',
      'writes, by the id itself',
    ],
    rows,
  );
}

/** What is measured, in the order in which it is; each prints a table with what the model says. */
export const report = {
  storage: printStorage,
  byTotal: printByTotal,
  byOwn: printByOwn,
  shards: printShards,
  balances: printBalances,
  /** Whether all bounds are kept so far. */
  isKept: () => kept,
};
