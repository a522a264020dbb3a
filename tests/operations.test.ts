import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { exchange } from './support/wire.ts';

const database = useDatabase();
let api: Api;
let guarded: Api;
beforeAll(async () => {
  api = await startInstance(database(), { PUBLIC_URL: 'https://tasks.example.com/' });
  guarded = await startInstance(database(), {
    METRICS_TOKEN: 'a token for metrics',
    SECURITY_CONTACT: 'https://example.com/report',
  });
});
afterAll(async () => {
  await api.close();
  await guarded.close();
});

const get = (path: string, headers = {}, { origin } = api) => exchange(origin + path, { headers });

describe('GET /livez and /readyz', () => {
  afterEach(() => {
    api.lifecycle.stopping = false;
  });

  test.each(['/livez', '/readyz'])('%s: 200 while all is well', async (path) => {
    expect(await get(path)).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  test('503 on /readyz while the instance is stopping, when it is still alive', async () => {
    api.lifecycle.stopping = true;
    const answer = await get('/readyz');
    expectProblem(answer, 503, 'shutting_down');
    expect(answer.headers['retry-after']).toMatch(/^[1-9]\d*$/);
    const alive = await get('/livez', { Connection: 'keep-alive' });
    expect(alive).toMatchObject({ status: 200, headers: { connection: 'close' } });
  });

  test('requests are still served while the instance is stopping', async () => {
    const member = await signUp(api);
    api.lifecycle.stopping = true;
    expect(await member.send('get', '/tasks')).toMatchObject({ status: 200 });
  });
});

describe('GET /metrics', () => {
  test('404: in production without METRICS_TOKEN, as nobody has said who may read it', async () => {
    const production = await startInstance(database(), {
      NODE_ENV: 'production',
      MONGODB_URI: 'mongodb://database.internal/tasks',
      JWT_SECRET: 'a secret for production, of 32 bytes or more',
      BCRYPT_COST: '10',
      ENFORCE_HTTPS: 'off',
    });
    expectProblem(await get('/metrics', {}, production), 404, 'not_found');
    await production.close();
  });

  test('200: the Prometheus text format', async () => {
    const { headers, text } = await get('/metrics');
    expect(headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(text).toMatch(/^# HELP /m);
    expect(text).toMatch(/^process_cpu_seconds_total \d/m);
    expect(text).toMatch(/^nodejs_eventloop_lag_seconds \d/m);
  });

  test('requests are told by the pattern of their route, never by their path', async () => {
    const member = await signUp(api);
    const { id } = await createTask(member);
    const path = `/api/v1/tasks/${id}`;
    await member.send('get', path);
    await get(path);
    await get('/secret-path?token=1');
    const { text } = await get('/metrics');
    const count = (labels: string) =>
      new RegExp(`^http_request_duration_seconds_count{${labels}} (\\d+)$`, 'm').exec(text)?.[1];
    expect(count('method="GET",route="/api/v1/tasks/:id",status="200"')).toBe('1');
    expect(count('method="GET",route="/api/v1/tasks/:id",status="401"')).toBe('1');
    expect(count('method="GET",route="unmatched",status="404"')).toBe('1');
    expect(text).not.toContain(id);
    expect(text).not.toContain('secret-path');
  });

  test('401 without its token, where one is set', async () => {
    const answer = await get('/metrics', {}, guarded);
    expectProblem(answer, 401, 'unauthenticated');
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test.each([
    'Bearer another token',
    'Bearer a token for metrics2',
    'Bearer ',
    'a token for metrics',
  ])('401 with %s', async (Authorization) => {
    const answer = await get('/metrics', { Authorization }, guarded);
    expectProblem(answer, 401, 'invalid_token');
    expect(answer.headers['www-authenticate']).toBe('Bearer error="invalid_token"');
  });

  test('401 with the access token of a user', async () => {
    const { accessToken } = await signUp(guarded);
    const answer = await get('/metrics', { Authorization: `Bearer ${accessToken}` }, guarded);
    expectProblem(answer, 401, 'invalid_token');
  });

  test('200 with its token', async () => {
    const answer = await get('/metrics', { Authorization: 'Bearer a token for metrics' }, guarded);
    expect(answer).toMatchObject({ status: 200, text: expect.stringContaining('# HELP') });
  });
});

describe('GET /.well-known/security.txt', () => {
  const fieldsOf = async (instance: Api) => {
    const { headers, status, text } = await get('/.well-known/security.txt', {}, instance);
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/plain; charset=utf-8');
    return Object.fromEntries(
      text
        .trim()
        .split('\n')
        .map((line) => line.split(/: (.*)/)),
    );
  };

  test('200: a contact, and an end of validity within a year (RFC 9116)', async () => {
    const { Contact, Expires, Canonical } = await fieldsOf(api);
    expect(Contact).toBe('mailto:security@tasks.example.com');
    expect(Canonical).toBe('https://tasks.example.com/.well-known/security.txt');
    const days = (Date.parse(Expires) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(30);
    expect(days).toBeLessThan(365);
  });

  test('200: the contact that was set', async () => {
    expect(await fieldsOf(guarded)).toMatchObject({ Contact: 'https://example.com/report' });
  });
});
