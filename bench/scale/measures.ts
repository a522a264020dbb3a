import mongoose, { Types } from 'mongoose';
import { median } from '../shared/figures.ts';
import { TaskModel } from '../../src/features/tasks/tasks.model.ts';
import type { MeasuredQuery } from './queries.ts';

const pageSize = 20;
const samples = 15;
const pagesBefore = 999;

/** Somebody whose requests are measured, with the requests in their own ids. */
export interface MeasuredUser {
  id: string;
  token: string;
  tasks: number;
  queries: MeasuredQuery[];
}

interface Page {
  data?: { id: string }[];
  nextCursor?: string | null;
}

/** Medians in milliseconds. */
export interface Row {
  what: string;
  small: number;
  large: number;
  /** The last page of the one, and the thousandth of the other. */
  smallDeep?: number;
  largeDeep?: number;
}

async function read(origin: string, token: string, path: string): Promise<Page> {
  const answer = await fetch(`${origin}/api/v1${path}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const page = (await answer.json()) as Page;
  if (answer.status !== 200) throw new Error(`${path} was answered with ${answer.status}`);
  return page;
}

function withLimit(path: string): string {
  if (!path.startsWith('/tasks')) return path;
  return `${path}${path.includes('?') ? '&' : '?'}limit=${pageSize}`;
}

/**
 * The path of a page far behind. Going there page by page would take longer than all measurements: the
 * cursor of the first page is made to stand behind the task that is found there by counting.
 */
async function deepPath(origin: string, user: MeasuredUser, { path, pages }: MeasuredQuery) {
  const first = withLimit(path);
  const { nextCursor } = await read(origin, user.token, first);
  const skip = Math.min(pagesBefore * pageSize, user.tasks - pageSize);
  const [before, ...expected] = await TaskModel.collection
    .find({ ownerId: new Types.ObjectId(user.id) })
    .sort(pages ?? {})
    .skip(skip - 1)
    .limit(1 + pageSize)
    .toArray();
  const [list] = JSON.parse(Buffer.from(nextCursor ?? '', 'base64url').toString()) as unknown[];
  const values = Object.keys(pages ?? {}).map((field) => before?.[field] as unknown);
  const id = String(values.pop());
  const numbers = values.map((value) => (value instanceof Date ? value.getTime() : value));
  const cursor = Buffer.from(JSON.stringify([list, numbers, id])).toString('base64url');
  const deep = `${first}&cursor=${cursor}`;
  const { data } = await read(origin, user.token, deep);
  const ids = expected.map(({ _id }) => String(_id));
  if (data?.map((task) => task.id).join() !== ids.join()) {
    throw new Error(`a page of ${path} is not what counting comes to`);
  }
  return deep;
}

/** They take turns, so that whatever else the machine does meets all of them. */
async function mediansOf(
  origin: string,
  requests: readonly { token: string; path: string }[],
): Promise<number[]> {
  const times = requests.map((): number[] => []);
  for (let sample = -1; sample < samples; sample += 1) {
    for (const [index, { token, path }] of requests.entries()) {
      const startedAt = performance.now();
      await read(origin, token, path);
      // The first of each only warms up.
      if (sample >= 0) times[index]?.push(performance.now() - startedAt);
    }
  }
  return times.map(median);
}

/** Measures each request of both users. */
export async function* measureAll(
  origin: string,
  small: MeasuredUser,
  large: MeasuredUser,
): AsyncGenerator<Row> {
  for (const [index, query] of large.queries.entries()) {
    const ofSmall = small.queries[index] ?? query;
    const requests = [
      { token: small.token, path: withLimit(ofSmall.path) },
      { token: large.token, path: withLimit(query.path) },
    ];
    if (query.pages) {
      requests.push(
        { token: small.token, path: await deepPath(origin, small, ofSmall) },
        { token: large.token, path: await deepPath(origin, large, query) },
      );
    }
    const [one = Number.NaN, other = Number.NaN, ...deep] = await mediansOf(origin, requests);
    const [smallDeep, largeDeep] = deep;
    yield {
      what: query.what,
      small: one,
      large: other,
      ...(smallDeep !== undefined && { smallDeep }),
      ...(largeDeep !== undefined && { largeDeep }),
    };
  }
}

/** Lets the database build the indexes of what is there, which takes it less than one by one. */
export async function buildIndexes(): Promise<void> {
  for (const { collection, schema } of Object.values(mongoose.models)) {
    const specifications = schema.indexes().map(([key, options]) => ({ key, ...options }));
    if (specifications.length === 0) continue;
    await collection.createIndexes(specifications as mongoose.mongo.IndexDescription[]);
  }
}
