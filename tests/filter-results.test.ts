import { beforeAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Types } from 'mongoose';
import type { Expression } from '../src/features/filters/expression.ts';
import { expressionOf } from '../src/features/filters/filter-schema.ts';
import { noDeadline, TaskModel } from '../src/features/tasks/tasks.model.ts';
import { useDatabase } from './support/api.ts';
import { expressions } from './support/filter-expressions.ts';
import { isAskedFor, type PlainTask, type When, type Where } from './support/filter-oracle.ts';
import { compiled, now, ownerId, parentId, projects, sections } from './support/filter-world.ts';

useDatabase();

const zones = [
  'UTC',
  'America/New_York',
  'Asia/Kolkata',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
];

const dates = ['2026-10-30', '2026-10-31', '2026-11-01', '2026-11-02', '2026-11-07', '2026-11-08'];
const clocks = ['00:00:00', '01:15:30', '09:00:00', '23:59:59'];
const localTimes = dates.flatMap((date) => clocks.map((clock) => `${date}T${clock}`));
/** Around midnight in one of the zones, or now. */
const instants = [
  ...dates.flatMap((date) => [`${date}T00:00:00.000Z`, `${date}T18:29:59.999Z`]),
  '2026-11-01T03:59:59.999Z',
  '2026-11-01T04:00:00.000Z',
  '2026-11-02T05:00:00.000Z',
  '2026-10-31T10:00:00.000Z',
  '2026-11-01T11:00:00.000Z',
  now.toISOString(),
];
const names = ['Home', 'work', 'INBOX', 'Doing', 'rent', 'pay', 'nowhere'];

const instant = fc.constantFrom(...instants).map((text) => new Date(text));
const when: fc.Arbitrary<When> = fc.oneof(
  fc.constantFrom(...dates).map((text): When => ({ kind: 'date', text })),
  fc.constantFrom(...localTimes).map((text): When => ({ kind: 'floating', text })),
  instant.map((at): When => ({ kind: 'instant', at })),
);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });
const someNames = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 2 });

const plainTasks: fc.Arbitrary<PlainTask> = fc.record({
  status: fc.constantFrom('todo', 'in_progress', 'done'),
  priority: fc.constantFrom('low', 'medium', 'high', 'urgent'),
  due: maybe(when),
  start: maybe(when),
  created: instant,
  updated: instant,
  completed: maybe(instant),
  labels: someNames,
  project: fc.constantFrom('Inbox', 'Home', 'Work'),
  section: maybe(fc.constantFrom('Doing', 'Home')),
  parent: maybe(fc.constant(parentId.toHexString())),
  title: someNames,
  text: someNames,
  recurring: fc.boolean(),
});

/** The same ones each time, so that a failure can be looked at again. */
const tasks = fc.sample(plainTasks, { numRuns: 80, seed: 6 });

function storedDate(date: When): { at: Date; allDay: boolean; floating: boolean } {
  const at = {
    date: () => new Date(`${date.kind === 'date' ? date.text : ''}T23:59:59.999Z`),
    floating: () => new Date(`${date.kind === 'floating' ? date.text : ''}.000Z`),
    instant: () => (date.kind === 'instant' ? date.at : now),
  }[date.kind]();
  return { at, allDay: date.kind === 'date', floating: date.kind === 'floating' };
}

/** As the design has it: what is not there is absent. */
function stored(task: PlainTask, number: number): Record<string, unknown> {
  const { at, allDay, floating } = task.due ? storedDate(task.due) : { at: noDeadline };
  const idOf = (all: typeof projects, name: string | null) => {
    const same = all.filter(({ nameKey }) => nameKey === name?.toLowerCase());
    return same[number % same.length]?._id;
  };
  const sectionId = idOf(sections, task.section);
  return {
    number,
    ownerId,
    projectId: idOf(projects, task.project),
    ...(sectionId && { sectionId }),
    ...(task.parent !== null && { parentId: new Types.ObjectId(task.parent) }),
    titleWords: task.title,
    words: task.text,
    status: task.status,
    priority: ['low', 'medium', 'high', 'urgent'].indexOf(task.priority),
    deadline: at,
    allDay: allDay ?? false,
    ...(floating && { floating }),
    ...(task.start && { start: { text: 'as given', ...storedDate(task.start) } }),
    labels: task.labels,
    ...(task.recurring && { series: { rule: 'FREQ=DAILY' } }),
    // A series that has come to its end.
    ...(!task.recurring && number % 2 === 0 && { series: { anchor: 'due' } }),
    ...(task.completed && { completedAt: task.completed }),
    createdAt: task.created,
    updatedAt: task.updated,
  };
}

beforeAll(async () => {
  await TaskModel.collection.insertMany(tasks.map(stored));
});

async function found(expression: Expression, where: Where): Promise<number[]> {
  const condition = await compiled(expression, where);
  const records = await TaskModel.collection
    .find<{ number: number }>({ $and: [{ ownerId }, condition] })
    .toArray();
  return records.map(({ number }) => number).toSorted((one, other) => one - other);
}

function askedFor(expression: Expression, where: Where): number[] {
  return [...tasks.keys()].filter((number) => {
    const task = tasks[number];
    return task !== undefined && isAskedFor(task, expression, where);
  });
}

describe('what the database finds', () => {
  const options = {
    names: fc.constantFrom(...names, parentId.toHexString()),
    moments: [...dates, ...localTimes, ...instants],
  };

  test('is what a filter asks for, whatever it is and wherever it is asked', async () => {
    let hits = 0;
    await fc.assert(
      fc.asyncProperty(
        expressions(options),
        fc.constantFrom(...zones),
        async (expression, zone) => {
          const where = { zone, now };
          const expected = askedFor(expression, where);
          if (expected.length > 0 && expected.length < tasks.length) hits += 1;
          expect(await found(expression, where)).toEqual(expected);
        },
      ),
      { numRuns: 200 },
    );
    // A check of filters that find nothing, or everything, would not check much.
    expect(hits).toBeGreaterThan(50);
  });

  test.each(['America/New_York', 'Pacific/Kiritimati'])(
    'is the same for each comparison of a date in %s',
    async (zone) => {
      const where = { zone, now };
      const given = [
        'today',
        'now',
        '+12h',
        '2026-11-01',
        '2026-11-02',
        ...localTimes.slice(9, 11),
        ...instants.slice(-5),
      ];
      const filters = ['due', 'start', 'completed'].flatMap((field) =>
        ['=', '!=', '<', '<=', '>', '>='].flatMap((operator) =>
          given.map((date) => `${field} ${operator} ${date}`),
        ),
      );
      for (const filter of filters) {
        const expression = expressionOf(filter);
        const [result, expected] = [await found(expression, where), askedFor(expression, where)];
        expect([filter, ...result]).toEqual([filter, ...expected]);
      }
    },
  );
});
