import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createApp } from '../src/app.ts';
import { createServer } from '../src/http/server.ts';
import { createLogger } from '../src/logger.ts';
import { useApi } from './support/api.ts';
import { type Member, signUp } from './support/factories.ts';
import { useServers } from './support/serving.ts';
import { exchange } from './support/wire.ts';

const api = useApi();
const serve = useServers();

type Line = Record<string, unknown>;

const written = new PassThrough();
const lines = createInterface(written);
/** Tells when a request has come whose authentication takes forever. */
const endless = new EventEmitter();
let origin: string;
let member: Member;

beforeAll(async () => {
  member = await signUp(api());
  const { dependencies, lifecycle } = api();
  const verify = (token: string) => {
    // As libraries throw them: with the whole request, and more of it in the cause.
    if (token === 'defect') {
      const config = { headers: { 'x-api-key': 'swordfish' }, data: 'swordfish' };
      throw Object.assign(new Error('broken', { cause: Object.assign(new Error(), { config }) }), {
        config,
      });
    }
    if (token === 'endless') return { userId: token, sessionId: token };
    return dependencies.accessTokens.verify(token);
  };
  const requireActive = (sessionId: string) => {
    if (sessionId !== 'endless') return dependencies.endedSessions.requireActive(sessionId);
    endless.emit('asked');
    return new Promise<void>(() => undefined);
  };
  const app = createApp(
    {
      ...dependencies,
      accessTokens: { ...dependencies.accessTokens, verify },
      endedSessions: { ...dependencies.endedSessions, requireActive },
      logger: createLogger('info', written),
    },
    lifecycle,
  );
  origin = await serve(createServer(app, dependencies.config));
});

/** Collects the lines of the log up to the one that tells this request as over. */
function linesUntil(requestId: string): Promise<{ line: Line; all: string[] }> {
  const all: string[] = [];
  return new Promise((resolve) => {
    const listen = (text: string) => {
      all.push(text);
      const line = JSON.parse(text) as Line;
      if (line['msg'] !== 'request' || line['requestId'] !== requestId) return;
      lines.off('line', listen);
      resolve({ line, all });
    };
    lines.on('line', listen);
  });
}

let requests = 0;

function newId(): string {
  requests += 1;
  return `request-${requests}`;
}

async function logged(path: string, options: Parameters<typeof exchange>[1] = {}, body?: string) {
  const id = newId();
  const headers = { 'X-Request-Id': id, ...options.headers };
  const over = linesUntil(id);
  const answer = await exchange(origin + path, { ...options, headers }, body);
  return { answer, ...(await over) };
}

const json = { 'Content-Type': 'application/json' };
const authorization = () => ({ Authorization: `Bearer ${member.accessToken}` });

