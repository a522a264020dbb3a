import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { pino } from 'pino';
import * as z from 'zod';
import { databaseCounters } from '../src/database/counters.ts';
import { endpoint, type Handler } from '../src/contract/endpoint.ts';
import { AppError } from '../src/errors.ts';
import { createCipher } from '../src/features/second-factor/cipher.ts';
import { createServer } from '../src/http/server.ts';
import { createRateLimits } from '../src/http/limits.ts';
import { mount, routes } from '../src/http/mount.ts';
import { observeRequests } from '../src/http/observation.ts';
import { answerFailures } from '../src/http/problems.ts';
import { createMetrics } from '../src/metrics.ts';
import { untraced } from '../src/tracing/tracing.ts';
import { useServers } from './support/serving.ts';
import { exchange } from './support/wire.ts';

const serve = useServers();

const item = z.object({ number: z.int(), text: z.string() });
type Item = z.infer<typeof item>;

const contract = {
  read: endpoint({
    method: 'get',
    path: '/things',
    access: 'public',
    summary: 'Everything',
    status: 200,
    answer: z.object({ title: z.string(), things: z.array(item), others: z.array(item) }),
    streamed: true,
    attachment: 'things.json',
    errors: [],
    example: { answer: { title: 'All', things: [], others: [] } },
  }),
};

/** Serves these things; answers the address, the lines of the log as they come, and the metrics. */
async function serving(handler: Handler<typeof contract.read>) {
  const lines: Record<string, unknown>[] = [];
  const logger = pino({ base: null }, { write: (line) => lines.push(JSON.parse(line)) });
  const database = { run: async <T>(work: () => Promise<T> | T) => work() };
  const metrics = createMetrics();
  const app = express();
  app.use(observeRequests({ logger, metrics, tracing: untraced }));
  mount(app, '', routes(contract, { read: handler }), {
    database,
    authenticate: () => (_req, _res, next) => next(),
    limits: createRateLimits(false, databaseCounters(database)),
    checkAnswers: true,
    cipher: createCipher('-'),
  });
  app.use(answerFailures(logger));
  const settings = { TLS_CERT_FILE: undefined, TLS_KEY_FILE: undefined };
  const server = createServer(app, settings);
  const address = `${await serve(server)}/things`;
  /** The connection of a request is closed only after its line is written. */
  const closed = new Promise<void>((resolve) => {
    server.on('connection', (socket) => socket.on('close', () => setImmediate(resolve)));
  });
  return { address, lines, metrics, closed };
}

async function* counted(count: number, length: number): AsyncGenerator<Item> {
  for (let number = 0; number < count; number += 1) yield { number, text: 'x'.repeat(length) };
}

/** Asks, and answers as soon as the head is there; the body is not read. */
async function begin(address: string): Promise<IncomingMessage> {
  const [response] = await once(get(address, { agent: false }), 'response');
  return response as IncomingMessage;
}

const megabyte = 1_000_000;

