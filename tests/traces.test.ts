import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { newAccount } from './support/clients.ts';
import { type CollectedSpan, useCollector } from './support/collector.ts';
import { type ApiProcess, inFolder, originOf, startProcess } from './support/processes.ts';
import { exchange } from './support/wire.ts';

// Processes are started, and spans are sent once a second.
jest.setTimeout(60_000);

const collector = useCollector();
const database = () => `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`;
const settings = () => ({
  MONGODB_URI: database(),
  PORT: '0',
  BCRYPT_COST: '4',
  RATE_LIMIT: 'off',
});

/** Where a caller is in a trace of its own. */
function newCaller(flags = '01') {
  const traceId = randomBytes(16).toString('hex');
  const spanId = randomBytes(8).toString('hex');
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-${flags}` };
}

const json = { 'Content-Type': 'application/json' };

describe('with a collector', () => {
  let folder: string;
  let api: ApiProcess;
  let origin: string;
  let authorization: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'traces-'));
    api = startProcess(folder, {
      ...settings(),
      OTEL_EXPORTER_OTLP_ENDPOINT: collector().endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-collector-key=of%20the%20collector',
      OTEL_SERVICE_NAME: 'tasks-of-tests',
    });
    origin = await originOf(api);
    await api.line(/^Task Manager API: http/);
    const body = JSON.stringify(newAccount());
    const answer = await send('POST', '/auth/register', {}, body);
    authorization = `Bearer ${String(answer.body['accessToken'])}`;
  });
  afterAll(async () => {
    api.child.kill('SIGKILL');
    await api.ended;
    await rm(folder, { recursive: true });
  });

  const send = (method: string, path: string, headers = {}, body?: string) =>
    exchange(
      `${origin}/api/v1${path}`,
      {
        method,
        headers: { ...(body && json), ...headers, ...(authorization && { authorization }) },
      },
      body,
    );

  /** Sends a request in a new trace; answers its span. */
  async function traced(method: string, path: string, body?: string) {
    const caller = newCaller();
    const answer = await send(method, path, { traceparent: caller.traceparent }, body);
    const span = await collector().span(
      ({ kind, traceId }) => kind === 'server' && traceId === caller.traceId,
    );
    return { answer, caller, span };
  }

  const below = (parent: CollectedSpan, name: string) =>
    collector().span((span) => span.name === name && span.parentSpanId === parent.spanId);

  test('a request is a span in the trace of its caller, named after its route', async () => {
    const id = 'f'.repeat(24);
    const { answer, caller, span } = await traced('GET', `/tasks/${id}`);
    expect(span).toEqual({
      traceId: caller.traceId,
      spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
      parentSpanId: caller.spanId,
      name: 'GET /api/v1/tasks/:id',
      kind: 'server',
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 404,
        'http.route': '/api/v1/tasks/:id',
        'url.path': `/api/v1/tasks/${id}`,
        'problem.code': 'not_found',
        'request.id': answer.headers['x-request-id'],
      },
    });
  });

  test('what it asks of the database is a span below, without any value', async () => {
    const { span } = await traced('GET', `/tasks/${'f'.repeat(24)}`);
    const { hostname, port } = new URL(process.env['DATABASE_FOR_TESTS'] ?? '');
    expect(await below(span, 'find tasks')).toMatchObject({
      traceId: span.traceId,
      kind: 'client',
      failed: false,
    });
    expect((await below(span, 'find tasks')).attributes).toEqual({
      'db.system.name': 'mongodb',
      'db.namespace': expect.stringMatching(/^test-/),
      'db.operation.name': 'find',
      'db.collection.name': 'tasks',
      'server.address': hostname,
      'server.port': Number(port),
    });
  });

  test('tasks that are written together are in the trace of their first', async () => {
    const create = () => traced('POST', '/tasks', '{"title":"Pay rent"}');
    const { span } = await create();
    await below(span, 'insert tasks');
    const spans = (await Promise.all(Array.from({ length: 20 }, create))).map((made) => made.span);
    const writes = collector().spans.filter(
      ({ name, parentSpanId }) =>
        name === 'insert tasks' && spans.some(({ spanId }) => spanId === parentSpanId),
    );
    expect(writes.length).toBeGreaterThan(0);
  });

  test('a path without a route names no span, and is told without what the caller put in', async () => {
    const { span } = await traced('GET', '/tasks/not-an-id/nowhere');
    expect(span.name).toBe('GET');
    expect(span.attributes).toMatchObject({ 'url.path': '/api/v1/tasks/*/*' });
    expect(span.attributes).not.toHaveProperty('http.route');
  });

  test('a job goes on with the trace of the request that asked for it', async () => {
    const { span } = await traced('POST', '/auth/register', JSON.stringify(newAccount()));
    const job = await collector().span(
      ({ name, traceId }) => name === 'job mail' && traceId === span.traceId,
    );
    expect(job).toMatchObject({ kind: 'consumer', attributes: { 'job.name': 'mail' } });
    expect(job.parentSpanId).toBe(span.spanId);
    await below(job, 'find users');
  });

  test('a request without a trace begins one, and its line in the log has it', async () => {
    const { headers } = await send('GET', '/tasks');
    const id = String(headers['x-request-id']);
    const span = await collector().span(({ attributes }) => attributes['request.id'] === id);
    expect(span.parentSpanId).toBeUndefined();
    const line = await api.line(new RegExp(`"requestId":"${id}".*"msg":"request"`));
    expect(JSON.parse(line)).toMatchObject({ requestId: id, traceId: span.traceId });
  });

  test('a trace that its caller does not record is not recorded here', async () => {
    const caller = newCaller('00');
    await send('GET', '/tasks', { traceparent: caller.traceparent });
    // What came before is sent before.
    await traced('GET', '/tasks');
    expect(collector().spans.map(({ traceId }) => traceId)).not.toContain(caller.traceId);
  });

  test('the collector learns which service it is, and gets the headers that are set', async () => {
    await traced('GET', '/tasks');
    expect(collector().resource()).toMatchObject({
      'service.name': 'tasks-of-tests',
      'service.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'service.instance.id': expect.any(String),
    });
    expect(collector().headers.at(-1)).toMatchObject({ 'x-collector-key': 'of the collector' });
  });
});

describe('an instance that stops', () => {
  test('sends the spans that are left', () =>
    inFolder(async (folder) => {
      const { endpoint } = collector();
      const api = startProcess(folder, { ...settings(), OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      const origin = await originOf(api);
      const caller = newCaller();
      api.child.kill('SIGTERM');
      await api.line(/"stopping"/);
      await exchange(`${origin}/livez`, { headers: { traceparent: caller.traceparent } });
      expect(await api.ended).toEqual({ status: 0, signal: null, complaint: '' });
      expect(collector().spans.map(({ traceId }) => traceId)).toContain(caller.traceId);
    }));
});

describe('a database that is away', () => {
  test('makes a span that has failed', () =>
    inFolder(async (folder) => {
      const { endpoint } = collector();
      const away = { ...settings(), MONGODB_URI: 'mongodb://127.0.0.1:9/away' };
      const api = startProcess(folder, { ...away, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
      const origin = await originOf(api);
      const { traceId, traceparent } = newCaller();
      await exchange(`${origin}/readyz`, { headers: { traceparent } });
      api.child.kill('SIGTERM');
      await api.ended;
      expect(collector().spans.find((span) => span.traceId === traceId)).toMatchObject({
        name: 'GET /readyz',
        failed: true,
        attributes: { 'error.type': 'database_unavailable', 'http.response.status_code': 503 },
      });
    }));
});

describe('a collector that is away', () => {
  test('is one warning in the log, and neither fails a request nor keeps the process', () =>
    inFolder(async (folder) => {
      const api = startProcess(folder, {
        ...settings(),
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9/planted',
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=planted',
      });
      const origin = await originOf(api);
      const alive = async () => (await exchange(`${origin}/livez`)).status;
      expect(await alive()).toBe(200);
      await api.line(/"traces not taken"/);
      expect(await alive()).toBe(200);
      api.child.kill('SIGTERM');
      expect(await api.ended).toEqual({ status: 0, signal: null, complaint: '' });
      const warnings = api.lines.filter((line) => line.includes('"level":40'));
      expect(warnings.map((line) => JSON.parse(line) as unknown)).toEqual([
        expect.objectContaining({ reason: 'ECONNREFUSED', msg: 'traces not taken' }),
      ]);
      expect(api.lines.join('\n')).not.toContain('planted');
    }));
});
