import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { exchange, speak } from './support/wire.ts';

const listed = 'https://app.example.com';
const database = useDatabase();
let api: Api;
let forPages: Api;
let member: Member;
beforeAll(async () => {
  api = await startInstance(database());
  forPages = await startInstance(database(), {
    CORS_ORIGINS: `${listed}, http://localhost:5173`,
    ENFORCE_HTTPS: 'off',
  });
  member = await signUp(api);
});
afterAll(async () => {
  await api.close();
  await forPages.close();
});

const authorization = () => ({ Authorization: `Bearer ${member.accessToken}` });
const get = (path: string, headers = {}) => exchange(api.origin + path, { headers });

/** One request of each kind of answer that there is. */
const kinds: [string, () => ReturnType<typeof exchange>][] = [
  ['user data', () => get('/api/v1/tasks', authorization())],
  ['a refusal', () => get('/api/v1/tasks')],
  ['no such route', () => get('/nothing')],
  ['methods', () => exchange(`${api.origin}/api/v1/tasks`, { method: 'OPTIONS' })],
  ['health', () => get('/livez')],
  ['metrics', () => get('/metrics')],
  ['the OpenAPI document', () => get('/openapi.json')],
  ['the docs page', () => get('/docs')],
  ['an asset', () => get('/docs/swagger-ui.css')],
  ['a problem page', () => get('/problems/not-found')],
  ['security.txt', () => get('/.well-known/security.txt')],
];

describe('X-Request-Id', () => {
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

  test.each(kinds)('is on %s', async (_, ask) => {
    expect((await ask()).headers['x-request-id']).toMatch(uuid);
  });

  test.each(['a', 'A-z_0.9', '7', 'x'.repeat(128)])('%s is the caller’s', async (id) => {
    const { headers } = await get('/livez', { 'X-Request-Id': id });
    expect(headers['x-request-id']).toBe(id);
  });

  test.each([
    '',
    'x'.repeat(129),
    'a b',
    'a/b',
    'a,b',
    '"a"',
    'é',
    '<script>',
    'a\tb',
    '${jndi:x}',
  ])('%s is replaced', async (id) => {
    const { headers } = await get('/livez', { 'X-Request-Id': id });
    expect(headers['x-request-id']).toMatch(uuid);
  });

  test('two of them are replaced by one', async () => {
    const { headers } = await get('/livez', { 'X-Request-Id': ['a', 'b'] });
    expect(headers['x-request-id']).toMatch(uuid);
  });

  test('is another one for each request', async () => {
    const ids = await Promise.all([get('/livez'), get('/livez')]);
    expect(new Set(ids.map(({ headers }) => headers['x-request-id'])).size).toBe(2);
  });

  test('is also on what could not be parsed', async () => {
    const { headers } = await speak(api.origin, 'NONSENSE\r\n\r\n');
    expect(headers['x-request-id']).toMatch(uuid);
  });
});

describe('Security headers', () => {
  test.each(kinds)('are on %s', async (_, ask) => {
    const { headers } = await ask();
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      'cross-origin-opener-policy': 'same-origin',
      'x-frame-options': 'DENY',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none';.*frame-ancestors 'none'/,
      ),
    });
    expect(headers).not.toHaveProperty('x-powered-by');
    expect(headers).not.toHaveProperty('server');
    const transport = /^max-age=(\d+); includeSubDomains$/;
    const [, age] = transport.exec(String(headers['strict-transport-security'])) ?? [];
    expect(Number(age)).toBeGreaterThanOrEqual(365 * 86_400);
  });

  const policyOf = async (path: string) =>
    String((await get(path)).headers['content-security-policy']);

  test.each(['/api/v1/tasks', '/nothing', '/livez', '/openapi.json', '/docs/swagger-ui-bundle.js'])(
    '%s may not load or run anything',
    async (path) => {
      expect(await policyOf(path)).toBe("default-src 'none';frame-ancestors 'none'");
    },
  );

  test.each(['/docs', '/problems/not-found', '/verify-email', '/reset-password'])(
    'the page %s can neither be framed or rebased nor embed anything',
    async (path) => {
      const policy = (await policyOf(path)).split(';');
      for (const name of ['default-src', 'object-src', 'base-uri', 'frame-ancestors']) {
        expect(policy).toContain(`${name} 'none'`);
      }
    },
  );

  test('the docs page runs what this server serves, and nothing else', async () => {
    const policy = await policyOf('/docs');
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
  });

  test('a problem page runs no script', async () => {
    expect(await policyOf('/problems/not-found')).not.toMatch(/script-src|connect-src|unsafe|http/);
  });
});

