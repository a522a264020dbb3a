import { describe, expect, test } from '@jest/globals';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();

async function move(member: Member, task: Task, to: object): Promise<Task> {
  const answer = await member.send('post', `/tasks/${task.id}/move`, to);
  expect(answer.status).toBe(200);
  return answer.body as Task;
}

/** What a refused move complains about: the places and the codes. */
async function refusalOf(member: Member, task: Task, to: object): Promise<string[]> {
  const answer = await member.send('post', `/tasks/${task.id}/move`, to);
  expect(answer.status).toBe(422);
  return answer.body.errors.map(({ path, code }: Record<string, string>) => `${path} ${code}`);
}

async function titles(member: Member, query = ''): Promise<string[]> {
  const answer = await member.send('get', `/tasks?sort=rank${query}`);
  expect(answer.status).toBe(200);
  return answer.body.data.map(({ title }: Task) => title);
}

/** A task in a task in a task …, the highest first. */
async function chain(member: Member, levels: number): Promise<Task[]> {
  const tasks: Task[] = [];
  for (let level = 1; level <= levels; level += 1) {
    const parentId = tasks.at(-1)?.id ?? null;
    tasks.push(await createTask(member, { title: `level ${level}`, parentId }));
  }
  return tasks;
}

describe('subtasks', () => {
  test('stand where their parent stands', async () => {
    const member = await signUp(api());
    const parent = await createTask(member);
    const child = await createTask(member, { parentId: parent.id });
    expect(child).toMatchObject({ parentId: parent.id, projectId: parent.projectId });
    const listed = await member.send('get', `/tasks?parentId=${parent.id}`);
    expect(listed.body.data).toEqual([child]);
    const top = await member.send('get', '/tasks?parentId=none');
    expect(top.body.data).toEqual([parent]);
  });

  test('go down to the fifth level and no further', async () => {
    const member = await signUp(api());
    const tasks = await chain(member, 5);
    const answer = await member.send('post', '/tasks', { title: 'x', parentId: tasks[4]?.id });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ path: 'body.parentId', code: 'too_deep' }]);
  });

  test.each(['6b0345de8c6e26d1282ba682', 'never'])('have no parent %s', async (parentId) => {
    const member = await signUp(api());
    const answer = await member.send('post', '/tasks', { title: 'x', parentId });
    expect(answer.status).toBe(422);
    expect(answer.body.errors).toMatchObject([{ path: 'body.parentId', code: 'not_found' }]);
  });

  test('have no parent of somebody else’s, which is told as if it were absent', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const foreign = await createTask(stranger);
    const answers = await Promise.all(
      [foreign.id, '6b0345de8c6e26d1282ba682'].map((parentId) =>
        member.send('post', '/tasks', { title: 'x', parentId }),
      ),
    );
    expect(answers[0]?.body.errors).toEqual(answers[1]?.body.errors);
  });
});