describe('A request', () => {
  test('is one line that says what was asked and how it ended', async () => {
    const path = `/api/v1/tasks/${'f'.repeat(24)}`;
    const { line, all } = await logged(path, { headers: authorization() });
    expect(all).toHaveLength(1);
    expect(line).toEqual({
      level: 30,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      requestId: expect.stringMatching(/^request-\d+$/),
      method: 'GET',
      route: '/api/v1/tasks/:id',
      path,
      status: 404,
      code: 'not_found',
      address: '127.0.0.1',
      milliseconds: expect.any(Number),
      userId: member.user.id,
      msg: 'request',
    });
  });

  test('has the id that its answer and its problem have', async () => {
    const { answer, line } = await logged('/api/v1/tasks');
    expect(answer.headers['x-request-id']).toBe(line['requestId']);
    expect(answer.body['requestId']).toBe(line['requestId']);
    expect(line).toMatchObject({ status: 401, route: '/api/v1/tasks' });
    expect(line).not.toHaveProperty('userId');
  });

  test('is told by the words of routes and by ids, without what else is in its path', async () => {
    const id = 'f'.repeat(24);
    for (const [asked, told] of [
      [`/api/v1/tasks/${id}/nothing`, `/api/v1/tasks/${id}/*`],
      ['/api/v1/tasks/swordfish', '/api/v1/tasks/*'],
      ['/swordfish', '/*'],
    ] as const) {
      const { line, all } = await logged(asked, { headers: authorization() });
      expect(line).toMatchObject({ path: told });
      expect(all.join()).not.toContain('swordfish');
    }
    expect((await logged('/swordfish')).line).toMatchObject({ status: 404, route: 'unmatched' });
  });

  test('cannot begin a line of its own', async () => {
    const { line, all } = await logged('/a%0A%7B%22level%22:30%7D');
    expect(all).toHaveLength(1);
    expect(line).toMatchObject({ path: '/*' });
  });

  test('has the trace of its caller, where that is valid (W3C Trace Context)', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    for (const [traceparent, told] of [
      [`00-${traceId}-00f067aa0ba902b7-01`, traceId],
      [`00-${traceId}-00f067aa0ba902b7-00`, traceId],
      [`01-${traceId}-00f067aa0ba902b7-01-more`, traceId],
      [`00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
      [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
      [`00-${traceId}-${'0'.repeat(16)}-01`, undefined],
      [`ff-${traceId}-00f067aa0ba902b7-01`, undefined],
      ['swordfish', undefined],
    ] as const) {
      const { line } = await logged('/api/v1/tasks', { headers: { traceparent } });
      expect(line['traceId']).toBe(told);
    }
  });

  test('has its ids in every other line that it leads to', async () => {
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
    const { email } = member.user;
    const options = { method: 'POST', headers: { ...json, traceparent } };
    const wrong = JSON.stringify({ email, password: 'not the password' });
    const { line, all } = await logged('/api/v1/auth/login', options, wrong);
    const { requestId } = line;
    expect(all.map((text) => JSON.parse(text) as Line)).toEqual([
      expect.objectContaining({
        msg: 'security event',
        event: 'sign_in_failed',
        requestId,
        traceId,
      }),
      expect.objectContaining({ msg: 'request', requestId, traceId }),
    ]);
    const headers = { traceparent, Authorization: 'Bearer defect' };
    const defect = await logged('/api/v1/tasks', { headers });
    expect(JSON.parse(defect.all[0] ?? '')).toMatchObject({
      msg: 'defect',
      requestId: defect.line['requestId'],
      traceId,
    });
  });

  test('whose sender does not wait for the answer is told as such', async () => {
    const id = newId();
    const over = linesUntil(id);
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    const head = ['GET /api/v1/tasks HTTP/1.1', 'Host: localhost', `X-Request-Id: ${id}`];
    const asked = once(endless, 'asked');
    socket.write([...head, 'Authorization: Bearer endless', '', ''].join('\r\n'));
    await asked;
    socket.destroy();
    const { line } = await over;
    expect(line).toMatchObject({ route: '/api/v1/tasks', status: 499, aborted: true });
  });

  test('that meets a defect is told with the reason, and as an error', async () => {
    const { answer, line, all } = await logged('/api/v1/tasks', {
      headers: { Authorization: 'Bearer defect' },
    });
    expect(answer.status).toBe(500);
    expect(line).toMatchObject({ level: 50, status: 500 });
    expect(JSON.parse(all[0] ?? '')).toMatchObject({
      level: 50,
      msg: 'defect',
      requestId: line['requestId'],
      err: { message: expect.stringContaining('broken'), stack: expect.stringContaining('.ts') },
    });
  });
});

describe('No line has', () => {
  const secretLess = (all: string[], ...secrets: string[]) => {
    for (const secret of secrets) expect(all.join('\n')).not.toContain(secret);
  };

  test('the password or the tokens of who logs in', async () => {
    const { email } = member.user;
    const credentials = JSON.stringify({ email, password: member.password });
    const options = { method: 'POST', headers: json };
    const { answer, all } = await logged('/api/v1/auth/login', options, credentials);
    expect(answer.status).toBe(200);
    const { accessToken, refreshToken } = answer.body;
    secretLess(all, member.password, String(accessToken), String(refreshToken), email);
  });

  test('a wrong password, or what a body is refused for', async () => {
    const options = { method: 'POST', headers: json };
    const wrong = '{"email":"ada@example.com","password":"swordfish","more":"swordfish"}';
    secretLess((await logged('/api/v1/auth/login', options, wrong)).all, 'swordfish');
    const broken = '{"password":"swordfish"';
    secretLess((await logged('/api/v1/auth/login', options, broken)).all, 'swordfish');
  });

  test('a refresh token that is refused', async () => {
    const refreshToken = `${'a'.repeat(24)}.swordfish`;
    const options = { method: 'POST', headers: json };
    const { answer, all } = await logged(
      '/api/v1/auth/refresh',
      options,
      JSON.stringify({ refreshToken }),
    );
    expect(answer.status).toBe(401);
    secretLess(all, 'swordfish');
  });

  test('an Authorization header or a cookie', async () => {
    const headers = { Authorization: 'Bearer swordfish', Cookie: 'session=swordfish' };
    secretLess((await logged('/api/v1/tasks', { headers })).all, 'swordfish');
    const own = await logged('/api/v1/tasks', { headers: authorization() });
    expect(own.answer.status).toBe(200);
    secretLess(own.all, member.accessToken);
  });

  test('a value of the query, taken or refused', async () => {
    for (const query of [
      'q=swordfish',
      'unknown=swordfish',
      'cursor=swordfish',
      'q=swordfish%ff',
    ]) {
      const { all } = await logged(`/api/v1/tasks?${query}`, { headers: authorization() });
      secretLess(all, 'swordfish');
    }
  });

  test('what a library hangs on its errors', async () => {
    const { all } = await logged('/api/v1/tasks', { headers: { Authorization: 'Bearer defect' } });
    expect(all.join()).toContain('broken');
    secretLess(all, 'swordfish');
  });

  test('the text of a task', async () => {
    const options = { method: 'POST', headers: { ...json, ...authorization() } };
    const { answer, all } = await logged('/api/v1/tasks', options, '{"title":"swordfish"}');
    expect(answer.status).toBe(201);
    secretLess(all, 'swordfish');
  });
});

test('Members with the names of secrets are redacted, wherever they are', async () => {
  const stream = new PassThrough();
  const logger = createLogger('info', stream);
  const password = 'swordfish';
  logger.info({ password, user: { password }, request: { headers: { authorization: password } } });
  const [text] = (await once(createInterface(stream), 'line')) as [string];
  expect(text).not.toContain(password);
  expect(JSON.parse(text)).toMatchObject({ password: '[redacted]' });
});

test('A logger writes nothing below its level', async () => {
  const stream = new PassThrough();
  const logger = createLogger('warn', stream);
  logger.info('unheard');
  logger.warn('heard');
  expect(JSON.parse(String(stream.read()))).toMatchObject({ level: 40, msg: 'heard' });
});
