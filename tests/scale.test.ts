import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import mongoose, { mongo } from 'mongoose';
import { requestKinds } from '../bench/scale/assumptions.ts';
import { figuresFor, largestOnOneReplicaSet } from '../bench/scale/cost-model.ts';
import { balancesOf } from '../bench/scale/shard-balance.ts';
import { hashedKey, shardOf } from '../bench/scale/shard-hash.ts';
import { shardPlan } from '../bench/scale/shard-keys.ts';
import { withScaleTables } from '../scripts/scale.ts';
import { type Api, startInstance } from './support/api.ts';
import { createTask, send, signUp } from './support/factories.ts';
import { useWatchedApi } from './support/sent-queries.ts';

const watched = useWatchedApi();

test('docs/scale.md has the figures of the model', () => {
  const text = readFileSync('docs/scale.md', 'utf8');
  expect(withScaleTables(text)).toBe(text);
});

describe('the cost model', () => {
  test('has what is stored grow with the accounts, and an idle service needs one process', () => {
    const [one, ten] = [figuresFor(50_000), figuresFor(500_000)];
    expect(ten.documentGigabytes).toBeCloseTo(10 * one.documentGigabytes);
    expect(ten.indexGigabytes).toBeCloseTo(10 * one.indexGigabytes);
    expect(figuresFor(1)).toMatchObject({ processes: 1, shards: 1, nodes: 3 });
  });

  test('has the feed of ended sessions grow with the square of the accounts', () => {
    const [one, ten] = [figuresFor(10_000_000), figuresFor(100_000_000)];
    // Not quite, as there are only whole processes.
    expect(Math.round(ten.feedReads / one.feedReads / 10)).toBe(10);
  });

  test('needs a second shard right beyond the largest replica set', () => {
    const largest = largestOnOneReplicaSet();
    expect(figuresFor(largest).shards).toBe(1);
    expect(figuresFor(largest * 1.02).shards).toBe(2);
  });

  test('knows how often each kind of request asks the database', async () => {
    expect(requestKinds.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1);
    // Attempts are counted in the database, which the other tests do without.
    // Redis would take over the limits on attempts.
    const settings = { RATE_LIMIT: 'on', REDIS_URL: '' };
    const limited = await startInstance(watched().api.dependencies.database, settings);
    const counts = await commandsOfAll(limited).finally(() => limited.close());
    expect(counts).toEqual(
      Object.fromEntries(requestKinds.map(({ what, reads, writes }) => [what, { reads, writes }])),
    );
  });
});

const kindsOfCommands: Record<string, 'reads' | 'writes'> = {
  find: 'reads',
  aggregate: 'reads',
  count: 'reads',
  insert: 'writes',
  update: 'writes',
  delete: 'writes',
  findAndModify: 'writes',
};

/** What no request waits for: it is read now and then, for all of them. */
function isOfAll({ command }: mongo.CommandStartedEvent): boolean {
  const filter = JSON.stringify(command['filter'] ?? {});
  return /^\{"(endedAt|deletedAt|formerNames)/.test(filter) || command['findAndModify'] === 'jobs';
}

/** The commands that go over the wire while something is done. */
async function commandsDuring(work: () => PromiseLike<unknown>) {
  const counts = { reads: 0, writes: 0 };
  const client = mongoose.connection.getClient();
  const count = (event: mongo.CommandStartedEvent) => {
    const kind = kindsOfCommands[event.commandName];
    if (kind && !isOfAll(event)) counts[kind] += 1;
  };
  client.on('commandStarted', count);
  await work();
  client.off('commandStarted', count);
  return counts;
}

async function commandsOfAll(api: Api) {
  const member = await signUp(api);
  const { id } = await createTask(member, { title: 'Pay rent' });
  const credentials = { email: member.user.email, password: member.password };
  const requests: Record<string, () => PromiseLike<unknown>> = {
    'List of 20 tasks': () => member.send('get', '/tasks'),
    'Read a task': () => member.send('get', `/tasks/${id}`),
    'Change a task': () => member.send('patch', `/tasks/${id}`, { priority: 'high' }),
    'Create a task': () => member.send('post', '/tasks', { title: 'Call the landlord' }),
    Search: () => member.send('get', '/tasks?q=rent'),
    Statistics: () => member.send('get', '/statistics'),
    'Exchange a refresh token': () =>
      send(api, undefined, 'post', '/auth/refresh').send({ refreshToken: member.refreshToken }),
    'Sign in': () => send(api, undefined, 'post', '/auth/login').send(credentials),
  };
  const counts: Record<string, { reads: number; writes: number }> = {};
  for (const [what, work] of Object.entries(requests)) counts[what] = await commandsDuring(work);
  return counts;
}

describe('the shard keys', () => {
  const models = Object.values(mongoose.models);

  test('are thought of for every collection', () => {
    const names = models.map(({ collection }) => collection.collectionName);
    expect(names.filter((name) => !shardPlan[name])).toEqual([]);
  });

  test('begin every unique index of a collection that is sharded', () => {
    const broken = models.flatMap(({ collection, schema }) => {
      const fields = Object.keys(shardPlan[collection.collectionName]?.key ?? {});
      return schema
        .indexes()
        .filter(([, { unique }]) => unique)
        .filter(([key]) => fields.some((field, place) => Object.keys(key)[place] !== field))
        .map(([, { name }]) => name);
    });
    expect(broken).toEqual([]);
  });
});

test('a sparse index of several fields has none that every document has, or it would hold all of them', () => {
  const full = Object.values(mongoose.models).flatMap(({ schema }) =>
    schema
      .indexes()
      .filter(([key, { sparse }]) => sparse && Object.keys(key).length > 1)
      .filter(([key]) =>
        Object.keys(key).some((path) => schema.path(path)?.isRequired || path === '_id'),
      )
      .map(([, { name }]) => name),
  );
  expect(full).toEqual([]);
});

describe('users on shards', () => {
  test('lie there by MongoDB’s hash of their id', () => {
    const id = new mongoose.Types.ObjectId('5b2be413c06d924ab26ff9ca');
    expect(hashedKey(id)).toBe(hashedKey(new mongoose.Types.ObjectId(id.toHexString())));
    expect([1, 4, 16].map((shards) => shardOf(id, shards) < shards)).toEqual([true, true, true]);
  });

  test('are spread evenly, each seed in its own way', () => {
    const [four, again, other] = [1, 1, 2].map((seed) => balancesOf(5000, [4], seed)[0]);
    expect(again).toEqual(four);
    expect(other).not.toEqual(four);
    expect(four?.users).toBeLessThan(1.1);
    expect(four?.writesByRange).toBeGreaterThan(four?.writesHashed ?? 0);
  });
});
