import { expect } from '@jest/globals';
import type { Response } from 'supertest';
import type { Comment } from '../../src/features/comments/comments.contract.ts';
import type { Api } from './api.ts';
import { createTask, type Member, signUp } from './factories.ts';

/** Somebody with a task, and the path of its comments. */
export async function commenter(
  api: Api,
): Promise<{ member: Member; taskId: string; path: string }> {
  const member = await signUp(api);
  const { id } = await createTask(member);
  return { member, taskId: id, path: `/tasks/${id}/comments` };
}

/** A comment of somebody's. */
export async function comment(member: Member, path: string, text = 'Hello'): Promise<Comment> {
  const answer = await member.send('post', path, { text });
  expect(answer.status).toBe(201);
  return answer.body as Comment;
}

/** What a list of comments says. */
export function textsIn({ body }: Response): string[] {
  return (body.data as Comment[]).map(({ text }) => text);
}
