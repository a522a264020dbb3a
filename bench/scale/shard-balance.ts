import { Types } from 'mongoose';
import { randomFrom } from '../shared/random.ts';
import { shardOf } from './shard-hash.ts';

export interface Balance {
  shards: number;
  /** Of the users, and of their tasks: the fullest shard, in multiples of the mean. */
  users: number;
  tasks: number;
  /** The same once one user more has very many. */
  tasksWithHoarder: number;
  /** Writes of the busiest one, where those who came last write most. */
  writesHashed: number;
  /** The same where the key is the id itself, in whose order users come. */
  writesByRange: number;
}

/** How users differ: half have fewer than this, and the spread is that of a log-normal distribution. */
const medianTasks = 150;
const spread = 1.4;
const hoard = 100_000;
/** The share of the users that came last, and how much more they write than others. */
const newcomers = { share: 0.1, activity: 5 };

/** By two uniform numbers (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

const begin = Date.UTC(2024, 0, 1) / 1000;
const threeYears = 3 * 365 * 86_400;

/** Ids as they are given: the time in front, the rest at random. */
function idAt(share: number, random: () => number): Types.ObjectId {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(begin + Math.floor(share * threeYears));
  bytes.writeUInt32BE(Math.floor(random() * 2 ** 32), 4);
  bytes.writeUInt32BE(Math.floor(random() * 2 ** 32), 8);
  return new Types.ObjectId(bytes);
}

function fullest(loads: Float64Array): number {
  return (Math.max(...loads) * loads.length) / loads.reduce((sum, load) => sum + load, 0);
}

/** What lies on each of so many shards. */
class Cluster {
  private readonly users: Float64Array;
  private readonly tasks: Float64Array;
  private readonly hashed: Float64Array;
  private readonly ranged: Float64Array;

  readonly shards: number;

  constructor(shards: number) {
    this.shards = shards;
    [this.users, this.tasks, this.hashed, this.ranged] = Array.from(
      { length: 4 },
      () => new Float64Array(shards),
    ) as [Float64Array, Float64Array, Float64Array, Float64Array];
  }

  /** @param share how much of all users came before */
  add(id: Types.ObjectId, share: number, tasks: number, writes: number): void {
    const shard = shardOf(id, this.shards);
    this.users[shard]! += 1;
    this.tasks[shard]! += tasks;
    this.hashed[shard]! += writes;
    // The ranges hold as many users each; who comes next goes to the last one.
    this.ranged[Math.floor(share * this.shards)]! += writes;
  }

  /** @param hoarder who comes to have very many tasks */
  balance(hoarder: Types.ObjectId): Balance {
    const withHoarder = this.tasks.slice();
    withHoarder[shardOf(hoarder, this.shards)]! += hoard;
    return {
      shards: this.shards,
      users: fullest(this.users),
      tasks: fullest(this.tasks),
      tasksWithHoarder: fullest(withHoarder),
      writesHashed: fullest(this.hashed),
      writesByRange: fullest(this.ranged),
    };
  }
}

/**
 * Distributes users over shards by the hash of their id, as MongoDB does before its balancer has moved
 * anything; the same seed gives the same users.
 */
export function balancesOf(users: number, counts: readonly number[], seed: number): Balance[] {
  const random = randomFrom(seed);
  const clusters = counts.map((shards) => new Cluster(shards));
  const hoarder = idAt(0, random);
  for (let number = 0; number < users; number += 1) {
    const share = number / users;
    const id = idAt(share, random);
    const tasks = Math.ceil(medianTasks * Math.exp(spread * normal(random)));
    const writes = tasks * (share > 1 - newcomers.share ? newcomers.activity : 1);
    for (const cluster of clusters) cluster.add(id, share, tasks, writes);
  }
  return clusters.map((cluster) => cluster.balance(hoarder));
}
