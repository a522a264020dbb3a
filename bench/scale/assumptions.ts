/** What the cost model starts from. Change a value here and run `npm run docs`. */
interface Assumption {
  value: number;
  what: string;
  /** Where it comes from. */
  source: 'chosen' | 'the code' | 'the manual';
}

const chosen = (value: number, what: string): Assumption => ({ value, what, source: 'chosen' });
const inCode = (value: number, what: string): Assumption => ({ value, what, source: 'the code' });
const inManual = (value: number, what: string): Assumption => ({
  value,
  what,
  source: 'the manual',
});

export const assumptions = {
  activeShare: chosen(0.4, 'Accounts that are used on a day, of all'),
  requestsPerDay: chosen(60, 'Requests of such an account in that day'),
  peakFactor: chosen(4, 'The busiest hour, in multiples of the mean'),
  logoutsPerDay: chosen(0.05, 'Sessions that such an account ends in a day'),
  remindersPerDay: chosen(0.3, 'Reminders of such an account in a day'),
  remindersAtOnce: chosen(0.02, 'Reminders of a day that fire in one minute, as at nine o’clock'),

  apiLoad: chosen(0.6, 'How busy the core of an API process may be in the busiest hour'),
  poolSize: inCode(50, 'Connections that an API process opens at most, to each server it talks to'),
  feedsPerSecond: inCode(2.5, 'Readings of the ended sessions by each process that has requests'),
  feedOverlap: inCode(10, 'Seconds by which each of them overlaps the last one'),
  accessTokenLife: inCode(900, 'Seconds for which a process remembers an ended session'),
  jobNames: inCode(9, 'Kinds of jobs, each of which a process asks for by itself'),
  jobPollSeconds: inCode(5, 'Seconds between two such questions'),

  compression: chosen(0.5, 'Documents on disk (snappy), of their BSON'),
  indexHeat: chosen(
    0.6,
    'Index pages that are used in a day: those of active owners, and all words',
  ),
  documentHeat: chosen(0.1, 'Documents that are read in a day'),
  cacheGigabytes: chosen(128, 'Cache of a database node of 256 GB'),
  diskTerabytes: chosen(2, 'Data that a node may have and still be replaced within a day'),
  writesPerNode: chosen(
    4000,
    'Writes a second of a primary, each with the index entries of a task',
  ),
  readsPerNode: chosen(20_000, 'Reads a second of a primary'),
  writeMilliseconds: chosen(2, 'A write that a majority has acknowledged, in one region'),
  indexedPerSecond: chosen(40_000, 'Documents a second while one index is built'),
  backupMegabytes: chosen(200, 'Megabytes a second of a backup of one shard'),
  erasedPerSecond: chosen(1500, 'Tasks a second while an account is erased'),
  bytesPerLogEntry: chosen(450, 'Bytes of the oplog for each write'),
  connectionMegabytes: inManual(1, 'Memory of a server for each connection'),
  connectionLimit: inManual(32_000, 'Connections of a server (`ulimit -n` of 64,000, halved)'),
} satisfies Record<string, Assumption>;

export type Assumptions = Record<keyof typeof assumptions, number>;

export const assumed = Object.fromEntries(
  Object.entries(assumptions).map(([name, { value }]) => [name, value]),
) as Assumptions;

/** How many documents of each collection an account has. */
export const documentsPerUser = {
  tasks: 400,
  comments: 40,
  attachments: 4,
  projects: 6,
  sections: 6,
  labels: 8,
  filters: 2,
  users: 1,
  sessions: 4,
  securityEvents: 15,
  apiTokens: 0.05,
  idempotencyKeys: 1,
  counters: 0.02,
};

/** One kind of request: how many of all, what it asks of the database, and what it costs. */
export interface RequestKind {
  what: string;
  share: number;
  /** Commands; those that write are no reads. */
  reads: number;
  writes: number;
  /** Microseconds of an API process: of the first ones by `npm run bench`, of the others by `bench:model`. */
  api: number;
}

export const requestKinds: readonly RequestKind[] = [
  { what: 'List of 20 tasks', share: 0.408, reads: 1, writes: 0, api: 2100 },
  { what: 'Read a task', share: 0.2, reads: 1, writes: 0, api: 1250 },
  { what: 'Change a task', share: 0.17, reads: 1, writes: 1, api: 1800 },
  { what: 'Create a task', share: 0.08, reads: 0, writes: 1, api: 1500 },
  { what: 'Search', share: 0.05, reads: 2, writes: 0, api: 2500 },
  { what: 'Statistics', share: 0.02, reads: 6, writes: 0, api: 6000 },
  { what: 'Exchange a refresh token', share: 0.07, reads: 0, writes: 2, api: 1800 },
  { what: 'Sign in', share: 0.002, reads: 3, writes: 7, api: 200_000 },
];
