import { expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { taskDefaults } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';

jest.setTimeout(180_000);

const api = useApi();

const text = (max: number) =>
  fc.string({ unit: 'binary', maxLength: max }).filter((value) => !value.includes('\0'));

/** A value that a member may have, and null where it has a default to go back to. */
const members = {
  title: text(20)
    .map((value) => value.trim())
    .filter((value) => value.length > 0),
  description: fc.option(text(50)),
  status: fc.option(fc.constantFrom('todo', 'in_progress', 'done')),
  priority: fc.option(fc.constantFrom('low', 'medium', 'high', 'urgent')),
  dueDate: fc.option(
    fc.constantFrom('2026-12-01', '2027-01-31T08:15:00', '2026-12-01T09:30:00.000Z'),
  ),
  timeZone: fc.option(fc.constantFrom('Europe/Berlin', 'Asia/Tokyo')),
  startDate: fc.option(fc.constantFrom('2026-11-01', '2026-11-01T07:00:00')),
  duration: fc.option(fc.constantFrom('PT1H', 'P2W')),
  estimate: fc.option(fc.constantFrom('PT30M', 'P1DT1H')),
  labels: fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 })),
};
const patches = fc.record(members, { requiredKeys: [] });

/** RFC 7396, section 2, for an object whose members are no objects: null removes. */
function merged(target: Record<string, unknown>, patch: Record<string, unknown>) {
  const kept = Object.entries({ ...target, ...patch }).filter(([, value]) => value !== null);
  return Object.fromEntries(kept);
}

test('PATCH merges as RFC 7396 says, where a member that is removed has its default', async () => {
  await fc.assert(
    fc.asyncProperty(patches, fc.array(patches, { maxLength: 4 }), async (first, others) => {
      const member = await signUp(api());
      const task = await createTask(member);
      let expected: Record<string, unknown> = { title: task.title };
      for (const patch of [first, ...others]) {
        expected = merged(expected, patch);
        const { status, body } = await member.send('patch', `/tasks/${task.id}`, patch);
        expect(status).toBe(200);
        const names = Object.keys(members);
        const shown = Object.fromEntries(names.map((name) => [name, body[name]]));
        expect(shown).toEqual({ ...pick(taskDefaults, names), ...expected });
      }
    }),
    { numRuns: 20 },
  );
});

function pick(values: Record<string, unknown>, names: readonly string[]) {
  return Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name)));
}

const sorts = ['createdAt', '-updatedAt', 'dueDate', '-priority,title', 'title', 'rank'] as const;

async function titlesOf(member: Member, sort: string, between: (page: number) => Promise<void>) {
  const titles: string[] = [];
  let cursor = '';
  let page = 0;
  do {
    const { body, status } = await member.send('get', `/tasks?limit=4&sort=${sort}${cursor}`);
    expect(status).toBe(200);
    titles.push(...body.data.map(({ title }: Task) => title));
    cursor = body.nextCursor === null ? '' : `&cursor=${body.nextCursor}`;
    await between((page += 1));
  } while (cursor !== '');
  return titles;
}

test('a walk over the pages meets each task once that nobody touches, whatever is written', async () => {
  const changes = fc.array(
    fc.record({ task: fc.nat({ max: 11 }), patch: patches, remove: fc.boolean() }),
    { minLength: 4, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...sorts), changes, async (sort, writes) => {
      const member = await signUp(api());
      const untouched = Array.from({ length: 12 }, (_, number) => `untouched ${number}`);
      const touched: Task[] = [];
      for (const [index, title] of untouched.entries()) {
        const priority = ['low', 'high', 'urgent'][index % 3];
        const dueDate = index % 2 === 0 ? '2026-12-01' : null;
        await createTask(member, { title, priority, dueDate });
        touched.push(await createTask(member, { title: `touched ${index}`, dueDate }));
      }
      const seen = await titlesOf(member, sort, async (page) => {
        const write = writes[page];
        const task = write && touched[write.task];
        if (!task) return;
        if (write.remove) await member.send('delete', `/tasks/${task.id}`);
        else await member.send('patch', `/tasks/${task.id}`, write.patch);
        await createTask(member, { title: `new ${page}` });
      });
      const met = seen.filter((title) => title.startsWith('untouched'));
      expect(met.toSorted()).toEqual(untouched.toSorted());
    }),
    { numRuns: 10 },
  );
});