describe('a streamed answer', () => {
  test('is one JSON object, a file to be saved, and has its lists in full', async () => {
    const title = 'All';
    const { address, lines, metrics } = await serving(() => ({
      title,
      things: counted(2000, 20),
      others: counted(0, 0),
    }));
    const { status, headers, body } = await exchange(address, {
      headers: { 'X-Request-Id': 'stream-1' },
    });
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': 'attachment; filename="things.json"',
      'x-request-id': 'stream-1',
    });
    const things = Array.from({ length: 2000 }, (_, number) => ({ number, text: 'x'.repeat(20) }));
    expect(body).toEqual({ title, things, others: [] });
    expect(lines).toEqual([expect.objectContaining({ requestId: 'stream-1', status: 200 })]);
    expect(lines[0]).not.toHaveProperty('aborted');
    const { text } = await metrics.render();
    expect(text).toContain('_count{method="GET",route="/things",status="200"} 1');
  });

  test('may have its lists in one piece', async () => {
    const answer = { title: 'All', things: [{ number: 1, text: '' }], others: [] };
    const { address } = await serving(() => answer);
    expect((await exchange(address)).body).toEqual(answer);
  });

  test('is read from its source no faster than the caller takes it', async () => {
    let made = 0;
    async function* things(): AsyncGenerator<Item> {
      for (; made < 200; made += 1) yield { number: made, text: 'x'.repeat(megabyte) };
    }
    const { address } = await serving(() => ({ title: '', things: things(), others: [] }));
    let taken = 0;
    let lead = 0;
    for await (const chunk of await begin(address)) {
      taken += (chunk as Buffer).length;
      lead = Math.max(lead, made - taken / megabyte);
    }
    expect(taken).toBeGreaterThan(200 * megabyte);
    // The buffers of the operating system take some megabytes on either side.
    expect(lead).toBeLessThan(30);
  });

  test('ends its source when the caller leaves, which is no defect', async () => {
    let end: (() => void) | undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let made = 0;
    async function* many(): AsyncGenerator<Item> {
      try {
        for (; made < 300; made += 1) yield { number: made, text: 'x'.repeat(megabyte) };
      } finally {
        end?.();
      }
    }
    const { address, lines, closed } = await serving(() => ({
      title: '',
      things: many(),
      others: [],
    }));
    const response = await begin(address);
    response.destroy();
    await Promise.all([ended, closed]);
    expect(made).toBeLessThan(100);
    expect(lines).toMatchObject([{ level: 30, status: 200, aborted: true, msg: 'request' }]);
  });

  test('is broken off by what fails once it has begun', async () => {
    async function* failing(): AsyncGenerator<Item> {
      yield* counted(10, 10_000);
      throw new AppError('database_unavailable');
    }
    const { address, lines, closed } = await serving(() => ({
      title: '',
      things: failing(),
      others: [],
    }));
    const response = await begin(address);
    expect(response.statusCode).toBe(200);
    await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await closed;
    expect(lines).toMatchObject([
      { msg: 'database unavailable', requestId: response.headers['x-request-id'] },
      { msg: 'request', aborted: true },
    ]);
  });

  test('is not even begun by what fails before', async () => {
    async function* failing(): AsyncGenerator<Item> {
      yield { number: 1, text: '' };
      throw new AppError('database_unavailable', { retryAfter: 2 });
    }
    const { address } = await serving(() => ({ title: '', things: failing(), others: [] }));
    const { status, headers, body } = await exchange(address);
    expect({ status, code: body['code'] }).toEqual({ status: 503, code: 'database_unavailable' });
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(headers).not.toHaveProperty('content-disposition');
  });

  test('begins none of its lists for HEAD', async () => {
    let begun = false;
    async function* things(): AsyncGenerator<Item> {
      begun = true;
      yield* counted(1, 1);
    }
    const { address } = await serving(() => ({ title: '', things: things(), others: [] }));
    const { status, headers, text } = await exchange(address, { method: 'HEAD' });
    expect({ status, text, begun }).toEqual({ status: 200, text: '', begun: false });
    expect(headers['content-disposition']).toBe('attachment; filename="things.json"');
  });

  const more = { number: 1, text: '', hash: 'x' };

  test.each<[string, object]>([
    ['an item that comes bit by bit', { title: '', things: [], others: of(more) }],
    ['an item of a list in one piece', { title: '', things: [more], others: [] }],
    ['a member', { title: '', things: [], others: [], hash: 'x' }],
    ['the type', { title: 1, things: [], others: [] }],
  ])('that differs from its declaration in %s is a defect', async (_, answer) => {
    const { address } = await serving(() => answer as never);
    expect((await exchange(address)).body).toMatchObject({ status: 500, code: 'internal_error' });
  });
});

async function* of<T>(value: T): AsyncGenerator<T> {
  yield value;
}
