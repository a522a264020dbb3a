import { describe, expect, test } from '@jest/globals';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { useApi } from './support/api.ts';
import { create, run, tasksOf } from './support/batches.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();
const absent = '6b0345de8c6e26d1282ba682';

async function titles(member: Member): Promise<string[]> {
  return (await tasksOf(member)).map(({ title }) => title);
}

describe('POST /tasks/batch', () => {
  test('does operations of every kind in their order, each with its own result', async () => {
    const member = await signUp(api());
    const first = await createTask(member, { title: 'first' });
    const second = await createTask(member, { title: 'second' });
    const third = await createTask(member, { title: 'third' });
    const { applied, results } = await run(member, [
      create('new'),
      { op: 'update', id: first.id, changes: { title: 'renamed' } },
      { op: 'move', id: third.id, to: { parentId: first.id } },
      { op: 'complete', id: first.id },
      { op: 'delete', id: second.id },
    ]);
    expect(applied).toBe(true);
    expect(results).toMatchObject([
      { op: 'create', ok: true, task: { title: 'new', version: 1 }, problem: null },
      { op: 'update', ok: true, ids: [first.id], task: { title: 'renamed', version: 2 } },
      { op: 'move', ok: true, ids: [third.id], task: { parentId: first.id } },
      { op: 'complete', ok: true, task: { status: 'done', version: 3 } },
      { op: 'delete', ok: true, ids: [second.id], task: null },
    ]);
    expect(await titles(member)).toEqual(['renamed', 'third', 'new']);
    expect((await member.send('get', '/trash')).body.data).toMatchObject([{ id: second.id }]);
  });

  test('lets a temporary id stand for a task of the same batch', async () => {
    const member = await signUp(api());
    const { results } = await run(member, [
      { ...create('a'), tempId: 'house' },
      { ...create('b', { parentId: 'house' }), tempId: 'boxes' },
      create('c'),
      { op: 'update', id: 'boxes', changes: { priority: 'high' } },
      { op: 'move', id: 'boxes', to: { parentId: null, before: 'house' } },
    ]);
    const [house, boxes] = results;
    expect(house).toMatchObject({ tempId: 'house', ids: [house?.task?.id] });
    expect(boxes?.task?.parentId).toBe(house?.task?.id);
    expect(results[4]?.task).toMatchObject({
      id: boxes?.task?.id,
      priority: 'high',
      parentId: null,
    });
    const ordered = await member.send('get', '/tasks?sort=rank');
    expect(ordered.body.data.map(({ title }: Task) => title)).toEqual(['b', 'a', 'c']);
  });

  test('changes every task that a filter matches', async () => {
    const member = await signUp(api());
    for (const title of ['a', 'b', 'c']) await createTask(member, { title, labels: ['old'] });
    const kept = await createTask(member, { title: 'kept' });
    const { results } = await run(member, [
      { op: 'update', filter: 'label = old', changes: { priority: 'low' } },
      { op: 'complete', filter: 'label = old & title ~ a' },
      { op: 'delete', filter: 'label = old & !status = done' },
      { op: 'delete', filter: 'label = nothing' },
    ]);
    expect(results.map(({ ids }) => ids.length)).toEqual([3, 1, 2, 0]);
    expect(await tasksOf(member)).toEqual([
      expect.objectContaining({ title: 'a', priority: 'low', status: 'done' }),
      kept,
    ]);
  });

  test('goes on after an operation that fails, and tells why and where', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const foreign = await createTask(stranger);
    const own = await createTask(member);
    const { applied, results } = await run(member, [
      { op: 'update', id: absent, changes: { title: 'x' } },
      { op: 'delete', id: foreign.id },
      create('new', { projectId: 'never' }),
      { op: 'update', id: own.id, version: 7, changes: { title: 'x' } },
      { op: 'move', id: own.id, to: { parentId: own.id } },
      create('made'),
    ]);
    expect(applied).toBe(true);
    expect(results.map(({ problem }) => problem?.code ?? null)).toEqual([
      'not_found',
      'not_found',
      'validation_failed',
      'precondition_failed',
      'validation_failed',
      null,
    ]);
    expect(results[2]?.problem?.errors).toMatchObject([
      { path: 'body.operations.2.task.projectId' },
    ]);
    expect(results[4]?.problem?.errors).toMatchObject([
      { path: 'body.operations.4.to.parentId', code: 'cycle' },
    ]);
    expect(results.map(({ ok }) => ok)).toEqual([false, false, false, false, false, true]);
    expect((await tasksOf(member)).map(({ title }) => title)).toEqual([own.title, 'made']);
    expect((await stranger.send('get', `/tasks/${foreign.id}`)).body).toEqual(foreign);
  });

  test('does the same again under the same key only once', async () => {
    const member = await signUp(api());
    const body = { operations: [{ ...create('a'), tempId: 'x' }, create('b', { parentId: 'x' })] };
    const again = () =>
      send(api(), member.accessToken, 'post', '/tasks/batch')
        .set('Idempotency-Key', 'batch-1')
        .send(body);
    const first = await again();
    const second = await again();
    expect(second.body).toEqual(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(await titles(member)).toEqual(['a', 'b']);
  });
});

