/** How a sharded cluster would hold a collection. */
interface Plan {
  /** As `sh.shardCollection` takes it; undefined where the collection stays on one shard. */
  key?: Record<string, 1 | 'hashed'>;
  /** The fields of which a query has to name one for a router to tell the shard. */
  routedBy: string[];
  why: string;
}

const byOwner: Pick<Plan, 'key' | 'routedBy'> = {
  key: { ownerId: 'hashed' },
  routedBy: ['ownerId'],
};
const byId: Pick<Plan, 'key' | 'routedBy'> = { key: { _id: 'hashed' }, routedBy: ['_id'] };

/** By collection: what docs/scale.md proposes, and what the tests compare each query with. */
export const shardPlan: Record<string, Plan> = {
  tasks: {
    key: { accountId: 'hashed', _id: 1 },
    // Both would come with the same `accountId`: see the step in docs/scale.md.
    routedBy: ['ownerId', 'trash.ownerId'],
    why: 'all of a user’s lists on one shard; the id lets a large account be split',
  },
  comments: {
    key: { taskId: 'hashed' },
    routedBy: ['taskId'],
    why: 'a task’s comments are read together; exports and deletions of accounts ask all shards',
  },
  projects: { ...byOwner, why: 'read with their owner only' },
  sections: { ...byOwner, why: 'read with their owner only' },
  labels: {
    ...byOwner,
    why: 'the unique `owner_holds_unique` begins with the owner, so it still holds',
  },
  filters: {
    ...byOwner,
    why: 'the unique `owner_name_unique` begins with the owner, so it still holds',
  },
  sessions: {
    ...byId,
    why: 'refreshing, by far the most frequent, knows the id; lists of sessions ask all shards',
  },
  securityEvents: {
    key: { userId: 'hashed' },
    routedBy: ['userId'],
    why: 'written and listed by user',
  },
  idempotencyKeys: {
    ...byId,
    why: 'the id is a hash of caller and key: claims are exclusive on one shard',
  },
  counters: { ...byId, why: 'the id is a hash of what is counted: each count is on one shard' },
  attachments: {
    routedBy: ['_id'],
    why: 'few and small, and their owner is taken off; their bytes belong into S3',
  },
  'attachmentContent.files': { routedBy: ['_id'], why: 'with S3 there are none' },
  'attachmentContent.chunks': {
    routedBy: ['files_id'],
    why: 'with S3 there are none; else `{ files_id: 1, n: 1 }`, which is unique',
  },
  users: {
    routedBy: ['_id', 'emailKey', 'identityKeys'],
    why: 'two unique indexes with nothing in common: no key could serve both',
  },
  apiTokens: { routedBy: ['tokenHash', '_id', 'userId'], why: 'few' },
  signInFlows: { routedBy: ['_id', 'userId'], why: 'few, and for minutes only' },
  jobs: { routedBy: ['_id', 'name'], why: 'taken by name and time, wherever they are' },
  upgrades: { routedBy: ['_id'], why: 'a handful' },
};

/** A query that does not tell the shard: a router asks all of them. */
interface Scattered {
  collection: string;
  /** The fields that it names, in alphabetical order. */
  fields: string;
  who: string;
  /** What the number of such queries grows with. */
  growsWith: string;
}

const inJobs = 'the shards: every 10 s one process asks';
const inDeletions = 'accounts that are deleted or exported';

export const scattered: readonly Scattered[] = [
  {
    collection: 'sessions',
    fields: 'endedAt',
    who: 'what every process knows of ended sessions',
    growsWith: 'processes × shards, 2.5 a second; what is found grows with the sessions that end',
  },
  {
    collection: 'sessions',
    fields: 'endedAt, endsAt, expiresAt, userId',
    who: 'a sign-in, and the list of sessions',
    growsWith: 'sign-ins',
  },
  {
    collection: 'sessions',
    fields: '$or, createdAt, endedAt, endsAt, expiresAt, userId',
    who: 'a later page of that list',
    growsWith: 'those who look',
  },
  {
    collection: 'sessions',
    fields: 'endedAt, userId',
    who: 'the end of all sessions of a user',
    growsWith: 'changes of passwords',
  },
  {
    collection: 'sessions',
    fields: 'userId',
    who: 'a deletion that takes the user off their sessions',
    growsWith: inDeletions,
  },
  {
    collection: 'labels',
    fields: 'deletedAt',
    who: 'what every process knows of labels that change, and the job that finishes them',
    growsWith: 'processes × shards, one in two seconds; what is found grows with such changes',
  },
  {
    collection: 'labels',
    fields: 'formerNames.at',
    who: 'the same, of those that are renamed',
    growsWith: 'the same',
  },
  { collection: 'labels', fields: 'deletedAt, formerNames.at', who: 'that job', growsWith: inJobs },
  { collection: 'projects', fields: 'deletedAt', who: 'the job', growsWith: inJobs },
  { collection: 'sections', fields: 'pendingSince', who: 'the job', growsWith: inJobs },
  {
    collection: 'comments',
    fields: 'ownerId',
    who: 'an export, a deletion',
    growsWith: inDeletions,
  },
  { collection: 'idempotencyKeys', fields: 'userId', who: 'a deletion', growsWith: inDeletions },
  { collection: 'tasks', fields: 'remindAt', who: 'the job', growsWith: inJobs },
  {
    collection: 'tasks',
    fields: '_id, pendingSince',
    who: 'the job, and each task that it settles',
    growsWith: 'changes after which something follows',
  },
  ...[
    ['_id', 'a subtask’s place, a check that an id is new'],
    ['$or, _id', 'subtasks that follow a move'],
    ['_id, labels', 'tasks that follow a renamed label'],
    ['$or, _id, labels', 'tasks that a deleted label leaves'],
    ['_id, treeVersion, version', 'a restored task'],
    ['_id, trash.at', 'tasks that leave the trash for good'],
    ['_id, series.anchor, series.id, series.rule, series.start', 'a series that goes on'],
  ].map(([fields = '', who = '']) => ({
    collection: 'tasks',
    fields,
    who,
    growsWith: 'such changes; with `accountId` they would name the shard',
  })),
];
