import mongoose, { type mongo, Types } from 'mongoose';
import { randomUUID } from 'node:crypto';
import { TaskModel, type TaskRecord } from '../../src/features/tasks/tasks.model.ts';
import type { Filled } from './model-fill.ts';
import { median } from '../shared/figures.ts';
import { shardOf } from './shard-hash.ts';

const batch = 5000;
const samples = 30;
const order = { createdAt: -1, _id: -1 } as const;
const pageSize = 21;

/** Databases that stand for the shards of a cluster, with the tasks of another one. */
export interface Shards {
  /** Tasks on each. */
  tasks: number[];
  /** Milliseconds of a list, medians: of the shard that has it, and of all of them, asked at once. */
  oneShard: number;
  allShards: number;
  /** Microseconds of the database's processor for each list. */
  oneShardTime: number;
  allShardsTime: number;
}

async function deal(from: mongo.Collection, to: readonly mongo.Db[]): Promise<number[]> {
  const waiting = to.map((): mongo.Document[] => []);
  const counts = to.map(() => 0);
  const write = async (shard: number) => {
    const documents = waiting[shard] ?? [];
    if (documents.length === 0) return;
    waiting[shard] = [];
    counts[shard] = (counts[shard] ?? 0) + documents.length;
    await to[shard]?.collection('tasks').insertMany(documents, { ordered: false });
  };
  for await (const task of from.find<TaskRecord>({}, { batchSize: batch })) {
    const shard = shardOf(task.ownerId ?? task._id, to.length);
    waiting[shard]?.push(task);
    if ((waiting[shard]?.length ?? 0) >= batch) await write(shard);
  }
  await Promise.all(to.map((_, shard) => write(shard)));
  const specifications = TaskModel.schema.indexes().map(([key, options]) => ({ key, ...options }));
  for (const db of to) {
    await db.collection('tasks').createIndexes(specifications as mongo.IndexDescription[]);
  }
  return counts;
}

/** A first page, as `listTasks` asks for it. */
function list(db: mongo.Db, ownerId: Types.ObjectId): Promise<mongo.Document[]> {
  return db.collection('tasks').find({ ownerId }).sort(order).limit(pageSize).toArray();
}

async function timed(work: () => Promise<unknown>, databaseTime: () => number) {
  const times: number[] = [];
  const before = databaseTime();
  for (let sample = 0; sample < samples; sample += 1) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
  }
  return { milliseconds: median(times), processor: (databaseTime() - before) / samples };
}

/** Deals the tasks of a database out to others by the hash of their owner, and lists those of one user. */
export async function measureShards(
  { place, people }: Filled,
  count: number,
  databaseTime: () => number,
): Promise<Shards> {
  const { connection } = await mongoose.connect(place.database, { autoIndex: false });
  const name = `bench-shard-${randomUUID().slice(0, 8)}`;
  const shards = Array.from({ length: count }, (_, shard) =>
    connection.getClient().db(`${name}-${shard}`),
  );
  try {
    const tasks = await deal(TaskModel.collection, shards);
    const ownerId = new Types.ObjectId(people.small.id);
    const own = shards[shardOf(ownerId, count)];
    if (!own) throw new Error('there is no such shard');
    await Promise.all(shards.map((shard) => list(shard, ownerId)));
    const one = await timed(() => list(own, ownerId), databaseTime);
    const all = await timed(
      () => Promise.all(shards.map((shard) => list(shard, ownerId))),
      databaseTime,
    );
    return {
      tasks,
      oneShard: one.milliseconds,
      allShards: all.milliseconds,
      oneShardTime: one.processor,
      allShardsTime: all.processor,
    };
  } finally {
    for (const shard of shards) await shard.dropDatabase();
    await mongoose.disconnect();
  }
}
