import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useCollector } from './support/collector.ts';
import { type ApiProcess, inFolder, originOf, startProcess } from './support/processes.ts';
import { converse, exchange, type WireAnswer } from './support/wire.ts';

// A process is started in production, where passwords are hashed at a higher cost.
jest.setTimeout(90_000);

const collector = useCollector();

/** Everything that is planted, by the name of its place. */
const planted = new Map<string, string>();

/** A secret that is found wherever it turns up, in any case; letters and digits, so that nothing encodes it. */
function plant(place: string): string {
  const secret = `Planted${randomBytes(9).toString('hex')}`;
  planted.set(`${place} (${planted.size})`, secret);
  return secret;
}

/** The places whose secret is in a text. */
function leaksIn(text: string, but: readonly string[] = []): string[] {
  const lower = text.toLowerCase();
  return [...planted]
    .filter(([place, secret]) => !but.includes(place) && lower.includes(secret.toLowerCase()))
    .map(([place]) => place);
}

const nowhere = '127.0.0.1:9';
const metricsToken = plant('METRICS_TOKEN');

/** What other servers are needed for is refused by a port on which nobody listens. */
const settings = () => ({
  NODE_ENV: 'production',
  LOG_LEVEL: 'trace',
  PORT: '0',
  ENFORCE_HTTPS: 'off',
  RATE_LIMIT: 'off',
  BCRYPT_COST: '10',
  MONGODB_URI: `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`,
  METRICS_TOKEN: metricsToken,
  JWT_SECRET: plant('JWT_SECRET').repeat(2),
  ENCRYPTION_SECRET: plant('ENCRYPTION_SECRET').repeat(2),
  SMTP_URL: `smtp://${plant('SMTP user')}:${plant('SMTP password')}@${nowhere}`,
  ATTACHMENT_STORAGE_URL: `s3+http://${plant('S3 key')}:${plant('S3 secret')}@${nowhere}/bucket`,
  OAUTH_REDIRECT_URIS: 'https://app.example.com/signed-in',
  GITHUB_URL: `http://${nowhere}`,
  GITHUB_CLIENT_ID: 'tasks',
  GITHUB_CLIENT_SECRET: plant('GITHUB_CLIENT_SECRET'),
  OIDC_ISSUER: `http://${nowhere}`,
  OIDC_CLIENT_ID: 'tasks',
  OIDC_CLIENT_SECRET: plant('OIDC_CLIENT_SECRET'),
  BREACHED_PASSWORDS_URL: `http://${nowhere}/${plant('BREACHED_PASSWORDS_URL')}`,
  OTEL_EXPORTER_OTLP_ENDPOINT: collector().endpoint,
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=${plant('OTEL_EXPORTER_OTLP_HEADERS')}`,
});

let folder: string;
let api: ApiProcess;
let origin: string;
const answers: { what: string; answer: WireAnswer }[] = [];

/** In every header that callers have for something of theirs. */
const plantedHeaders = () => ({
  Cookie: `session=${plant('a cookie')}`,
  'X-Api-Key': plant('an unknown header'),
  'User-Agent': plant('User-Agent'),
  Referer: `https://app.example.com/?token=${plant('Referer')}`,
  'X-Forwarded-For': plant('X-Forwarded-For'),
  'X-Request-Id': `${plant('X-Request-Id')} is not one`,
  traceparent: plant('traceparent'),
  tracestate: `vendor=${plant('tracestate')}`,
  baggage: `user=${plant('baggage')}`,
  'If-None-Match': `"${plant('If-None-Match')}"`,
});

