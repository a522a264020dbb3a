import { expect } from '@jest/globals';
import { type ErrorCode, errorCodes } from '../../src/errors.ts';

/** What every client sees of an answer, however it was asked for. */
interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: unknown;
}

const members = ['code', 'detail', 'instance', 'requestId', 'status', 'title', 'type'];

/** Checks an answer against all that the conventions say of failures; gives its body for more. */
export function expectProblem(answer: Answer, status: number, code: ErrorCode) {
  const problem = answer.body as Record<string, unknown>;
  expect(answer).toMatchObject({
    status,
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'cache-control': 'no-store',
    },
    body: {
      type: `/problems/${code.replaceAll('_', '-')}`,
      title: errorCodes[code].title,
      status,
      detail: expect.stringMatching(/\S/),
      instance: expect.stringMatching(/^(\/|\*$)/),
      code,
      requestId: answer.headers['x-request-id'],
    },
  });
  expect(problem['requestId']).toMatch(/^[A-Za-z0-9._-]{1,128}$/);
  const more = code === 'validation_failed' ? ['errors'] : [];
  expect(Object.keys(problem).toSorted()).toEqual([...members, ...more].toSorted());
  return problem;
}

/** Checks a refusal by a schema, which names these places and no others. */
export function expectViolations(answer: Answer, ...paths: string[]) {
  const { errors } = expectProblem(answer, 422, 'validation_failed');
  expect((errors as { path: string }[]).map(({ path }) => path)).toEqual(paths);
}
