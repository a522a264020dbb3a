import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { expectProblem } from './support/problems.ts';
import { converse, exchange, speak } from './support/wire.ts';

const api = useApi();

/** A request as it is on the wire, with these lines and this body. */
function request(lines: string[], body = ''): string {
  return [...lines, '', body].join('\r\n');
}

const login = 'POST /api/v1/auth/login HTTP/1.1';
const host = 'Host: localhost';
const json = 'Content-Type: application/json';

async function refused(bytes: string | Uint8Array, instance: string) {
  const answer = await speak(api().origin, bytes);
  expect(expectProblem(answer, 400, 'malformed_request')).toMatchObject({ instance });
  expect(answer.headers['connection']).toBe('close');
}

describe('400 before there is a request', () => {
  test.each([
    ['no HTTP at all', request(['NONSENSE'])],
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['an unknown method', request(['FROBNICATE / HTTP/1.1', host])],
    ['a tunnel', request(['CONNECT localhost:443 HTTP/1.1', host])],
    ['HTTP/2 without asking', request(['PRI * HTTP/2.0', '', 'SM'])],
    ['a header without a name', request(['GET /livez HTTP/1.1', host, ': x'])],
    ['a header with a space in its name', request(['GET /livez HTTP/1.1', host, 'A b: x'])],
    ['a folded header', request(['GET /livez HTTP/1.1', host, 'A: x', ' y'])],
    ['NUL in a header', request(['GET /livez HTTP/1.1', host, 'A: \0'])],
    ['a carriage return in a header', request(['GET /livez HTTP/1.1', host, 'A: x\ry'])],
    ['two lengths', request([login, host, 'Content-Length: 2', 'Content-Length: 3'], '{}')],
    ['a length twice', request([login, host, 'Content-Length: 2', 'Content-Length: 2'], '{}')],
    ['a length that is none', request([login, host, 'Content-Length: two'], '{}')],
    ['a negative length', request([login, host, 'Content-Length: -2'], '{}')],
    [
      'a length beside chunks',
      request([login, host, 'Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    ],
    [
      'chunks in chunks',
      request([login, host, 'Transfer-Encoding: chunked, chunked'], '0\r\n\r\n'),
    ],
    [
      'chunks that are not the last coding',
      request([login, host, 'Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'),
    ],
  ])('%s', async (_, bytes) => {
    await refused(bytes, '/');
  });

  test('a byte in the path that is not ASCII', async () => {
    await refused(Buffer.from(request(['GET /caf\xe9 HTTP/1.1', host]), 'latin1'), '/');
  });
});

describe('400 with the path and the id of the request', () => {
  test.each(['xchunked', 'gzip', 'gzip, chunked', 'identity'])(
    'Transfer-Encoding: %s',
    async (coding) => {
      const close = 'Connection: close';
      const head = [login, host, json, `Transfer-Encoding: ${coding}`, close];
      const received = await converse(api().origin, request(head, '2\r\n{}\r\n0\r\n\r\n'));
      expect(received).toMatch(/^HTTP\/1\.1 400 /);
      expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(received).toMatch(/application\/problem\+json/);
      expect(received).toMatch(/Transfer-Encoding: only chunked is known/);
    },
  );

  test('a chunk without a size', async () => {
    const head = [login, host, json, 'Transfer-Encoding: chunked', 'X-Request-Id: mine'];
    const answer = await speak(api().origin, request(head, 'zz\r\n{}\r\n0\r\n\r\n'));
    expect(expectProblem(answer, 400, 'malformed_request')).toMatchObject({
      instance: '/api/v1/auth/login',
      requestId: 'mine',
    });
  });

  test.each([
    ['no host', []],
    ['two hosts', ['Host: a', 'hOST: b']],
  ])('%s', async (_, hosts) => {
    await refused(request(['GET /livez HTTP/1.1', ...hosts, 'Connection: close']), '/livez');
  });

  test('a form of the target that is none', async () => {
    const answer = await speak(
      api().origin,
      request(['GET * HTTP/1.1', host, 'Connection: close']),
    );
    expectProblem(answer, 404, 'not_found');
  });
});

describe('408', () => {
  test('heads and bodies that never end', async () => {
    const { server, origin } = api();
    const { headersTimeout, requestTimeout } = server;
    Object.assign(server, { headersTimeout: 50, requestTimeout: 50 });
    const [head, body] = await Promise.all([
      speak(origin, 'GET /livez HTTP/1.1\r\nHost: lo'),
      speak(origin, request([login, host, json, 'Content-Length: 9'], '{')),
    ]);
    Object.assign(server, { headersTimeout, requestTimeout });
    expectProblem(head, 408, 'request_timeout');
    const problem = expectProblem(body, 408, 'request_timeout');
    expect(problem).toMatchObject({ instance: '/api/v1/auth/login' });
  });
});

describe('431', () => {
  test.each([
    ['one long header', ['GET /livez HTTP/1.1', host, `A: ${'a'.repeat(20_000)}`]],
    [
      'many headers',
      ['GET /livez HTTP/1.1', host, ...Array.from({ length: 1999 }, () => 'A: aaaaaaaaaaaaa')],
    ],
    ['a long path', [`GET /${'a'.repeat(20_000)} HTTP/1.1`, host]],
    ['a megabyte', ['GET /livez HTTP/1.1', host, `A: ${'a'.repeat(1_000_000)}`]],
  ])('%s', async (_, lines) => {
    const answer = await speak(api().origin, request(lines));
    expectProblem(answer, 431, 'headers_too_large');
  });

  test('15,000 bytes of headers are no trouble', async () => {
    const headers = { A: 'a'.repeat(15_000) };
    expect(await exchange(`${api().origin}/livez`, { headers })).toMatchObject({ status: 200 });
  });
});

describe('A sound request', () => {
  test.each([
    ['in HTTP/1.0 without a host', request(['GET /livez HTTP/1.0'])],
    ['with a whole address', request(['GET http://a/livez HTTP/1.1', host, 'Connection: close'])],
    [
      'that offers another protocol',
      request(['GET /livez HTTP/1.1', host, 'Connection: Upgrade, close', 'Upgrade: websocket']),
    ],
    ['after an empty line', `\r\n${request(['GET /livez HTTP/1.1', host, 'Connection: close'])}`],
  ])('%s', async (_, bytes) => {
    expect(await speak(api().origin, bytes)).toMatchObject({ status: 200, body: { status: 'ok' } });
  });

  test('is answered before what follows it is refused', async () => {
    const sound = request(['GET /readyz HTTP/1.1', host]);
    const received = await converse(api().origin, `${sound}NONSENSE\r\n\r\n`);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400']);
  });

  test('is answered once, and the connection closed, where only its body turns out broken', async () => {
    const head = ['POST /api/v1/tasks HTTP/1.1', host, json, 'Transfer-Encoding: chunked'];
    const received = await converse(api().origin, request(head, 'zz\r\n'));
    expect(received.match(/HTTP\/1\.1 \d+/g)).toHaveLength(1);
  });

  test('is served after all of this', async () => {
    expect(await exchange(`${api().origin}/livez`)).toMatchObject({ status: 200 });
  });
});
