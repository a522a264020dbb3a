import { expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { settleTasks } from '../src/features/tasks/settling.service.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { maximumLevels, type Task } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { type Member, signUp } from './support/factories.ts';

// Hundreds of requests each, while other test files keep the database busy.
jest.setTimeout(180_000);

const api = useApi();

/** What somebody does; numbers pick one of the tasks that were made so far, in a circle. */
type Step =
  | { do: 'create'; parent: number | null }
  | { do: 'move'; task: number; parent: number | null; position: 'first' | 'last' }
  | { do: 'reorder'; task: number; beside: number; side: 'before' | 'after' }
  | { do: 'delete'; task: number }
  | { do: 'restore'; task: number }
  | { do: 'purge'; task: number };

const pick = fc.nat({ max: 30 });
const parent = fc.option(pick, { freq: 3, nil: null });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('create' as const), parent }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('move' as const),
      task: pick,
      parent,
      position: fc.constantFrom('first' as const, 'last' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('reorder' as const),
      task: pick,
      beside: pick,
      side: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), task: pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('restore' as const), task: pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const), task: pick }) },
);

/** Every task of somebody's, over pages of an odd size. */
async function allTasks(member: Member): Promise<Task[]> {
  const tasks: Task[] = [];
  let cursor = '';
  do {
    const { body, status } = await member.send('get', `/tasks?sort=rank&limit=7${cursor}`);
    expect(status).toBe(200);
    tasks.push(...body.data);
    cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
  } while (cursor !== '');
  return tasks;
}

/** Does a step; it may be refused, as the sequence is a random one, but never fail. */
async function take(member: Member, made: string[], taken: Step): Promise<void> {
  const id = (number: number) => made[number % Math.max(1, made.length)] ?? 'none';
  const parentId = 'parent' in taken && taken.parent !== null ? id(taken.parent) : null;
  const send = async () => {
    switch (taken.do) {
      case 'create':
        return member.send('post', '/tasks', { title: 'x', parentId });
      case 'move':
        return member.send('post', `/tasks/${id(taken.task)}/move`, {
          parentId,
          position: taken.position,
        });
      case 'reorder':
        return member.send('post', `/tasks/${id(taken.task)}/move`, {
          [taken.side]: id(taken.beside),
        });
      case 'delete':
        return member.send('delete', `/tasks/${id(taken.task)}`);
      case 'restore':
        return member.send('post', `/trash/${id(taken.task)}/restore`);
      case 'purge':
        return member.send('delete', `/trash/${id(taken.task)}`);
      default:
        return taken satisfies never;
    }
  };
  const { status, body } = await send();
  expect([200, 201, 204, 404, 422]).toContain(status);
  if (status === 201) made.push(body.id);
}

function expectTree(tasks: readonly Task[]): void {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  expect(byId.size).toBe(tasks.length);
  for (const task of tasks) {
    let levels = 1;
    for (let above = task.parentId; above !== null; levels += 1) {
      const found: Task | undefined = byId.get(above);
      // Neither an orphan nor, as the levels have an end, a part of itself.
      if (!found) throw new Error(`${task.id} stands below ${above}, which is gone`);
      expect(found.projectId).toBe(task.projectId);
      expect(levels).toBeLessThan(maximumLevels);
      above = found.parentId;
    }
  }
  const ranks = tasks.map(({ rank }) => rank);
  expect(ranks).toEqual(ranks.toSorted());
  expect(new Set(ranks).size).toBe(ranks.length);
}

test('any sequence of changes leaves a tree in a total order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const member = await signUp(api());
      const made: string[] = [];
      for (const taken of steps) await take(member, made, taken);
      expectTree(await allTasks(member));
    }),
    { numRuns: 25 },
  );
});

test('so do changes at once, when they have settled', async () => {
  const rounds = fc.array(fc.array(step, { minLength: 2, maxLength: 8 }), {
    minLength: 2,
    maxLength: 5,
  });
  await fc.assert(
    fc.asyncProperty(rounds, async (batches) => {
      const member = await signUp(api());
      const made: string[] = [];
      for (const taken of [null, 0, 1, null, 3] as const) {
        await take(member, made, { do: 'create', parent: taken });
      }
      for (const batch of batches) {
        await Promise.all(batch.map((taken) => take(member, made, taken)));
      }
      // As if the job looked some time later.
      const before = { $set: { pendingSince: new Date(0) } };
      await TaskModel.updateMany({ pendingSince: { $gt: new Date(0) } }, before);
      await settleTasks();
      expectTree(await allTasks(member));
    }),
    { numRuns: 20 },
  );
});
