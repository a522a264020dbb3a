import { expect } from '@jest/globals';
import type { BatchAnswer } from '../../src/features/batch/batch.contract.ts';
import type { Task } from '../../src/features/tasks/tasks.schemas.ts';
import type { Member } from './factories.ts';

/** Does a batch as somebody, with a result for each of its operations. */
export async function run(
  member: Member,
  operations: object[],
  options: object = {},
): Promise<BatchAnswer> {
  const answer = await member.send('post', '/tasks/batch', { operations, ...options });
  expect(answer.status).toBe(200);
  expect(answer.body.results).toHaveLength(operations.length);
  return answer.body as BatchAnswer;
}

/** Somebody's tasks, the oldest first. */
export async function tasksOf(member: Member): Promise<Task[]> {
  return (await member.send('get', '/tasks?sort=createdAt')).body.data;
}

/** An operation that creates a task. */
export const create = (title: string, more: object = {}) => ({
  op: 'create',
  task: { title, ...more },
});