async function send(method: string, path: string, headers = {}, body?: string) {
  const json = body !== undefined && { 'Content-Type': 'application/json' };
  const options = { method, headers: { ...plantedHeaders(), ...json, ...headers } };
  const answer = await exchange(`${origin}${path}`, options, body);
  answers.push({ what: `${method} ${path}`, answer });
  return answer;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secrets-'));
  api = startProcess(folder, settings());
  origin = await originOf(api);
  while ((await exchange(`${origin}/readyz`)).status !== 200);

  const email = `${plant('e-mail')}@example.com`;
  const password = plant('password');
  const base = '/api/v1';
  const post = (path: string, body: object, headers = {}) =>
    send('POST', `${base}${path}`, headers, JSON.stringify(body));

  // Who signs up, and what they are given.
  const name = plant('name');
  const { body: signIn } = await post('/auth/register', { email, password, name });
  const own = { Authorization: `Bearer ${String(signIn['accessToken'])}` };
  planted.set('access token', String(signIn['accessToken']));
  planted.set('refresh token', String(signIn['refreshToken']));
  await post('/auth/login', { email, password });
  await post('/auth/login', { email, password: plant('wrong password') });
  await post('/auth/login', {
    email: plant('address of nobody'),
    password: { a: plant('object') },
  });
  await post('/auth/login', { email, password, [plant('unknown member')]: plant('its value') });
  const renewed = await post('/auth/refresh', { refreshToken: signIn['refreshToken'] });
  planted.set('next refresh token', String(renewed.body['refreshToken']));
  await post('/auth/refresh', {
    refreshToken: `${'a'.repeat(24)}.${plant('wrong refresh token')}`,
  });
  await post('/auth/forgot-password', { email });
  await post('/auth/reset-password', {
    token: plant('link token'),
    newPassword: plant('new password of a link'),
  });
  await post('/auth/verify-email', { token: plant('verification token') });
  const token = await post('/users/me/api-tokens', { name: 'Script', scopes: ['tasks:read'] }, own);
  planted.set('API token', String(token.body['token']));
  const totp = await post('/users/me/totp', { password }, own);
  planted.set('authenticator secret', String(totp.body['secret']));
  await post('/users/me/totp/confirm', { code: plant('code') }, own);
  await send(
    'PUT',
    `${base}/users/me/password`,
    own,
    JSON.stringify({ currentPassword: plant('old password'), newPassword: plant('new password') }),
  );
  await post('/auth/oauth/github/start', { redirectUri: plant('redirect') });
  await post('/auth/oauth/oidc/start', { redirectUri: 'https://app.example.com/signed-in' });
  await post('/auth/oauth/complete', { code: plant('authorization code'), state: plant('state') });

  // What they write.
  const { body: task } = await post(
    '/tasks',
    { title: plant('title'), description: plant('description'), labels: [plant('label')] },
    { ...own, 'Idempotency-Key': plant('idempotency key') },
  );
  const path = `/tasks/${String(task['id'])}`;
  await post('/tasks', { title: plant('long title').repeat(20), dueDate: plant('due date') }, own);
  await post('/tasks', { title: 'Pay rent', [plant('unknown member of a task')]: 1 }, own);
  await post('/tasks/quick', { text: `Pay rent #${plant('quick add')} every nonsense` }, own);
  await post(`${path}/comments`, { text: plant('comment') }, own);
  await send('PATCH', `${base}${path}`, { ...own, 'If-Match': `"${plant('If-Match')}"` }, '{}');
  await send('PATCH', `${base}${path}`, own, JSON.stringify({ title: plant('new title') }));
  const file = { ...own, 'Content-Type': plant('media type') };
  const address = `${base}${path}/attachments?name=${plant('file name')}.txt`;
  await send('POST', address, file, plant('file'));
  await send('POST', `${base}/tasks`, own, `{"title":"${plant('malformed body')}`);
  await send('POST', `${base}/tasks`, { ...own, 'Content-Type': 'text/plain' }, plant('text'));
  await send('POST', `${base}/tasks`, { ...own, 'Content-Encoding': 'gzip' }, plant('no gzip'));

  // Where else a secret can be put by mistake.
  for (const query of ['q', 'filter', 'cursor', 'label', 'dueBefore', 'access_token']) {
    await send('GET', `${base}/tasks?${query}=${plant(`query ${query}`)}`, own);
    await send('GET', `${base}/tasks?${query}=${plant(`query ${query}, not signed in`)}`);
  }
  for (const authorization of ['Bearer', 'Basic', 'Bearer tma_', '']) {
    const value = `${authorization} ${plant(`Authorization: ${authorization}`)}`;
    await send('GET', `${base}/tasks`, { Authorization: value });
    await send('GET', '/metrics', { Authorization: value });
  }
  await send('GET', `${base}/tasks/${plant('id in a path')}`, own);
  await send('GET', `${base}/tasks/${plant('id in a longer path')}/comments`, own);
  await send('GET', `/${plant('path')}?token=${plant('query of a path')}`);
  await send('GET', `/verify-email/${plant('path of a page')}`);
  await send('DELETE', `${base}/${plant('path of no route')}`, own);
  await send('GET', `${base}/tasks/%${plant('malformed path')}`, own);
  await send('GET', base, { 'X-Large': plant('large header').repeat(1000) });
  await converse(origin, `GET /${plant('malformed line')} HTTP/9\r\n\r\n`);
  await converse(origin, `GET / HTTP/1.1\r\n${plant('malformed header')}\r\n\r\n`);
  await converse(origin, `${plant('method')} / HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await send('DELETE', `${base}/users/me`, own, JSON.stringify({ password: plant('no password') }));
});
afterAll(async () => {
  api.child.kill('SIGKILL');
  await api.ended;
  await rm(folder, { recursive: true });
});

describe('secrets that are planted everywhere', () => {
  test('have reached what they were meant for', () => {
    const statuses = new Set(answers.map(({ answer }) => answer.status));
    expect([...statuses]).toEqual(
      expect.arrayContaining([200, 201, 204, 400, 401, 404, 412, 415, 422, 503]),
    );
    expect(statuses).not.toContain(500);
    expect(planted.size).toBeGreaterThan(400);
  });

  test('are in no answer that tells of a failure, but for what it says back to its sender', () => {
    for (const { what, answer } of answers) {
      if (answer.status < 400) continue;
      // A path is its `instance`, the name of a member is the `path` of its violation, and what reads a
      // language (filters, quick add) quotes what it does not understand.
      const own = [...planted.keys()].filter(
        (place) =>
          what.includes(planted.get(place) ?? '') || /^(unknown member|quick add)/.test(place),
      );
      expect({ what, leaks: leaksIn(answer.text, own) }).toEqual({ what, leaks: [] });
      expect(leaksIn(JSON.stringify(answer.headers), own)).toEqual([]);
    }
  });

  test('are in no metric', async () => {
    const headers = { Authorization: `Bearer ${metricsToken}` };
    const { status, text } = await exchange(`${origin}/metrics`, { headers });
    expect(status).toBe(200);
    expect(text).toContain('route="/api/v1/tasks/:id"');
    expect(leaksIn(text)).toEqual([]);
  });

  test('are in no line of the log, at any level, and in no span', async () => {
    await api.line(/"job failed"/);
    await api.line(/"storage unavailable"/);
    await api.line(/"breached passwords could not be asked for"/);
    api.child.kill('SIGTERM');
    expect(await api.ended).toMatchObject({ status: 0, complaint: '' });
    const requests = api.lines.filter((line) => line.includes('"msg":"request"'));
    expect(requests.length).toBeGreaterThanOrEqual(answers.length);
    expect(leaksIn(api.lines.join('\n'))).toEqual([]);

    const spans = collector().spans.filter(({ kind }) => kind === 'server');
    expect(spans.length).toBeGreaterThanOrEqual(answers.length);
    expect(leaksIn(collector().received.join('\n'))).toEqual([]);
  });
});

test('What is wrong with the database is told without the credentials for it', () =>
  inFolder(async (elsewhere) => {
    const { host } = new URL(process.env['DATABASE_FOR_TESTS'] ?? '');
    const [user, password] = [plant('database user'), plant('database password')];
    for (const where of [nowhere, host]) {
      const uri = `mongodb://${user}:${password}@${where}/test-${randomUUID()}`;
      const other = startProcess(elsewhere, { ...settings(), MONGODB_URI: uri });
      const base = await originOf(other);
      await other.line(/"database not reached, trying again"|"database connected"/);
      const { text } = await exchange(`${base}/readyz`);
      other.child.kill('SIGTERM');
      const { complaint } = await other.ended;
      expect(leaksIn(`${other.lines.join('\n')}${complaint}${text}`)).toEqual([]);
    }
  }));
