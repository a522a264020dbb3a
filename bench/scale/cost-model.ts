import { type Assumptions, assumed, documentsPerUser, requestKinds } from './assumptions.ts';
import { bytesOfAll, type Collection, collections } from './documents.ts';

const day = 86_400;
/** A replica set has three nodes that hold the data. */
const copies = 3;
/** A chunk of a sharded collection, in bytes. */
const chunkBytes = 128 * 2 ** 20;

const sizes = bytesOfAll();

/** A sum over all collections, for one account. */
function perUser(of: (collection: Collection) => number): number {
  return collections.reduce((sum, name) => sum + documentsPerUser[name] * of(name), 0);
}

/** Bytes of one account in the database: of documents as BSON, of indexes as they are on disk. */
export const bytesPerUser = {
  documents: perUser((name) => sizes[name].document),
  indexes: perUser((name) => sizes[name].indexes),
};

export { sizes as bytesOfDocuments };

const average = (of: (kind: (typeof requestKinds)[number]) => number) =>
  requestKinds.reduce((sum, kind) => sum + kind.share * of(kind), 0);

/** What a service of so many accounts needs. Rates are those of the busiest hour, unless they say otherwise. */
export interface Figures {
  users: number;
  /** A second. */
  requestsOnAverage: number;
  requests: number;
  reads: number;
  writes: number;
  indexEntries: number;
  /** Of one core each. */
  processes: number;
  /** At worst, to one server. */
  connections: number;
  connectionGigabytes: number;
  tasks: number;
  /** Gigabytes of one copy, compressed. */
  documentGigabytes: number;
  indexGigabytes: number;
  workingSetGigabytes: number;
  /** What the shards have to hold the most of. */
  shards: number;
  shardsFor: Record<'cache' | 'disk' | 'writes' | 'reads', number>;
  /** With three copies of each shard. */
  nodes: number;
  chunksOfTasks: number;
  oplogGigabytesPerHour: number;
  /** Hours for one shard, all of which work at once. */
  backupHours: number;
  /** Hours of one index of the tasks. */
  indexHours: number;
  /** Documents a second that all processes read to know which sessions have ended. */
  feedReads: number;
  feedMegabytesInEach: number;
  /** Questions a second for jobs, by all processes. */
  jobPolls: number;
  /** A second, in the busiest minute, and how many one process can fire. */
  reminders: number;
  remindersFired: number;
}

function storageOf(users: number, given: Assumptions) {
  const gigabytes = users / 1e9;
  const documents = bytesPerUser.documents * given.compression * gigabytes;
  const indexes = bytesPerUser.indexes * gigabytes;
  const workingSet =
    indexes * given.indexHeat + bytesPerUser.documents * given.documentHeat * gigabytes;
  return { documents, indexes, workingSet };
}

/** The cost model: pure, and the one source of the figures in docs/scale.md. */
export function figuresFor(users: number, given: Assumptions = assumed): Figures {
  const active = users * given.activeShare;
  const requestsOnAverage = (active * given.requestsPerDay) / day;
  const requests = requestsOnAverage * given.peakFactor;
  const [reads, writes] = [average((kind) => kind.reads), average((kind) => kind.writes)].map(
    (each) => each * requests,
  ) as [number, number];
  const seconds = (requests * average((kind) => kind.api)) / 1e6;
  const processes = Math.max(1, Math.ceil(seconds / given.apiLoad));
  const connections = processes * given.poolSize;
  const logouts = ((active * given.logoutsPerDay) / day) * given.peakFactor;
  const tasks = users * documentsPerUser.tasks;
  const { documents, indexes, workingSet } = storageOf(users, given);
  const feeds = processes * given.feedsPerSecond;
  const shardsFor = {
    cache: workingSet / given.cacheGigabytes,
    disk: (documents + indexes) / (given.diskTerabytes * 1000),
    writes: writes / given.writesPerNode,
    reads: (reads + feeds) / given.readsPerNode,
  };
  const shards = Math.max(1, Math.ceil(Math.max(...Object.values(shardsFor))));
  return {
    users,
    requestsOnAverage,
    requests,
    reads,
    writes,
    indexEntries: writes * sizes.tasks.entries,
    processes,
    connections,
    connectionGigabytes: (connections * given.connectionMegabytes) / 1000,
    tasks,
    documentGigabytes: documents,
    indexGigabytes: indexes,
    workingSetGigabytes: workingSet,
    shards,
    shardsFor,
    nodes: shards * copies,
    chunksOfTasks: Math.ceil((tasks * sizes.tasks.document) / chunkBytes),
    oplogGigabytesPerHour: (writes * given.bytesPerLogEntry * 3600) / 1e9,
    backupHours: ((documents + indexes) * 1000) / shards / given.backupMegabytes / 3600,
    indexHours: tasks / shards / given.indexedPerSecond / 3600,
    feedReads: feeds * logouts * given.feedOverlap,
    feedMegabytesInEach: (logouts * given.accessTokenLife * bytesOfEndedSession) / 1e6,
    jobPolls: (processes * given.jobNames) / given.jobPollSeconds,
    reminders: (active * given.remindersPerDay * given.remindersAtOnce) / 60,
    // A job and a mark, one after the other.
    remindersFired: 1000 / (2 * given.writeMilliseconds),
  };
}

/** In the memory of a process: an id in hexadecimal digits, and a number. */
const bytesOfEndedSession = 120;

/** How many accounts have room in one replica set, by the model; in steps of 1 %. */
export function largestOnOneReplicaSet(given: Assumptions = assumed): number {
  let users = 1000;
  while (figuresFor(users * 1.01, given).shards === 1) users *= 1.01;
  return users;
}
