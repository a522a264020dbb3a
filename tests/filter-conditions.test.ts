import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Types } from 'mongoose';
import { compileFilter } from '../src/features/filters/compiler.ts';
import { expressionOf } from '../src/features/filters/filter-schema.ts';
import { noDeadline } from '../src/features/tasks/tasks.model.ts';
import { expressions } from './support/filter-expressions.ts';
import { printFilter } from './support/filter-printer.ts';
import { compiled, contextAt, now, projects } from './support/filter-world.ts';

describe('a condition', () => {
  const utc = { zone: 'UTC', now };
  const newYork = { zone: 'America/New_York', now };
  const [inbox, home, secondHome] = projects.map(({ _id }) => _id);

  test.each<[string, object]>([
    ['status = todo', { status: 'todo' }],
    ['status != done', { status: { $in: ['todo', 'in_progress'] } }],
    ['!status in (todo, done)', { status: 'in_progress' }],
    ['status = todo | status = done', { status: { $in: ['todo', 'done'] } }],
    ['priority >= high', { priority: { $in: [2, 3] } }],
    ['!priority < urgent', { priority: 3 }],
    ['priority >= low', {}],
    ['priority >= low | label = a', {}],
    ['priority < low', { _id: { $in: [] } }],
    ['label = a & !label = b', { $and: [{ labels: 'a' }, { labels: { $ne: 'b' } }] }],
    ['label in ($gt, a)', { labels: { $in: ['$gt', 'a'] } }],
    ['label = none', { 'labels.0': { $exists: false } }],
    ['project = inbox', { projectId: inbox }],
    ['project = HOME', { projectId: { $in: [home, secondHome] } }],
    ['project = Nowhere', { _id: { $in: [] } }],
    ['project = Nowhere | status = todo', { status: 'todo' }],
    ['project = Nowhere & status = todo', { _id: { $in: [] } }],
    ['project != Nowhere', {}],
    [
      'project = 68f1c2a79d3e4b5a6c7d8e9f',
      { projectId: new Types.ObjectId('68f1c2a79d3e4b5a6c7d8e9f') },
    ],
    ['parent = none', { parentId: null }],
    ['parent = "; drop"', { _id: { $in: [] } }],
    ['recurring', { 'series.rule': { $ne: null } }],
    ['title ~ rent', { titleWords: 'rent' }],
    ['!text ~ rent', { $nor: [{ words: 'rent' }] }],
    ['due = none', { deadline: noDeadline }],
    [
      'overdue & priority = high',
      { status: { $in: ['todo', 'in_progress'] }, deadline: { $lt: now }, priority: 2 },
    ],
    [
      '!(status = todo | due >= today)',
      {
        status: { $in: ['in_progress', 'done'] },
        $or: [
          { deadline: noDeadline },
          { deadline: { $lt: new Date('2026-11-01T00:00:00.000Z') } },
        ],
      },
    ],
  ])('of %s says just that', async (filter, condition) => {
    expect(await compiled(filter, utc)).toEqual(condition);
  });

  test('of a date has limits for each kind of due date, and around them one for an index', async () => {
    const [wall, instantly] = ['2026-11-01T00:00:00.000Z', '2026-11-01T04:00:00.000Z'];
    expect(await compiled('due < today', newYork)).toEqual({
      deadline: { $lt: new Date(instantly) },
      $or: [
        { allDay: true, deadline: { $lt: new Date(wall) } },
        { floating: true, deadline: { $lt: new Date(wall) } },
        { allDay: false, floating: { $ne: true }, deadline: { $lt: new Date(instantly) } },
      ],
    });
    const east = { zone: 'Pacific/Kiritimati', now };
    expect(await compiled('due > now', east)).toMatchObject({
      deadline: { $gte: new Date(now.getTime() + 1), $lt: noDeadline },
    });
  });

  test.each([
    ['2027-01-31', '+1m', '2027-02-28'],
    ['2028-02-29', '+1y', '2029-02-28'],
    ['2028-02-29', '-12m', '2027-02-28'],
    ['2026-12-31', '+2m', '2027-02-28'],
    ['2026-12-31', '+1w', '2027-01-07'],
    ['2026-03-01', '-1d', '2026-02-28'],
  ])('on %s takes %s for %s', async (date, offset, meant) => {
    const where = { zone: 'UTC', now: new Date(`${date}T12:00:00.000Z`) };
    const condition = await compiled(`due < ${offset}`, where);
    expect(condition).toEqual({ deadline: { $lt: new Date(meant) } });
  });

  test('asks for all names at once, and for none where there are none', async () => {
    const asked: (readonly string[])[] = [];
    const context = {
      ...contextAt(utc),
      findProjects: async (keys: readonly string[]) => {
        asked.push(keys);
        return [];
      },
    };
    const filter = 'project = A | !(project in (a, "B c") & section = Doing) | label = d';
    await compileFilter(expressionOf(filter), context);
    await compileFilter(expressionOf('overdue'), context);
    expect(asked).toEqual([['a', 'b c']]);
  });

  test('of any filter stays small, however it is nested', async () => {
    await fc.assert(
      fc.asyncProperty(expressions({ names: fc.constant('a') }), async (expression) => {
        const size = JSON.stringify(await compiled(expression, newYork)).length;
        const terms = printFilter(expression).split(/[&|,]/).length;
        expect(size).toBeLessThan(1500 * terms);
      }),
    );
  });
});
