import { describe, expect, test } from '@jest/globals';
import { createClient } from '../src/client.ts';
import { startInstance, useApi } from './support/api.ts';
import {
  failureOf,
  newAccount,
  recordingFetch,
  signedUp,
  withOtherServer,
} from './support/clients.ts';
import { typeErrors } from './support/compiler.ts';
import { signUp } from './support/factories.ts';

const api = useApi();

describe('a client', () => {
  test('signs up, and creates, reads, changes and deletes a task', async () => {
    const { client } = await signedUp(api().origin);
    const { id, ...created } = await client.tasks.create({ body: { title: 'Pay rent' } });
    expect(created).toMatchObject({ title: 'Pay rent', status: 'todo', version: 1 });
    const params = { id };
    expect(await client.tasks.read({ params })).toEqual({ id, ...created });
    const done = await client.tasks.update({ params, body: { status: 'done' } });
    expect(done).toMatchObject({ id, status: 'done', version: 2 });
    expect(await client.tasks.remove({ params })).toBeUndefined();
    expect((await client.tasks.list()).data).toEqual([]);
  });

  test('sends the access token to the endpoints that need a caller, and to no other', async () => {
    const { accessToken } = await signUp(api());
    const { fetch, sent } = recordingFetch();
    const client = createClient({
      baseUrl: api().origin,
      fetch,
      accessToken: async () => accessToken,
    });
    await client.users.read();
    await client.auth.register({ body: newAccount() });
    expect(sent.map(({ headers }) => headers.get('Authorization'))).toEqual([
      `Bearer ${accessToken}`,
      null,
    ]);
  });

  test('works without a token on what is public, and is told where one is missing', async () => {
    const client = createClient({ baseUrl: api().origin });
    const account = newAccount();
    const { user } = await client.auth.register({ body: account });
    expect(user.email).toBe(account.email);
    expect((await failureOf(client.users.read())).code).toBe('unauthenticated');
  });

  test('takes a base address that ends in a slash', async () => {
    const { client } = await signedUp(`${api().origin}/`);
    expect((await client.users.read()).name).toBe('Ada');
  });

  test('sends the headers that a call adds', async () => {
    const { client } = await signedUp(api().origin);
    const headers = { 'X-Request-Id': 'mine-1' };
    const { requestId } = await client.users.read({ headers }).withResponse();
    expect(requestId).toBe('mine-1');
  });

  test('makes numbers and lists in a query what the API reads', async () => {
    const { client } = await signedUp(api().origin);
    for (const status of ['todo', 'in_progress', 'done'] as const) {
      await client.tasks.create({ body: { title: status, status } });
    }
    const { data, nextCursor } = await client.tasks.list({
      query: { status: ['todo', 'done'], sort: ['-title'], limit: 1, q: undefined },
    });
    expect(data.map(({ title }) => title)).toEqual(['todo']);
    expect(nextCursor).not.toBeNull();
  });

  test('keeps an id from leading to another path', async () => {
    const { fetch, sent } = recordingFetch();
    const { client } = await signedUp(api().origin, { fetch });
    const elsewhere = await failureOf(client.tasks.remove({ params: { id: '../users/me' } }));
    expect(elsewhere.code).toBe('not_found');
    expect(sent.at(-1)?.line).toBe('DELETE /api/v1/tasks/..%2Fusers%2Fme');
    for (const id of ['', '.', '..']) {
      await expect(client.tasks.remove({ params: { id } })).rejects.toThrow(TypeError);
    }
    expect(sent).toHaveLength(2);
  });

  test('needs a browser and no more', async () => {
    const browser = { types: [], lib: ['es2023', 'es2024.string', 'dom', 'dom.iterable'] };
    expect(await typeErrors(['src/client.ts'], browser)).toBe('');
  }, 120_000);
});

