import { expect } from '@jest/globals';
import type { Response } from 'supertest';
import type { SignIn } from '../../src/features/auth/auth.contract.ts';
import type { Api } from './api.ts';
import { type Member, memberOf, send } from './factories.ts';

/** RFC 3339 in UTC with milliseconds. */
export const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** Fails unless an answer is the problem of this code, and nothing else. */
export function expectProblem(answer: Response, status: number, code: string): void {
  expect(answer.body).toEqual({
    type: `/problems/${code.replaceAll('_', '-')}`,
    title: expect.any(String),
    status,
    detail: expect.any(String),
    instance: expect.stringMatching(/^\/api\/v1\/[^?]+$/),
    code,
    requestId: answer.headers['x-request-id'],
    ...(code === 'validation_failed' && { errors: expect.any(Array) }),
  });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.headers['cache-control']).toBe('no-store');
}

/** Fails unless an answer refuses an access token (`invalid_token`) or asks for one. */
export function expectUnauthorized(
  answer: Response,
  code: 'invalid_token' | 'unauthenticated',
): void {
  expectProblem(answer, 401, code);
  expect(answer.headers['www-authenticate']).toBe(
    code === 'invalid_token' ? 'Bearer error="invalid_token"' : 'Bearer',
  );
}

/** Every broken rule as `path code`, in the order of the alphabet. */
export function violationsIn(answer: Response): string[] {
  expectProblem(answer, 422, 'validation_failed');
  const { errors } = answer.body as { errors: { path: string; code: string; message: string }[] };
  for (const { message } of errors) expect(message).toMatch(/\w/);
  return errors.map(({ path, code }) => `${path} ${code}`).toSorted();
}

/** The answer to a registration; what is not given is right. */
export async function register(api: Api, given: object): Promise<Response> {
  const right = { password: 'correct horse battery', name: 'Ada' };
  return send(api, undefined, 'post', '/auth/register').send({ ...right, ...given });
}

export async function logIn(api: Api, email: unknown, password: unknown): Promise<Response> {
  return send(api, undefined, 'post', '/auth/login').send({ email, password });
}

export async function refresh(api: Api, refreshToken: unknown): Promise<Response> {
  return send(api, undefined, 'post', '/auth/refresh').send({ refreshToken });
}

/** The same person, in a session of its own. */
export async function logInAgain(api: Api, member: Member): Promise<Member> {
  const answer = await logIn(api, member.user.email, member.password);
  expect(answer.status).toBe(200);
  return memberOf(api, answer.body as SignIn, member.password);
}

/** The id of a member's session, which its access token names. */
export function sessionIdOf({ accessToken }: Pick<Member, 'accessToken'>): string {
  const [, claims = ''] = accessToken.split('.');
  const { sid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sid: string };
  return sid;
}

/**
 * Asks until an access token is refused. What ended on one instance must hold on every other one
 * within a second: a request that is sent later than that is the last.
 */
export async function untilRefused(ask: () => Promise<Response>): Promise<Response> {
  const since = performance.now();
  for (;;) {
    const sentAt = performance.now();
    const answer = await ask();
    if (answer.status === 401 || sentAt - since >= 1000) return answer;
  }
}
