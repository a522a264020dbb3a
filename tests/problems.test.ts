import { describe, expect, test } from '@jest/globals';
import { createApp } from '../src/app.ts';
import { type ErrorCode, errorCodes } from '../src/errors.ts';
import { problemPath, statusOf } from '../src/http/problems.ts';
import { createServer } from '../src/http/server.ts';
import { useApi } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { useServers } from './support/serving.ts';
import { exchange, type WireAnswer } from './support/wire.ts';

const api = useApi();
const serve = useServers();

const codes = Object.keys(errorCodes) as ErrorCode[];

const get = (path: string, headers = {}) => exchange(api().origin + path, { headers });

describe('The page of a problem', () => {
  test.each(codes)('%s is explained where its type says', async (code) => {
    const page = await get(problemPath(code));
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.text).toContain(`<title>${errorCodes[code].title}</title>`);
    expect(page.text).toContain(`<code>${statusOf[code]}</code> <code>${code}</code>`);
  });

  test('shows its text as text, not as markup', async () => {
    const { text } = await get('/problems/unauthenticated');
    expect(text).toContain('Authorization: Bearer &lt;accessToken&gt;');
  });

  test.each(['nothing', 'not_found', 'NOT-FOUND', '__proto__', 'constructor', '%6eot-found%00'])(
    '%s is no problem that is known here',
    async (code) => {
      expectProblem(await get(`/problems/${code}`), 404, 'not_found');
    },
  );

  test('has a title of its own', () => {
    const titles = codes.map((code) => errorCodes[code].title);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

describe('404', () => {
  test.each([
    '/',
    '/api',
    '/api/v1',
    '/api/v1/',
    '/api/v1/nothing',
    '/api/v2/tasks',
    '/tasks',
    '/api/v1//tasks',
    '//api/v1/tasks',
    '/api/v1/./tasks',
    '/api/v1/tasks/1/2',
    '/docs/package.json',
    '/docs/..%2fpackage.json',
    '/.env',
    '/.well-known/nothing',
    '/nothing%ff',
  ])('%s is no route', async (path) => {
    const answer = await get(path, { Accept: 'text/html' });
    expect(expectProblem(answer, 404, 'not_found')).toMatchObject({ instance: path });
  });

  test('the instance is told without the query', async () => {
    const { text } = await get('/nothing?password=secret');
    expect(text).not.toContain('secret');
  });
});

describe('406', () => {
  test.each([
    'text/html',
    'application/xml',
    'application/xml;q=1, */*;q=0',
    'application/json;q=0, */*',
    'application/json; charset=utf-8; q=0.000',
    'image/*',
  ])('Accept: %s excludes JSON', async (accept) => {
    for (const [method, path] of [
      ['GET', '/tasks'],
      ['POST', '/auth/login'],
    ] as const) {
      const options = { method, headers: { Accept: accept } };
      const answer = await exchange(`${api().origin}/api/v1${path}`, options);
      expectProblem(answer, 406, 'not_acceptable');
    }
  });

  test.each([
    '*/*',
    'application/*',
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;q=0.5',
    '*/*;q=0, application/json',
    'text/html, application/json;q=0.1',
    'text/html, */*;q=0.1',
    '',
  ])('Accept: %s does not', async (accept) => {
    const member = await signUp(api());
    const headers = { Accept: accept, Authorization: `Bearer ${member.accessToken}` };
    expect(await get('/api/v1/tasks', headers)).toMatchObject({ status: 200 });
  });
});

test('HEAD has the headers of a problem, and no body', async () => {
  const answer = await exchange(`${api().origin}/api/v1/tasks`, { method: 'HEAD' });
  expect(answer).toMatchObject({
    status: 401,
    text: '',
    headers: {
      'content-type': 'application/problem+json; charset=utf-8',
      'www-authenticate': 'Bearer',
    },
  });
});

test('A precondition that fails on an asset is told as one', async () => {
  const answer = await get('/docs/swagger-ui.css', { 'If-Match': '"another"' });
  expectProblem(answer, 412, 'precondition_failed');
});

test('The current ETag comes with 412', async () => {
  const member = await signUp(api());
  const { id } = await createTask(member);
  const answer = await exchange(`${api().origin}/api/v1/tasks/${id}`, {
    method: 'DELETE',
    headers: { Authorization: `Bearer ${member.accessToken}`, 'If-Match': '"7"' },
  });
  expectProblem(answer, 412, 'precondition_failed');
  expect(answer.headers.etag).toBe('"1"');
});

describe('500', () => {
  /** A request to an instance with a defect in it, which throws this. */
  async function meet(thrown: unknown): Promise<WireAnswer> {
    const { dependencies, lifecycle } = api();
    const verify = () => {
      throw thrown;
    };
    const accessTokens = { ...dependencies.accessTokens, verify };
    const app = createApp({ ...dependencies, accessTokens }, lifecycle);
    const origin = await serve(createServer(app, dependencies.config));
    return exchange(`${origin}/api/v1/tasks`, { headers: { Authorization: 'Bearer x' } });
  }

  const secret = 'mongodb://root:hunter2@db.internal:27017/tasks';
  const defects: [string, unknown][] = [
    ['an error', new Error(`cannot read ${secret}`)],
    ['an error with a cause', new Error('failed', { cause: new Error(secret) })],
    ['a type error', new TypeError(secret)],
    ['another library’s error with a status', Object.assign(new Error(secret), { status: 404 })],
    ['an object', { message: secret, stack: secret }],
    ['text', secret],
    ['null', null],
    ['undefined', undefined],
  ];

  test.each(defects)('a defect that throws %s is told in general words', async (_, thrown) => {
    const answer = await meet(thrown);
    const { detail } = expectProblem(answer, 500, 'internal_error');
    expect(detail).toBe(errorCodes.internal_error.meaning);
    expect(answer.text).not.toMatch(/hunter2|db\.internal|node_modules|\.ts|at /);
  });
});