describe('a dry run', () => {
  test('tells what would happen, and does nothing', async () => {
    const member = await signUp(api());
    const task = await createTask(member, { title: 'a', labels: ['old'] });
    const { applied, results } = await run(
      member,
      [
        { ...create('new', { labels: ['fresh'] }), tempId: 'x' },
        create('below', { parentId: 'x' }),
        { op: 'update', id: task.id, changes: { title: 'renamed', labels: ['fresh'] } },
        { op: 'delete', filter: 'label = old' },
        { op: 'move', id: task.id, to: { parentId: absent } },
        { op: 'update', id: absent, changes: {} },
      ],
      { dryRun: true },
    );
    expect(applied).toBe(false);
    expect(results).toMatchObject([
      { ok: true, ids: [], task: { title: 'new' } },
      { ok: true, ids: [], task: { title: 'below', parentId: 'x' } },
      { ok: true, ids: [task.id], task: { title: 'renamed', labels: ['fresh'] } },
      { ok: true, ids: [task.id], task: null },
      { ok: false, problem: { code: 'validation_failed' } },
      { ok: false, problem: { code: 'not_found' } },
    ]);
    expect(await tasksOf(member)).toEqual([task]);
    const labels = await member.send('get', '/labels');
    expect(labels.body.data.map(({ name }: { name: string }) => name)).toEqual(['old']);
  });
});

describe('an atomic batch', () => {
  test('is done as a whole', async () => {
    const member = await signUp(api());
    const { applied, results } = await run(
      member,
      [{ ...create('a'), tempId: 'x' }, create('b', { parentId: 'x' })],
      { atomic: true },
    );
    expect(applied).toBe(true);
    expect(results[1]?.task?.parentId).toBe(results[0]?.ids[0]);
  });

  test('does nothing where one operation cannot be done', async () => {
    const member = await signUp(api());
    const task = await createTask(member);
    const { applied, results } = await run(
      member,
      [
        create('new'),
        { op: 'delete', id: task.id },
        { op: 'update', id: absent, changes: { title: 'x' } },
      ],
      { atomic: true },
    );
    expect(applied).toBe(false);
    expect(results.map(({ ok, problem }) => [ok, problem?.code])).toEqual([
      [false, 'batch_held_back'],
      [false, 'batch_held_back'],
      [false, 'not_found'],
    ]);
    expect(await tasksOf(member)).toEqual([task]);
  });

  test('undoes what was done where a later operation fails because of an earlier one', async () => {
    const member = await signUp(api());
    const project = await member.send('post', '/projects', { name: 'Home' });
    const updated = await createTask(member, { title: 'updated', dueDate: '2026-12-01' });
    const child = await createTask(member, { title: 'child', parentId: updated.id });
    const moved = await createTask(member, { title: 'moved' });
    const recurring = await createTask(member, {
      title: 'recurring',
      dueDate: '2099-12-01',
      recurrence: 'FREQ=DAILY',
    });
    const deleted = await createTask(member, { title: 'deleted' });
    const before = await tasksOf(member);
    const { applied } = await run(
      member,
      [
        create('new'),
        { op: 'update', id: updated.id, changes: { title: 'x', dueDate: null, status: 'done' } },
        { op: 'move', id: updated.id, to: { projectId: project.body.id } },
        { op: 'move', id: moved.id, to: { parentId: child.id } },
        { op: 'complete', id: recurring.id },
        { op: 'delete', id: deleted.id },
        // Could have been done before, and cannot now.
        { op: 'update', id: deleted.id, changes: { title: 'x' } },
      ],
      { atomic: true },
    );
    expect(applied).toBe(false);
    const without = ({ version: _v, updatedAt: _u, ...rest }: Task) => rest;
    expect((await tasksOf(member)).map(without)).toEqual(before.map(without));
    expect((await member.send('get', '/trash')).body.data).toEqual([]);
    // It goes on as if it had never been completed.
    await member.send('patch', `/tasks/${recurring.id}`, { status: 'done' });
    const series = await member.send('get', `/tasks?seriesId=${recurring.seriesId}`);
    expect(series.body.data).toHaveLength(2);
  });
});
