import { describe, expect, test } from '@jest/globals';
import { AppError } from '../src/errors.ts';
import { countThings, createThing, type ThingHandlers, useThings } from './support/idempotency.ts';
import { expectProblem } from './support/problems.ts';

const begin = useThings();

describe('what becomes of a failure', () => {
  /** Fails in this way once, and creates from then on. */
  function failingOnce(failure: unknown): ThingHandlers['create'] {
    const failures = [failure];
    return (request) => {
      if (failures.length > 0) throw failures.pop();
      return createThing(request);
    };
  }

  test.each([
    ['not_found', 404],
    ['email_taken', 409],
    ['precondition_failed', 412],
  ] as const)('%s is kept', async (code, status) => {
    const { ask } = await begin({ create: failingOnce(new AppError(code, { version: '7' })) });
    const first = await ask();
    expectProblem(first, status, code);
    expect(first.headers).not.toHaveProperty('idempotent-replayed');
    const second = await ask();
    expect(second).toMatchObject({
      status,
      text: first.text,
      headers: {
        'idempotent-replayed': 'true',
        'content-type': 'application/problem+json; charset=utf-8',
        'cache-control': 'no-store',
        etag: '"7"',
      },
    });
    expect(second.headers['x-request-id']).not.toBe(first.headers['x-request-id']);
  });

  test('what a service finds wrong with the body is kept as well', async () => {
    const violation = { path: 'body.name', code: 'custom', message: 'must be another' };
    const { ask } = await begin({ create: failingOnce(AppError.violations([violation])) });
    const first = await ask();
    expectProblem(first, 422, 'validation_failed');
    expect((await ask()).text).toBe(first.text);
  });

  test.each([
    ['invalid_credentials', 401],
    ['wrong_password', 403],
    ['limit_reached', 403],
    ['rate_limited', 429],
  ] as const)('%s is not, and leaves the key to any request', async (code, status) => {
    const { ask, record } = await begin({ create: failingOnce(new AppError(code)) });
    expectProblem(await ask(), status, code);
    expect(await record()).toBeNull();
    const answer = await ask({ body: { name: 'Chair' } });
    expect(answer).toMatchObject({ status: 201, body: { name: 'Chair' } });
  });

  test.each([
    ['overloaded', 503],
    ['database_unavailable', 503],
    ['internal_error', 500],
  ] as const)('%s is not, and leaves the key to the same request', async (code, status) => {
    const { ask } = await begin({ create: failingOnce(new AppError(code)) });
    expectProblem(await ask(), status, code);
    expectProblem(await ask({ body: { name: 'Chair' } }), 422, 'idempotency_key_reused');
    const answer = await ask();
    expect(answer.status).toBe(201);
    expect(answer.headers).not.toHaveProperty('idempotent-replayed');
  });

  test('a defect after the object was made does not make a second one', async () => {
    const failures = [new TypeError('a defect')];
    const { ask, userId } = await begin({
      create: async (request) => {
        const made = await createThing(request);
        if (failures.length > 0) throw failures.pop();
        return made;
      },
    });
    const body = { name: `of ${userId.toHexString()}` };
    expectProblem(await ask({ body }), 500, 'internal_error');
    expect((await ask({ body })).status).toBe(201);
    expect(await countThings(body.name)).toBe(1);
  });

  test('a refusal of the second attempt keeps the ids of the first', async () => {
    const failures = [new AppError('overloaded'), new AppError('limit_reached')];
    const { ask, userId } = await begin({
      create: async (request) => {
        const made = await createThing(request);
        if (failures.length > 0) throw failures.shift();
        return made;
      },
    });
    const body = { name: `of ${userId.toHexString()}` };
    const statuses = [await ask({ body }), await ask({ body }), await ask({ body })];
    expect(statuses.map(({ status }) => status)).toEqual([503, 403, 201]);
    expect(await countThings(body.name)).toBe(1);
  });
});
