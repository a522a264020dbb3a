import { describe, expect, test } from '@jest/globals';
import { LabelModel } from '../src/features/labels/labels.model.ts';
import { finishLabels } from '../src/features/labels/relabelling.service.ts';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import {
  createLabel,
  finishLater,
  labelNamed,
  namesOf,
  plantDeletion,
  readTask,
} from './support/labels.ts';

const api = useApi();

async function remove(member: Member, name: string): Promise<void> {
  const { id } = await labelNamed(member, name);
  expect((await member.send('delete', `/labels/${id}`)).status).toBe(204);
}

const recordsOf = (member: Member) => LabelModel.countDocuments({ ownerId: member.user.id });

describe('a label that is deleted', () => {
  test('is taken off every task, as a change of each', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['a', 'home', 'b'] });
    const other = await createTask(member, { labels: ['a'] });
    await remove(member, 'home');
    const now = await readTask(member, task);
    expect(now).toEqual({ ...task, labels: ['a', 'b'], updatedAt: now.updatedAt, version: 2 });
    expect(Date.parse(now.updatedAt)).toBeGreaterThan(Date.parse(task.updatedAt));
    expect(await readTask(member, other)).toEqual(other);
    expect(await namesOf(member)).toEqual(['a', 'b']);
    await finishLater();
    expect(await readTask(member, task)).toEqual(now);
    expect(await recordsOf(member)).toBe(2);
  });

  test('is taken off what lies in the trash', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home'] });
    await member.send('delete', `/tasks/${task.id}`);
    await remove(member, 'home');
    const restored = await member.send('post', `/trash/${task.id}/restore`);
    expect(restored.body.labels).toEqual([]);
  });

  test('stays with the tasks of others', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    await createTask(member, { labels: ['home'] });
    const theirs = await createTask(stranger, { labels: ['home'] });
    await remove(member, 'home');
    await finishLater();
    expect(await readTask(stranger, theirs)).toEqual(theirs);
    expect(await namesOf(stranger)).toEqual(['home']);
  });

  test('is taken off by the job where the process was killed', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { labels: ['home', 'x'] });
    await plantDeletion(await labelNamed(member, 'home'));
    await finishLabels();
    expect((await readTask(member, task)).labels).toEqual(['home', 'x']);
    await finishLater();
    expect(await readTask(member, task)).toMatchObject({ labels: ['x'], version: 2 });
    expect(await namesOf(member)).toEqual(['x']);
    expect(await recordsOf(member)).toBe(1);
  });
});

describe('a task that is given the label again', () => {
  test('makes another one, which stays', async () => {
    const member = await signUp(api());
    const label = await createLabel(member, { colour: 'teal' });
    await createTask(member, { labels: ['home'] });
    await remove(member, 'home');
    const task = await createTask(member, { labels: ['home'] });
    const again = await labelNamed(member, 'home');
    expect(again.id).not.toBe(label.id);
    expect(again.colour).toBe('grey');
    await finishLater();
    expect(await readTask(member, task)).toEqual(task);
    expect(await labelNamed(member, 'home')).toEqual(again);
  });

  test('keeps it where the deletion was interrupted, and the others lose it', async () => {
    const member = await signUp(api());
    const [before, changed, retitled] = [
      await createTask(member, { labels: ['home'] }),
      await createTask(member, { labels: ['home'] }),
      await createTask(member, { labels: ['home'] }),
    ];
    await plantDeletion(await labelNamed(member, 'home'));
    const created = await createTask(member, { labels: ['home'] });
    await member.send('patch', `/tasks/${changed.id}`, { labels: ['home', 'x'] });
    await member.send('patch', `/tasks/${retitled.id}`, { title: 'Other' });
    await finishLater();
    expect((await readTask(member, created)).labels).toEqual(['home']);
    expect((await readTask(member, changed)).labels).toEqual(['home', 'x']);
    expect((await readTask(member, before)).labels).toEqual([]);
    expect((await readTask(member, retitled)).labels).toEqual([]);
  });

  test('keeps it where an instance did not know of the deletion, and the label lives again', async () => {
    const member = await signUp(api());
    const label = await createLabel(member, { colour: 'teal' });
    await createTask(member, { labels: ['home'] });
    // As another instance does it: this one takes the label to be there for a while.
    await plantDeletion(label);
    const task = await createTask(member, { labels: ['home'] });
    expect(await namesOf(member)).toEqual([]);
    await finishLater();
    expect(await readTask(member, task)).toEqual(task);
    expect(await labelNamed(member, 'home')).toMatchObject({ name: 'home', colour: 'teal' });
    expect(await recordsOf(member)).toBe(1);
    await remove(member, 'home');
    expect((await readTask(member, task)).labels).toEqual([]);
  });
});

test('whatever is created, changed, renamed and deleted at once, each name in use has its label', async () => {
  const member = await signUp(api());
  const first = await createTask(member, { labels: ['home', 'work'] });
  const tasks: Task[] = [first];
  const create = async (labels: string[]) => {
    tasks.push(await createTask(member, { labels }));
  };
  const rename = async (from: string, to: string) => {
    const { id } = await labelNamed(member, from);
    await member.send('patch', `/labels/${id}`, { name: to });
  };
  await Promise.all([
    create(['home']),
    remove(member, 'home'),
    create(['home', 'work']),
    rename('work', 'office'),
    create(['work']),
    member.send('patch', `/tasks/${first.id}`, { labels: ['work', 'home', 'x'] }),
    create(['home', 'y']),
  ]);
  await create(['home', 'office']);
  await finishLater();
  const names = await namesOf(member);
  expect(new Set(names).size).toBe(names.length);
  for (const task of tasks) {
    const { labels } = await readTask(member, task);
    expect(names).toEqual(expect.arrayContaining(labels));
    expect(labels).not.toContain('work');
  }
  const last = tasks.at(-1);
  expect(last && (await readTask(member, last)).labels).toEqual(['home', 'office']);
});