describe('POST /tasks/:id/move', () => {
  describe('200', () => {
    test.each([
      [{ position: 'first' }, ['c', 'a', 'b', 'd']],
      [{ position: 'last' }, ['a', 'b', 'd', 'c']],
    ])('moves to %j', async (to, expected) => {
      const member = await signUp(api());
      const [, , third] = [
        await createTask(member, { title: 'a' }),
        await createTask(member, { title: 'b' }),
        await createTask(member, { title: 'c' }),
        await createTask(member, { title: 'd' }),
      ];
      await move(member, third, to);
      expect(await titles(member)).toEqual(expected);
    });

    test('puts a task in front of another one, or behind it', async () => {
      const member = await signUp(api());
      const first = await createTask(member, { title: 'a' });
      const second = await createTask(member, { title: 'b' });
      const third = await createTask(member, { title: 'c' });
      await move(member, third, { before: first.id });
      expect(await titles(member)).toEqual(['c', 'a', 'b']);
      await move(member, third, { after: first.id });
      expect(await titles(member)).toEqual(['a', 'c', 'b']);
      await move(member, first, { after: second.id });
      expect(await titles(member)).toEqual(['c', 'b', 'a']);
    });

    test('never runs out of places between two tasks', async () => {
      const member = await signUp(api());
      const first = await createTask(member, { title: 'first' });
      const others = [
        await createTask(member, { title: 'even' }),
        await createTask(member, { title: 'odd' }),
      ];
      for (let round = 0; round < 60; round += 1) {
        await move(member, others[round % 2] as Task, { after: first.id });
      }
      expect(await titles(member)).toEqual(['first', 'odd', 'even']);
    });

    test('counts as a change, and leaves a task alone that is there already', async () => {
      const member = await signUp(api());
      const [parent, child] = await chain(member, 2);
      const same = await move(member, child as Task, { parentId: parent?.id });
      expect(same).toEqual(child);
      const raised = await move(member, child as Task, { parentId: null });
      expect(raised).toMatchObject({ parentId: null, version: 2 });
    });

    test('takes everything below a task along to another project', async () => {
      const member = await signUp(api());
      const project = await member.send('post', '/projects', { name: 'Home' });
      const tasks = await chain(member, 4);
      await move(member, tasks[1] as Task, { projectId: project.body.id });
      const shown = await Promise.all(
        tasks.map(async ({ id }) => (await member.send('get', `/tasks/${id}`)).body as Task),
      );
      expect(shown.map(({ projectId }) => projectId === project.body.id)).toEqual([
        false,
        true,
        true,
        true,
      ]);
      expect(shown.map(({ parentId }) => parentId)).toEqual([
        null,
        null,
        tasks[1]?.id,
        tasks[2]?.id,
      ]);
    });

    test('lets one of several with the same If-Match win', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const parents = await Promise.all([1, 2, 3].map(() => createTask(member)));
      const answers = await Promise.all(
        parents.map(({ id }) =>
          send(api(), member.accessToken, 'post', `/tasks/${task.id}/move`)
            .set('If-Match', '"1"')
            .send({ parentId: id }),
        ),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 412, 412]);
    });
  });

  test('makes no cycle, however many tasks are moved into each other at once', async () => {
    const member = await signUp(api());
    const tasks = await Promise.all(['a', 'b', 'c'].map((title) => createTask(member, { title })));
    for (let round = 0; round < 8; round += 1) {
      const answers = await Promise.all(
        tasks.map((task, index) =>
          member.send('post', `/tasks/${task.id}/move`, { parentId: tasks[(index + 1) % 3]?.id }),
        ),
      );
      const statuses = answers.map(({ status }) => status).toSorted();
      expect(statuses).toEqual([200, 200, 422]);
      await Promise.all(tasks.map((task) => move(member, task, { parentId: null })));
    }
  });

  test('lets nothing below the fifth level while tasks are moved and made at once', async () => {
    const member = await signUp(api());
    for (let round = 0; round < 5; round += 1) {
      const tall = await chain(member, 2);
      const deep = await chain(member, 3);
      const [moved, made] = await Promise.all([
        member.send('post', `/tasks/${tall[0]?.id}/move`, { parentId: deep[2]?.id }),
        member.send('post', '/tasks', { title: 'new', parentId: tall[1]?.id }),
      ]);
      // Together they would reach a sixth level: one of the two is refused.
      expect([moved.status, made.status]).not.toEqual([200, 201]);
      expect([moved.status, made.status]).toContain(422);
    }
  });

  describe('401', () => {
    test('keeps strangers out', async () => {
      const answer = await send(api(), undefined, 'post', '/tasks/1/move').send({});
      expect(answer.status).toBe(401);
    });
  });

  describe('404', () => {
    test('does not find the task of somebody else', async () => {
      const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
      const task = await createTask(stranger);
      const answer = await member.send('post', `/tasks/${task.id}/move`, { position: 'first' });
      expect(answer.status).toBe(404);
    });
  });

  describe('422', () => {
    test('refuses a task as a part of itself, or of what is below it', async () => {
      const member = await signUp(api());
      const [first, second, third] = (await chain(member, 3)) as [Task, Task, Task];
      for (const parentId of [first.id, second.id, third.id]) {
        expect(await refusalOf(member, first, { parentId })).toEqual(['body.parentId cycle']);
      }
    });

    test('refuses what would get below the fifth level', async () => {
      const member = await signUp(api());
      const [tall] = (await chain(member, 3)) as [Task];
      const [, , third] = (await chain(member, 3)) as [Task, Task, Task];
      expect(await refusalOf(member, tall, { parentId: third.id })).toEqual([
        'body.parentId too_deep',
      ]);
    });

    test.each([
      [{}, ['body custom']],
      [{ position: 'middle' }, ['body.position invalid_value']],
      [{ position: 'first', before: 'x' }, ['body custom']],
      [{ parentId: 'never' }, ['body.parentId not_found']],
      [{ projectId: 'never' }, ['body.projectId not_found']],
      [{ sectionId: '6b0345de8c6e26d1282ba682' }, ['body.sectionId not_found']],
      [{ before: 'never' }, ['body.before not_found']],
      [{ after: '6b0345de8c6e26d1282ba682' }, ['body.after not_found']],
      [{ position: 'first', rank: 'a0' }, ['body.rank unrecognized_key']],
    ])('refuses %j', async (to, errors) => {
      const member = await signUp(api());
      expect(await refusalOf(member, await createTask(member), to)).toEqual(errors);
    });

    test('refuses a neighbour that stands elsewhere, and the task as its own', async () => {
      const member = await signUp(api());
      const [parent, child] = (await chain(member, 2)) as [Task, Task];
      const task = await createTask(member);
      expect(await refusalOf(member, task, { before: child.id })).toEqual([
        'body.before not_found',
      ]);
      expect(await refusalOf(member, parent, { after: parent.id })).toEqual([
        'body.after not_found',
      ]);
    });

    test('refuses a parent together with a project', async () => {
      const member = await signUp(api());
      const [parent, child] = (await chain(member, 2)) as [Task, Task];
      const to = { parentId: parent.id, projectId: parent.projectId };
      expect(await refusalOf(member, child, to)).toEqual(['body.parentId ambiguous']);
    });
  });
});
