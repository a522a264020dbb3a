import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { create, run, tasksOf } from './support/batches.ts';
import { send, signUp } from './support/factories.ts';

const api = useApi();

describe('the bounds of a batch', () => {
  test('401: strangers are kept out', async () => {
    const answer = await send(api(), undefined, 'post', '/tasks/batch').send({ operations: [] });
    expect(answer.status).toBe(401);
  });

  test('changes at most so many tasks altogether', async () => {
    const member = await signUp(api());
    for (let round = 0; round < 6; round += 1) {
      await run(
        member,
        Array.from({ length: 100 }, (_, index) => create(`${index}`)),
      );
    }
    const { results } = await run(
      member,
      [
        { op: 'update', filter: 'status = todo', changes: { priority: 'low' } },
        { op: 'update', filter: 'status = todo', changes: { priority: 'high' } },
      ],
      { dryRun: true },
    );
    expect(results.map(({ ok }) => ok)).toEqual([true, false]);
    expect(results[1]?.problem?.errors).toMatchObject([
      { path: 'body.operations.1.filter', code: 'too_big' },
    ]);
  });

  test.each([
    [{ operations: [] }, ['body.operations too_small']],
    [{ operations: Array.from({ length: 101 }, () => create('x')) }, ['body.operations too_big']],
    [{ operations: [{ op: 'rename', id: 'x' }] }, ['body.operations.0.op invalid_union']],
    [{ operations: [{ op: 'create', task: {} }] }, ['body.operations.0.task.title invalid_type']],
    [{ operations: [{ op: 'delete' }] }, ['body.operations.0.id custom']],
    [
      { operations: [{ op: 'delete', id: 'x', filter: 'overdue' }] },
      ['body.operations.0.id custom'],
    ],
    [
      { operations: [{ op: 'delete', filter: 'colour = red' }] },
      ['body.operations.0.filter custom'],
    ],
    [
      { operations: [{ op: 'complete', filter: 'overdue', version: 1 }] },
      ['body.operations.0.version custom'],
    ],
    [
      {
        operations: [
          { ...create('a'), tempId: 'x' },
          { ...create('b'), tempId: 'x' },
        ],
      },
      ['body.operations custom'],
    ],
    [{ operations: [create('a')], all: true }, ['body.all unrecognized_key']],
  ])('422: refuses %j', async (body, errors) => {
    const member = await signUp(api());
    const answer = await member.send('post', '/tasks/batch', body);
    expect(answer.status).toBe(422);
    const found = answer.body.errors.map(
      ({ path, code }: Record<string, string>) => `${path} ${code}`,
    );
    expect(found).toEqual(errors);
    expect(await tasksOf(member)).toEqual([]);
  });
});
