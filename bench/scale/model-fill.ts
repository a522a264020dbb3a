import mongoose, { mongo, Types } from 'mongoose';
import { TaskModel } from '../../src/features/tasks/tasks.model.ts';
import { type Place, startApi } from '../shared/processes.ts';
import { signUp } from './accounts.ts';
import { fillAtScale, type Sizes } from './dataset.ts';
import { buildIndexes } from './measures.ts';
import { type Asker, kinds, send } from './model-requests.ts';

/** What became of a database of one size. */
export interface Filled {
  place: Place;
  sizes: Sizes;
  /** Before anybody has an id of their tasks. */
  people: Record<'large' | 'small', Omit<Asker, 'taskIds'> & { id: string }>;
  /** Seconds. */
  filling: number;
  indexing: number;
  /** Of a task, on average, as the database tells; bytes. */
  documentBytes: number;
  storageBytes: number;
  indexBytes: number;
  indexes: number;
}

/** No limits, and tokens that last for the whole run. */
export const settings = { RATE_LIMIT: 'off', ACCESS_TOKEN_TTL: '12h' };

async function inSeconds<T>(work: () => Promise<T>): Promise<{ value: T; seconds: number }> {
  const startedAt = performance.now();
  const value = await work();
  return { value, seconds: (performance.now() - startedAt) / 1000 };
}

interface CollectionStatistics {
  count: number;
  storageSize: number;
  totalIndexSize: number;
  nindexes: number;
}

async function sizesOnDisk(ownerId: Types.ObjectId) {
  const statistics = (await mongoose.connection.db?.command({
    collStats: 'tasks',
  })) as CollectionStatistics;
  const some = await TaskModel.collection.find({ ownerId }).toArray();
  const bytes = some.reduce((sum, task) => sum + mongo.BSON.calculateObjectSize(task), 0);
  return {
    documentBytes: bytes / some.length,
    storageBytes: statistics.storageSize / statistics.count,
    indexBytes: statistics.totalIndexSize / statistics.count,
    indexes: statistics.nindexes,
  };
}

/**
 * Two accounts, of 1,000 tasks and of a tenth of all, among many of 1,000 tasks each. The tasks come past the
 * models, and their indexes are built then.
 */
export async function fill(place: Place, total: number, seed: number): Promise<Filled> {
  const small = Math.min(1000, total / 10);
  const sizes = { total, small, large: Math.max(total / 10, small) };
  await mongoose.connect(place.database, { autoIndex: false, autoCreate: false });
  const clerk = await startApi(place, settings);
  const accounts = await Promise.all([signUp(clerk), signUp(clerk)]).finally(() => clerk.stop());
  const [one, other] = accounts;
  await mongoose.connection.dropCollection('tasks');
  const ids = { small: new Types.ObjectId(one.id), large: new Types.ObjectId(other.id) };
  const { value: places, seconds } = await inSeconds(() => fillAtScale(ids, sizes, seed));
  const indexing = (await inSeconds(buildIndexes)).seconds;
  const filled: Filled = {
    place,
    sizes,
    people: {
      small: { id: one.id, token: one.token, places: places.small },
      large: { id: other.id, token: other.token, places: places.large },
    },
    filling: seconds,
    indexing,
    ...(await sizesOnDisk(ids.small)),
  };
  await mongoose.disconnect();
  return filled;
}

/** Who asks, with tasks to ask for. */
export async function askerOf(origin: string, person: Filled['people']['small']): Promise<Asker> {
  const asker = { ...person, taskIds: [] };
  const [, list] = kinds;
  if (!list) throw new Error('there is no list');
  const { data = [] } = await send(origin, list, asker, 0);
  return { ...asker, taskIds: data.map(({ id }) => id) };
}
