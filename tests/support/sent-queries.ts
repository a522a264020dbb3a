import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect } from '@jest/globals';
import mongoose, { mongo, Types } from 'mongoose';
import { connectDatabase, type Database } from '../../src/database/connection.ts';
import { scattered, shardPlan } from '../../bench/scale/shard-keys.ts';
import { createLogger } from '../../src/logger.ts';
import { type Api, patience, startInstance } from './api.ts';

/** Something that was looked for, whatever was to be done with it. */
export interface Query {
  collection: string;
  filter: object;
  sort?: Record<string, 1 | -1> | undefined;
  /** Of an aggregation, which is explained as a whole. */
  pipeline?: object[];
}

// Enough for a planner to find an index worth its while.
const crowd = 2000;

/** The queries in a command, as it went over the wire; an aggregation begins with its filter. */
function queriesIn(command: mongo.Document, name: string): Query[] {
  const collection = String(command[name]);
  const {
    filter = {},
    limit,
    query = {},
    sort,
    updates = [],
    deletes = [],
    pipeline = [],
  } = command;
  switch (name) {
    case 'find':
      // Whether there is anything at all: the first document that comes tells.
      if (limit === 1 && !sort && Object.keys(filter).length === 0) return [];
      return [{ collection, filter, sort }];
    case 'findAndModify':
    case 'count':
    case 'distinct':
      return [{ collection, filter: query, sort }];
    case 'update':
      return (updates as mongo.Document[]).map(({ q }) => ({ collection, filter: q }));
    case 'delete':
      return (deletes as mongo.Document[]).map(({ q }) => ({ collection, filter: q }));
    case 'aggregate':
      return [{ collection, filter: pipeline[0]?.$match ?? {}, pipeline }];
    default:
      return [];
  }
}

/** All of a collection, or of an index from its first field on: in MongoDB's words and in PostgreSQL's. */
const wholeReads = [
  /COLLSCAN/,
  /"indexBounds":\{"[^"]+":\["\[MinKey, MaxKey\]"\]/,
  /Seq Scan/,
  // The collection's own number is all that the index is asked for.
  /"Index Cond":"\(shard_key_value = '\d+'::bigint\)"/,
  /\[\\"[^"]+\\": [[(]MinKey, MaxKey[\])]/,
];

/** Whether the database would read a whole collection, by what it says of its plan. */
export function readsEverything(plan: string): boolean {
  // What can match nothing is not read at all.
  if (/"(EOF|Result)"/.test(plan) && !/Scan/.test(plan)) return false;
  return wholeReads.some((read) => read.test(plan)) || !/IXSCAN|IDHACK|Index Scan/.test(plan);
}

/** Past the driver's wrapper, which would make one more query of the question. */
export async function planOf({ collection, filter, sort, pipeline }: Query): Promise<string> {
  const explain = pipeline
    ? { aggregate: collection, pipeline, cursor: {} }
    : { find: collection, filter, ...(sort && { sort }) };
  return JSON.stringify(
    await mongoose.connection.db?.command({ explain, verbosity: 'queryPlanner' }),
  );
}

/** What a query has in common with others that only have other values. */
function shapeOf({ collection, filter, sort, pipeline }: Query): string {
  const kindOf = (_name: string, value: unknown): unknown => {
    if (value === null || typeof value === 'boolean' || Array.isArray(value)) return value;
    // The driver's form of an order.
    if (value instanceof Map) return [...value];
    if (value === 1 || value === -1) return value;
    if (typeof value === 'string') return value.startsWith('^') ? '^' : 'text';
    return typeof value === 'object' ? value : typeof value;
  };
  return JSON.stringify([collection, pipeline ?? filter, sort], kindOf);
}

async function insertCrowd(): Promise<void> {
  const strangers = Array.from({ length: crowd }, () => new Types.ObjectId());
  const now = new Date();
  const later = new Date(now.getTime() + 86_400_000);
  const { Session, Task, User } = mongoose.models;
  await Task?.collection.insertMany(
    strangers.map((ownerId, index) => ({
      ownerId,
      projectId: ownerId,
      rank: 'a0',
      title: `task ${index}`,
      titleKey: `task ${index}`,
      words: ['task', `${index}`, '=task', `=${index}`],
      description: '',
      status: 'todo',
      priority: index % 4,
      deadline: now,
      allDay: false,
      labels: [],
      createdAt: now,
      updatedAt: now,
      version: 1,
    })),
  );
  await User?.collection.insertMany(
    strangers.map((_id) => ({ _id, emailKey: `${_id.toHexString()}@example.com` })),
  );
  await Session?.collection.insertMany(
    strangers.map((userId) => ({
      userId,
      tokenHash: randomBytes(32).toString('base64url'),
      createdAt: now,
      expiresAt: later,
    })),
  );
}

interface Watched {
  readonly api: Api;
  /** Whatever was looked for since they were emptied, by whichever way it was sent. */
  readonly queries: Query[];
}

/** An instance on a database with many others in it, all of whose commands are written down. */
export function useWatchedApi(): () => Watched {
  const queries: Query[] = [];
  let database: Database | undefined;
  let api: Api | undefined;
  beforeAll(async () => {
    const uri = `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}?monitorCommands=true&${patience}`;
    database = connectDatabase(uri, createLogger('silent'));
    await database.ready;
    await insertCrowd();
    mongoose.connection
      .getClient()
      .on('commandStarted', ({ command, commandName }: mongo.CommandStartedEvent) => {
        queries.push(...queriesIn(command, commandName));
      });
    api = await startInstance(database);
  });
  afterAll(async () => {
    await api?.close();
    await mongoose.connection.dropDatabase();
    await database?.close();
  });
  return () => {
    if (!api) throw new Error('the API is there from the first test on');
    return { api, queries };
  };
}

/** The fields that a filter names, those within an $and included. */
function fieldsOf(filter: object): string[] {
  return Object.entries(filter).flatMap(([name, value]) =>
    name === '$and' ? (value as object[]).flatMap(fieldsOf) : [name],
  );
}

/**
 * The queries for which the router of a sharded cluster could not tell the shard, by docs/scale.md, as
 * the collection and the fields that they name; those that it lists are left out.
 */
function scatteredBy(queries: readonly Query[]): string[] {
  const listed = new Set(scattered.map(({ collection, fields }) => `${collection}: ${fields}`));
  const found = queries.flatMap(({ collection, filter }) => {
    const plan = shardPlan[collection];
    const fields = fieldsOf(filter);
    if (plan && (!plan.key || fields.some((field) => plan.routedBy.includes(field)))) return [];
    return [`${collection}: ${[...new Set(fields)].sort().join(', ')}`];
  });
  return [...new Set(found)].filter((query) => !listed.has(query)).sort();
}

/**
 * That an index serves each of these queries, of those that differ in their values one; and that each names
 * the shard where docs/scale.md does not say otherwise.
 */
export async function expectIndexed(queries: readonly Query[]): Promise<void> {
  expect(queries.length).toBeGreaterThan(0);
  expect(scatteredBy(queries)).toEqual([]);
  const unserved = [];
  for (const query of new Map(queries.map((one) => [shapeOf(one), one])).values()) {
    if (readsEverything(await planOf(query))) unserved.push(query);
  }
  expect(unserved).toEqual([]);
}
