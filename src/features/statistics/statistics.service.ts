import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { allOf } from '../../database/keyset.ts';
import { filtersFor } from '../tasks/task-filters.service.ts';
import { accessibleTasks } from '../tasks/tasks.access.ts';
import { TaskModel } from '../tasks/tasks.model.ts';
import { priorities, statuses } from '../tasks/tasks.schemas.ts';
import type { Statistics } from './statistics.contract.ts';

interface Group<Id> {
  _id: Id;
  count: number;
}

/** How many tasks have each value; one pass over the caller's part of an index. */
function groups<Id>(caller: Caller, id: unknown, ...stages: object[]): Promise<Group<Id>[]> {
  return TaskModel.collection
    .aggregate<Group<Id>>([
      { $match: accessibleTasks(caller) },
      ...stages,
      { $group: { _id: id, count: { $sum: 1 } } },
    ])
    .toArray();
}

const isDone = { $eq: ['$status', 'done'] };

/** Counts of what is open and what is done, under each key; the largest first. */
function openAndDone<Key>(
  found: readonly Group<{ key: Key; done: boolean }>[],
): { key: Key; open: number; done: number }[] {
  const counts = new Map<string, { key: Key; open: number; done: number }>();
  for (const { _id, count } of found) {
    const entry = counts.get(String(_id.key)) ?? { key: _id.key, open: 0, done: 0 };
    entry[_id.done ? 'done' : 'open'] += count;
    counts.set(String(_id.key), entry);
  }
  return [...counts.values()].sort(
    (one, other) =>
      other.open - one.open ||
      other.done - one.done ||
      (String(one.key) < String(other.key) ? -1 : 1),
  );
}

function total(found: readonly Group<unknown>[]): number {
  return found.reduce((sum, { count }) => sum + count, 0);
}

function countOpen(caller: Caller, condition: Record<string, unknown>): Promise<number> {
  return TaskModel.collection.countDocuments(allOf(accessibleTasks(caller), condition));
}

type Kinds = Group<{ status: string; priority: number }>[];

/** Every name, also those of which there are none. */
function countsOf<Name extends string>(
  names: readonly Name[],
  found: Kinds,
  isOf: (kind: Kinds[number]['_id'], name: Name, index: number) => boolean,
) {
  return Object.fromEntries(
    names.map((name, index) => [name, total(found.filter(({ _id }) => isOf(_id, name, index)))]),
  );
}

export async function readStatistics(caller: Caller): Promise<Statistics> {
  const compile = await filtersFor(caller);
  const [kinds, projects, labels, overdue, dueToday] = await Promise.all([
    groups<Kinds[number]['_id']>(caller, { status: '$status', priority: '$priority' }),
    groups<{ key: Types.ObjectId; done: boolean }>(caller, { key: '$projectId', done: isDone }),
    groups<{ key: string; done: boolean }>(
      caller,
      { key: '$labels', done: isDone },
      { $unwind: '$labels' },
    ),
    compile('overdue').then((condition) => countOpen(caller, condition)),
    compile('today').then((condition) => countOpen(caller, condition)),
  ]);
  return {
    total: total(kinds),
    byStatus: countsOf(statuses, kinds, ({ status }, name) => status === name),
    byPriority: countsOf(
      priorities,
      kinds,
      ({ status, priority }, _, index) => status !== 'done' && priority === index,
    ),
    byProject: openAndDone(projects).map(({ key, ...counts }) => ({
      projectId: key.toHexString(),
      ...counts,
    })),
    byLabel: openAndDone(labels).map(({ key, ...counts }) => ({ label: key, ...counts })),
    overdue,
    dueToday,
  };
}
