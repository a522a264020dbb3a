import { readFileSync, writeFileSync } from 'node:fs';
import {
  assumed,
  assumptions,
  documentsPerUser,
  requestKinds,
} from '../bench/scale/assumptions.ts';
import { collections } from '../bench/scale/documents.ts';
import {
  bytesOfDocuments,
  bytesPerUser,
  type Figures,
  figuresFor,
  largestOnOneReplicaSet,
} from '../bench/scale/cost-model.ts';
import { scattered, shardPlan } from '../bench/scale/shard-keys.ts';
import { table, withTablesOf } from './readme.ts';

const file = 'docs/scale.md';
const code = (text: string) => `\`${text}\``;

/** Three digits, as no assumption is better than that. */
function number(value: number): string {
  if (value !== 0 && Math.abs(value) < 0.01) return '< 0.01';
  return value.toLocaleString('en', { maximumSignificantDigits: 3 });
}

function bytes(gigabytes: number): string {
  if (gigabytes >= 1000) return `${number(gigabytes / 1000)} TB`;
  if (gigabytes >= 1) return `${number(gigabytes)} GB`;
  return gigabytes >= 0.001 ? `${number(gigabytes * 1e3)} MB` : `${number(gigabytes * 1e6)} kB`;
}

function assumptionsTable(): string {
  const rows = Object.entries(assumptions).map(([name, { value, what, source }]) => [
    code(name),
    value.toLocaleString('en'),
    what,
    source,
  ]);
  return table(['Assumption', 'Value', 'What it is', 'From'], rows);
}

function requestsTable(): string {
  const rows = requestKinds.map(({ what, share, reads, writes, api }) => [
    what,
    `${number(share * 100)} %`,
    number(reads),
    number(writes),
    api.toLocaleString('en'),
  ]);
  const header = ['Request', 'Share', 'Reads', 'Writes', 'Microseconds of the API’s processor'];
  return table(header, rows);
}

function documentsTable(): string {
  const rows = collections.map((name) => {
    const { document, indexes, entries } = bytesOfDocuments[name];
    return [
      code(name),
      number(documentsPerUser[name]),
      number(document),
      number(entries),
      number(indexes),
      bytes((documentsPerUser[name] * (document * assumed.compression + indexes)) / 1e9),
    ];
  });
  const { documents, indexes } = bytesPerUser;
  const sum = bytes((documents * assumed.compression + indexes) / 1e9);
  return table(
    [
      'Collection',
      'For each account',
      'Bytes of BSON',
      'Index entries',
      'Bytes of index',
      'An account on disk',
    ],
    [...rows, ['all', '', '', '', '', sum]],
  );
}

function keysTable(): string {
  const rows = Object.entries(shardPlan).map(([name, { key, why }]) => {
    const fields = Object.entries(key ?? {}).map(
      ([field, kind]) => `${field}: ${kind === 1 ? '1' : `'${kind}'`}`,
    );
    return [code(name), key ? code(`{ ${fields.join(', ')} }`) : 'on one shard', why];
  });
  return table(['Collection', 'Shard key', 'Why'], rows);
}

function scatteredTable(): string {
  const rows = scattered.map(({ collection, fields, who, growsWith }) => [
    code(collection),
    code(fields),
    who,
    growsWith,
  ]);
  return table(['Collection', 'Fields', 'Who asks', 'Grows with'], rows);
}

/** The stages of docs/scale.md, in accounts. */
const stages = [1000, 100_000, 300_000, 10_000_000, 100_000_000];

const lines: [string, (figures: Figures) => string][] = [
  ['Requests a second, on average', (one) => number(one.requestsOnAverage)],
  ['Requests a second, in the busiest hour', (one) => number(one.requests)],
  ['Reads a second', (one) => number(one.reads)],
  ['Writes a second', (one) => number(one.writes)],
  ['Index entries a second', (one) => number(one.indexEntries)],
  ['API processes', (one) => number(one.processes)],
  ['Connections to one server, at most', (one) => number(one.connections)],
  ['… and their memory there', (one) => bytes(one.connectionGigabytes)],
  ['Tasks', (one) => number(one.tasks)],
  ['Documents on disk', (one) => bytes(one.documentGigabytes)],
  ['Indexes on disk', (one) => bytes(one.indexGigabytes)],
  ['Working set in memory', (one) => bytes(one.workingSetGigabytes)],
  ['Shards for that memory', (one) => number(one.shardsFor.cache)],
  ['Shards for the disk', (one) => number(one.shardsFor.disk)],
  ['Shards for the writes', (one) => number(one.shardsFor.writes)],
  ['Shards for the reads', (one) => number(one.shardsFor.reads)],
  ['Shards', (one) => number(one.shards)],
  ['Nodes with data', (one) => number(one.nodes)],
  ['Chunks of the tasks', (one) => number(one.chunksOfTasks)],
  ['Oplog in an hour', (one) => bytes(one.oplogGigabytesPerHour)],
  ['Backup of a shard, hours', (one) => number(one.backupHours)],
  ['One index of the tasks, hours', (one) => number(one.indexHours)],
  ['Ended sessions read a second, by all', (one) => number(one.feedReads)],
  ['… and their memory in each process', (one) => bytes(one.feedMegabytesInEach / 1000)],
  ['Questions for jobs a second', (one) => number(one.jobPolls)],
  ['Reminders a second, in the busiest minute', (one) => number(one.reminders)],
  ['… of which one process can fire', (one) => number(one.remindersFired)],
];

function stagesTable(): string {
  const figures = stages.map((users) => figuresFor(users));
  const rows = lines.map(([what, show]) => [what, ...figures.map(show)]);
  const largest = number(largestOnOneReplicaSet());
  return [
    table(['Accounts', ...stages.map((users) => users.toLocaleString('en'))], rows),
    `One replica set has room for ${largest} accounts.`,
  ].join('\n\n');
}

/** The document with its tables as the model has them. */
export function withScaleTables(text: string): string {
  return withTablesOf(text, {
    assumptions: assumptionsTable(),
    requests: requestsTable(),
    documents: documentsTable(),
    keys: keysTable(),
    scattered: scatteredTable(),
    stages: stagesTable(),
  });
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(file, withScaleTables(readFileSync(file, 'utf8')));
}