describe('withResponse()', () => {
  test('tells what came with the data', async () => {
    const { client } = await signedUp(api().origin);
    const answer = await client.tasks.create({ body: { title: 'Pay rent' } }).withResponse();
    expect(answer.data.title).toBe('Pay rent');
    expect(answer.etag).toBe('"1"');
    expect(answer.response.status).toBe(201);
    expect(answer.response.headers.get('Location')).toBe(`/api/v1/tasks/${answer.data.id}`);
    expect(answer.requestId).toBe(answer.response.headers.get('X-Request-Id'));
    expect(answer.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('gives the ETag with which a change is made conditional', async () => {
    const { client } = await signedUp(api().origin);
    const { etag } = await client.users.read().withResponse();
    await client.users.update({ body: { name: 'Ada L.' }, ifMatch: etag });
    const late = await failureOf(client.users.update({ body: { name: 'Bob' }, ifMatch: etag }));
    const now = await client.users.read().withResponse();
    expect(late).toMatchObject({ code: 'precondition_failed', status: 412, etag: now.etag });
    expect(now.data.name).toBe('Ada L.');
  });

  test('fails as the call itself does', async () => {
    const client = createClient({ baseUrl: api().origin });
    const failure = await failureOf(client.users.read().withResponse());
    expect(failure.code).toBe('unauthenticated');
  });
});

describe('for await', () => {
  const titles = ['a', 'b', 'c', 'd', 'e'];

  test('visits everything on all pages of a list, in order', async () => {
    const { client } = await signedUp(api().origin);
    for (const title of titles) await client.tasks.create({ body: { title } });
    const visited: string[] = [];
    for await (const { title } of client.tasks.list({ query: { sort: 'title', limit: 2 } })) {
      visited.push(title);
    }
    expect(visited).toEqual(titles);
  });

  test('asks for no page that is not reached', async () => {
    const { fetch, sent } = recordingFetch();
    const { client } = await signedUp(api().origin, { fetch });
    for (const title of titles) await client.tasks.create({ body: { title } });
    for await (const { title } of client.tasks.list({ query: { sort: 'title', limit: 2 } })) {
      if (title === 'c') break;
    }
    expect(sent.filter(({ line }) => line === 'GET /api/v1/tasks')).toHaveLength(2);
  });

  test('visits nothing in an empty list', async () => {
    const { client } = await signedUp(api().origin);
    for await (const task of client.tasks.list()) expect(task).toBeUndefined();
  });

  test('ends with the failure of a page', async () => {
    const { client } = await signedUp(api().origin);
    const walk = async () => {
      for await (const task of client.tasks.list({ query: { cursor: 'forged' } })) void task;
    };
    expect((await failureOf(walk())).code).toBe('validation_failed');
  });
});

describe('ApiError', () => {
  test('tells everything that the problem says', async () => {
    const { client } = await signedUp(api().origin);
    const failure = await failureOf(client.tasks.create({ body: { title: '' } }));
    expect(failure.name).toBe('ApiError');
    expect(failure.message).toBe('title: must have at least 1 character');
    expect(failure).toMatchObject({
      code: 'validation_failed',
      status: 422,
      title: 'The request does not match its schema',
      errors: [{ path: 'body.title', code: 'too_small', message: expect.any(String) }],
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      retryAfter: undefined,
    });
  });

  test('tells after how many seconds to try again', async () => {
    const instance = await startInstance(api().dependencies.database, { RATE_LIMIT: 'on' });
    const client = createClient({ baseUrl: instance.origin });
    const attempt = () => failureOf(client.auth.refresh({ body: { refreshToken: 'none' } }));
    const attempts = await Promise.all(Array.from({ length: 61 }, attempt));
    await instance.close();
    const limited = attempts.filter(({ code }) => code === 'rate_limited');
    expect(limited).toHaveLength(1);
    expect(limited[0]?.status).toBe(429);
    expect(limited[0]?.retryAfter).toBeGreaterThan(0);
    expect(limited[0]?.retryAfter).toBeLessThanOrEqual(60);
  });

  test.each([
    { what: 'a page of a portal', status: 200, body: '<h1>Welcome</h1>' },
    { what: 'JSON that is no object', status: 200, body: '"welcome"' },
    { what: 'the error page of a proxy', status: 502, body: '<h1>Bad gateway</h1>' },
    { what: 'the error of another API', status: 404, body: '{"error":"no such thing"}' },
  ])('says so when the answer is $what', async ({ status, body }) => {
    const answer = { 'Retry-After': '7', 'X-Request-Id': 'theirs-1' };
    await withOtherServer(
      (_req, res) => res.writeHead(status, answer).end(body),
      async (baseUrl) => {
        const client = createClient({ baseUrl });
        const failure = await failureOf(client.tasks.read({ params: { id: 'secret' } }));
        expect(failure).toMatchObject({ code: 'unexpected_answer', status, retryAfter: 7 });
        expect(failure.requestId).toBe('theirs-1');
        expect(failure.message).toContain(`GET ${baseUrl}/api/v1/tasks/:id`);
      },
    );
  });

  test('does not take a page of a portal for a deletion that is done', async () => {
    await withOtherServer(
      (_req, res) => res.end('<h1>Welcome</h1>'),
      async (baseUrl) => {
        const client = createClient({ baseUrl });
        const failure = await failureOf(client.tasks.remove({ params: { id: '1' } }));
        expect(failure.code).toBe('unexpected_answer');
      },
    );
  });

  test('says so when nothing answers, and keeps the reason', async () => {
    let gone = '';
    await withOtherServer(
      () => undefined,
      async (address) => {
        gone = address;
      },
    );
    const failure = await failureOf(createClient({ baseUrl: gone }).tasks.list());
    expect(failure).toMatchObject({ code: 'network_error', status: 0, requestId: undefined });
    expect(failure.cause).toBeDefined();
    expect(failure.message).toContain(`GET ${gone}/api/v1/tasks: no answer`);
  });

  test('says so when the connection ends in the middle of an answer', async () => {
    await withOtherServer(
      (_req, res) => {
        res.writeHead(200, { 'Content-Length': '100' });
        res.write('{"data":', () => res.destroy());
      },
      async (baseUrl) => {
        const failure = await failureOf(createClient({ baseUrl }).tasks.list());
        expect(failure.code).toBe('network_error');
      },
    );
  });

  test('leaves the end that a caller puts to its own call as it is', async () => {
    const { client } = await signedUp(api().origin);
    const reason = new Error('the page was left');
    const call = client.tasks.list({ signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
  });
});
