import { beforeAll, describe, expect, test } from '@jest/globals';
import { api as contracts, basePath } from '../src/api.ts';
import type { Endpoint } from '../src/contract/endpoint.ts';
import { makeAdministrator } from './support/administrators.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import { expectProblem, expectViolations } from './support/problems.ts';
import { exchange, type WireAnswer } from './support/wire.ts';

const api = useApi();
let member: Member;
beforeAll(async () => {
  member = await signUp(api());
  await makeAdministrator(member);
  await createTask(member, { title: 'Pay rent' });
  await createTask(member, { title: 'Pay 100% + 1', status: 'done' });
});

const json = { 'Content-Type': 'application/json' };
const authorization = () => ({ Authorization: `Bearer ${member.accessToken}` });

/** The query is sent as it is written here, byte by byte. */
function get(path: string): Promise<WireAnswer> {
  return exchange(`${api().origin}/api/v1${path}`, { headers: authorization() });
}

const endpoints: Endpoint[] = Object.values(contracts).flatMap((contract) =>
  Object.values(contract),
);

describe('200', () => {
  test.each(['', '?', '?&&', '?limit=100&status=todo,done', '?limit=1&'])(
    'GET /tasks%s',
    async (query) => {
      expect(await get(`/tasks${query}`)).toMatchObject({ status: 200 });
    },
  );

  test.each([
    ['q=100%25', 'Pay 100% + 1'],
    ['q=%2B+1', 'Pay 100% + 1'],
    ['q=Pay%20rent', 'Pay rent'],
    ['%71=rent', 'Pay rent'],
    ['status=todo%2Cdone&q=rent', 'Pay rent'],
  ])('%s is decoded', async (query, title) => {
    const { body } = await get(`/tasks?${query}`);
    expect(body).toMatchObject({ data: [{ title }] });
  });
});

describe('400', () => {
  test.each(['?q=%ff', '?q=%', '?q=%zz', '?q=%c3%28', '?q=%ed%a0%80', '?%ff=x', '?x=%c3&%a9'])(
    'GET /tasks%s cannot be decoded',
    async (query) => {
      expectProblem(await get(`/tasks${query}`), 400, 'malformed_request');
      expectProblem(await get(`/users/me${query}`), 400, 'malformed_request');
    },
  );

  test.each(['%ff', '%', '%zz', '%c3%28', '%ed%a0%80'])(
    'GET /tasks/%s cannot be decoded',
    async (id) => {
      expectProblem(await get(`/tasks/${id}`), 400, 'malformed_request');
    },
  );
});

describe('422', () => {
  test.each(endpoints)('$method $path refuses an unknown parameter', async (endpoint) => {
    const { method, path, example } = endpoint;
    const query = new URLSearchParams({ ...example.query, unknown: '1' }).toString();
    const address = `${api().origin}${basePath}${path.replace(':id', 'f'.repeat(24))}?${query}`;
    const options = { method: method.toUpperCase(), headers: { ...authorization(), ...json } };
    const body = example.body === undefined ? undefined : JSON.stringify(example.body);
    expectViolations(await exchange(address, options, body), 'query.unknown');
  });

  test.each([
    ['status[$ne]=x', 'status[$ne]'],
    ['status%5B%24ne%5D=x', 'status[$ne]'],
    ['status[]=todo', 'status[]'],
    ['status[0]=todo', 'status[0]'],
    ['status.$ne=x', 'status.$ne'],
    ['$where=1', '$where'],
    ['__proto__=x', '__proto__'],
    ['__proto__[x]=1', '__proto__[x]'],
    ['constructor=x', 'constructor'],
    ['toString=x', 'toString'],
    ['Limit=1', 'Limit'],
    ['unknown', 'unknown'],
    ['=x', ''],
  ])('%s is an unknown parameter', async (query, name) => {
    expectViolations(await get(`/tasks?${query}`), `query.${name}`);
    expectViolations(await get(`/users/me?${query}`), `query.${name}`);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test.each([
    ['status=todo&status=done', 'status'],
    ['status=todo&status=todo', 'status'],
    ['limit=1&limit=1', 'limit'],
    ['q=a&q=b&q=c', 'q'],
    ['unknown=1&unknown=2', 'unknown'],
    ['q=a&%71=b', 'q'],
  ])('%s repeats a parameter', async (query, name) => {
    expectViolations(await get(`/tasks?${query}`), `query.${name}`);
  });

  test('a parameter after a thousand others is not overlooked', async () => {
    expectViolations(await get(`/tasks?${'&'.repeat(2000)}unknown=1`), 'query.unknown');
    const { body } = await get(`/tasks?${'limit=1&'.repeat(1200)}unknown=1`);
    expect(body).toMatchObject({ status: 422 });
  });

  test.each(['0', '101', '1.5', '-1', '1e2', '0x10', '1,000', '%201', '+1', 'ten', '', '1000'])(
    'limit=%s is no whole number from 1 to 100',
    async (limit) => {
      expectViolations(await get(`/tasks?limit=${limit}`), 'query.limit');
      expectViolations(await get(`/auth/sessions?limit=${limit}`), 'query.limit');
    },
  );

  test.each([
    '',
    'x',
    'e30',
    'bnVsbA',
    'W10',
    'WyJhIixbXSwiYiJd',
    '%00',
    '🙂',
    'a'.repeat(1999),
    'a'.repeat(2001),
  ])('cursor=%s is none', async (cursor) => {
    const value = encodeURIComponent(decodeURIComponent(cursor));
    expectViolations(await get(`/tasks?cursor=${value}`), 'query.cursor');
    expectViolations(await get(`/auth/sessions?cursor=${value}`), 'query.cursor');
  });

  test('the cursor of another list', async () => {
    await member.send('post', '/tasks', { title: 'Another' });
    const { body } = await get('/tasks?limit=1');
    expect(body['nextCursor']).toEqual(expect.any(String));
    const cursor = encodeURIComponent(String(body['nextCursor']));
    expectViolations(await get(`/tasks?status=todo&cursor=${cursor}`), 'query.cursor');
    expectViolations(await get(`/auth/sessions?cursor=${cursor}`), 'query.cursor');
  });

  test.each(['status', 'priority', 'label', 'dueBefore', 'dueAfter', 'q', 'sort', 'include'])(
    '%s needs a value',
    async (name) => {
      for (const query of [`${name}=`, name]) {
        const answer = await get(`/tasks?${query}`);
        const { errors } = expectProblem(answer, 422, 'validation_failed');
        expect(errors).toEqual([
          expect.objectContaining({ path: expect.stringMatching(`^query\\.${name}(\\.0)?$`) }),
        ]);
      }
    },
  );

  test('every violation of the path, the query and the body is named at once', async () => {
    const answer = await exchange(
      `${api().origin}/api/v1/tasks?a=1&b=2`,
      { method: 'POST', headers: { ...authorization(), ...json } },
      '{"title":"","status":"none","c":3}',
    );
    expectViolations(answer, 'query.a', 'query.b', 'body.title', 'body.status', 'body.c');
  });
});