describe('Cache-Control', () => {
  test('user data is for its user alone, and asked for anew', async () => {
    const { id } = await createTask(member);
    for (const path of ['/tasks', `/tasks/${id}`, '/users/me', '/auth/sessions']) {
      const { headers } = await get(`/api/v1${path}`, authorization());
      expect(headers['cache-control']).toMatch(/^private, ?no-cache$/);
      expect(headers.vary).toMatch(/\bAuthorization\b/);
    }
  });

  test('a 304 says what the 200 said', async () => {
    const { id } = await createTask(member);
    const path = `/api/v1/tasks/${id}`;
    const full = await get(path, authorization());
    const { etag } = full.headers;
    const answer = await get(path, { ...authorization(), 'If-None-Match': etag });
    expect(answer).toMatchObject({ status: 304, text: '' });
    for (const name of ['etag', 'cache-control', 'vary']) {
      expect(answer.headers[name]).toBe(full.headers[name]);
    }
    expect(answer.headers).not.toHaveProperty('content-type');
  });

  test('tokens are kept by nobody', async () => {
    const { email } = member.user;
    const { password } = member;
    const login = await send(api, undefined, 'post', '/auth/login').send({ email, password });
    const { refreshToken } = login.body;
    const refresh = await send(api, undefined, 'post', '/auth/refresh').send({ refreshToken });
    for (const answer of [login, refresh]) {
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  });

  test.each(['/livez', '/readyz', '/metrics'])('%s is always fresh', async (path) => {
    expect((await get(path)).headers['cache-control']).toBe('no-store');
  });

  test('an asset of the docs is kept for a while', async () => {
    const { headers } = await get('/docs/swagger-ui.css');
    expect(headers['cache-control']).toMatch(/^public, max-age=\d+$/);
  });
});

describe('CORS', () => {
  const names = (value: unknown) => String(value).split(/\s*,\s*/);

  test.each([listed, 'http://localhost:5173'])('a page of %s may read answers', async (Origin) => {
    const address = `${forPages.origin}/api/v1/tasks`;
    const headers = { ...authorization(), Origin };
    const answer = await exchange(address, { headers });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'access-control-allow-origin': Origin },
    });
    expect(answer.headers).not.toHaveProperty('access-control-allow-credentials');
    expect(names(answer.headers.vary)).toEqual(expect.arrayContaining(['Origin', 'Authorization']));
    expect(names(answer.headers['access-control-expose-headers'])).toEqual(
      expect.arrayContaining([
        'ETag',
        'Idempotent-Replayed',
        'Link',
        'Location',
        'RateLimit',
        'Retry-After',
        'X-Request-Id',
      ]),
    );
  });

  test.each([
    ['401', '/api/v1/tasks'],
    ['404', '/nothing'],
    ['400', '/api/v1/tasks/%ff'],
  ])('and a %s, to see what went wrong', async (status, path) => {
    const headers = { ...(status !== '401' && authorization()), Origin: listed };
    const answer = await exchange(forPages.origin + path, { headers });
    expect(answer.status).toBe(Number(status));
    expect(answer.headers['access-control-allow-origin']).toBe(listed);
  });

  test.each([
    'https://evil.example.com',
    'http://app.example.com',
    'https://app.example.com.evil.com',
    'https://app.example.com:8443',
    'https://APP.example.com/',
    'null',
  ])('a page of %s may not', async (Origin) => {
    const headers = { ...authorization(), Origin };
    const answer = await exchange(`${forPages.origin}/api/v1/tasks`, { headers });
    expect(answer.headers).not.toHaveProperty('access-control-allow-origin');
    expect(names(answer.headers.vary)).toContain('Origin');
  });

  const preflight = (origin: string, path: string, Origin: string) =>
    exchange(origin + path, {
      method: 'OPTIONS',
      headers: {
        Origin,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,content-type,if-match',
      },
    });

  test.each(['/api/v1/tasks', '/api/v1/nothing'])('asks before it sends to %s', async (path) => {
    const { status, headers } = await preflight(forPages.origin, path, listed);
    expect(status).toBe(204);
    expect(headers['access-control-allow-origin']).toBe(listed);
    expect(names(headers['access-control-allow-methods'])).toEqual(
      expect.arrayContaining(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
    );
    const allowed = names(headers['access-control-allow-headers']).map((name) =>
      name.toLowerCase(),
    );
    expect(allowed).toEqual(
      expect.arrayContaining([
        'authorization',
        'content-type',
        'idempotency-key',
        'if-match',
        'if-none-match',
      ]),
    );
  });

  test('a page that is not listed asks in vain', async () => {
    const { headers } = await preflight(forPages.origin, '/api/v1/tasks', 'https://evil.example');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  test('OPTIONS that is no such question tells the methods', async () => {
    for (const headers of [{}, { Origin: listed }]) {
      const options = { method: 'OPTIONS', headers };
      const answer = await exchange(`${forPages.origin}/api/v1/users/me`, options);
      expect(answer).toMatchObject({
        status: 204,
        headers: { allow: 'GET, HEAD, PATCH, DELETE, OPTIONS' },
      });
    }
    const unknown = await exchange(`${forPages.origin}/nothing`, { method: 'OPTIONS' });
    expectProblem(unknown, 404, 'not_found');
  });

  test('without a list there is none of it', async () => {
    const headers = { ...authorization(), Origin: listed };
    for (const answer of [
      await exchange(`${api.origin}/api/v1/tasks`, { headers }),
      await preflight(api.origin, '/api/v1/tasks', listed),
    ]) {
      const given = Object.keys(answer.headers).filter((name) => name.startsWith('access-control'));
      expect(given).toEqual([]);
    }
  });
});
