import { Agent } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { createTask, type Member, signUp } from './support/factories.ts';
import { expectProblem, expectViolations } from './support/problems.ts';
import { exchange, speak, type WireAnswer } from './support/wire.ts';

const api = useApi();
let member: Member;
beforeAll(async () => {
  member = await signUp(api());
});

type Body = string | Uint8Array;
type Headers = Record<string, string>;

const json = { 'Content-Type': 'application/json' };
const task = '{"title":"Pay rent"}';

function sendTo(path: string, method: string, headers: Headers, body?: Body): Promise<WireAnswer> {
  const Authorization = `Bearer ${member.accessToken}`;
  const options = { method, headers: { Authorization, ...headers } };
  return exchange(`${api().origin}/api/v1${path}`, options, body);
}

const post = (headers: Headers, body?: Body) => sendTo('/tasks', 'POST', headers, body);

async function patch(headers: Headers, body: Body) {
  const { id } = await createTask(member);
  return sendTo(`/tasks/${id}`, 'PATCH', headers, body);
}

/** A task as JSON of exactly so many bytes. */
const sized = (length: number) => task.padEnd(length);

function bytes(...parts: (string | number[])[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part as string)));
}

afterEach(async () => {
  expect(await post(json, task)).toMatchObject({ status: 201 });
});

describe('201', () => {
  test.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=utf-8',
    'application/json; charset="UTF-8"',
    'application/json ; charset=Utf-8',
    'application/json; profile=x',
  ])('%s is JSON in UTF-8', async (contentType) => {
    expect(await post({ 'Content-Type': contentType }, task)).toMatchObject({ status: 201 });
  });

  test.each(['application/json', 'application/merge-patch+json'])('%s patches', async (type) => {
    const answer = await patch({ 'Content-Type': type }, '{"title":"Pay less"}');
    expect(answer).toMatchObject({ status: 200, body: { title: 'Pay less' } });
  });

  test('a byte order mark is not part of the JSON', async () => {
    const answer = await post(json, bytes([0xef, 0xbb, 0xbf], task));
    expect(answer).toMatchObject({ status: 201, body: { title: 'Pay rent' } });
  });

  test('text comes back as it was sent, whatever the script', async () => {
    const title = 'Miete 🏠 \u202eلا إيجار\u202c Zahlen e\u0301 家賃';
    const answer = await post(json, JSON.stringify({ title }));
    expect(answer).toMatchObject({ status: 201, body: { title } });
  });

  test.each([
    ['gzip', gzipSync(task)],
    ['deflate', deflateSync(task)],
    ['br', brotliCompressSync(task)],
    ['identity', task],
  ])('a body in %s is unpacked', async (encoding, body) => {
    const answer = await post({ ...json, 'Content-Encoding': encoding }, body);
    expect(answer).toMatchObject({ status: 201, body: { title: 'Pay rent' } });
  });

  test('100,000 bytes are within the limit', async () => {
    expect(await post(json, sized(100_000))).toMatchObject({ status: 201 });
    const chunked = { ...json, 'Transfer-Encoding': 'chunked' };
    expect(await post(chunked, sized(100_000))).toMatchObject({ status: 201 });
  });

  test.each(['100-continue', 'the-unexpected'])('Expect: %s is no obstacle', async (expect_) => {
    expect(await post({ ...json, Expect: expect_ }, task)).toMatchObject({ status: 201 });
  });
});

describe('400', () => {
  test.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['an open brace', '{'],
    ['two objects', '{}{}'],
    ['a trailing comma', '{"title":"x",}'],
    ['single quotes', "{'title':'x'}"],
    ['a comment', '{"title":"x"} // really'],
    ['a raw line feed in text', '{"title":"a\nb"}'],
    ['NaN', '{"title":NaN}'],
    ['a string', '"title"'],
    ['a number', '1'],
    ['true', 'true'],
    ['null', 'null'],
    ['16,000 arrays', '['.repeat(16_000) + ']'.repeat(16_000)],
    ['16,000 open arrays', '['.repeat(16_000)],
    ['16,000 objects', '{"a":'.repeat(16_000) + '1' + '}'.repeat(16_000)],
    ['depth after misleading text', `{"\\"]]}":"${']'.repeat(99)}","a":${'['.repeat(99)}`],
    ['0xFF', bytes('{"title":"', [0xff], '"}')],
    ['an overlong slash', bytes('{"title":"', [0xc0, 0xaf], '"}')],
    ['a surrogate in UTF-8', bytes('{"title":"', [0xed, 0xa0, 0x80], '"}')],
    ['a truncated character', bytes('{"title":"', [0xe2, 0x82], '"}')],
    ['a character beyond Unicode', bytes('{"title":"', [0xf4, 0x90, 0x80, 0x80], '"}')],
    ['UTF-16', Buffer.from(task, 'utf16le')],
  ])('%s is not the JSON of an object', async (_, body) => {
    expectProblem(await post(json, body), 400, 'malformed_request');
  });

  test.each<[string, Headers]>([
    ['with a media type', json],
    ['without a media type', {}],
    ['with a length of 0', { 'Content-Length': '0' }],
    ['in no chunks', { ...json, 'Transfer-Encoding': 'chunked' }],
  ])('no body at all, %s', async (_, headers) => {
    expectProblem(await post(headers), 400, 'malformed_request');
  });

  test('no body at all, without a length', async () => {
    const head = [
      'POST /api/v1/auth/login HTTP/1.1',
      'Host: localhost',
      'Content-Type: application/json',
      'Connection: close',
    ];
    const answer = await speak(api().origin, `${head.join('\r\n')}\r\n\r\n`);
    expectProblem(answer, 400, 'malformed_request');
  });

  test.each([
    ['not gzip at all', Buffer.from('title')],
    ['truncated gzip', gzipSync(task).subarray(0, 20)],
    ['gzip of nothing', gzipSync('')],
    [
      'gzip with a wrong checksum',
      bytes([...gzipSync(task).subarray(0, -8)], [0, 0, 0, 0, 20, 0, 0, 0]),
    ],
  ])('%s', async (_, body) => {
    const answer = await post({ ...json, 'Content-Encoding': 'gzip' }, body);
    expectProblem(answer, 400, 'malformed_request');
  });
});

/** So many bytes of a zlib stream (RFC 1950) that holds nothing, and has not ended. */
function emptyBlocks(length: number): Buffer {
  return Buffer.concat([
    Buffer.from([0x78, 0x9c]),
    Buffer.alloc(length, '\0\0\0\xff\xff', 'latin1'),
  ]);
}

describe('413', () => {
  test.each<[string, Headers, Body]>([
    ['100,001 bytes', json, sized(100_001)],
    ['100,001 bytes in chunks', { ...json, 'Transfer-Encoding': 'chunked' }, sized(100_001)],
    ['many more', json, sized(5_000_000)],
    [
      '20 MB in a gzip of 20 kB',
      { ...json, 'Content-Encoding': 'gzip' },
      gzipSync(sized(20_000_000)),
    ],
  ])('%s', async (_, headers, body) => {
    expectProblem(await post(headers, body), 413, 'payload_too_large');
  });

  test.each([
    ['in one piece', {}],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }],
  ])('a compressed body that never becomes anything, %s', async (_, framing) => {
    const headers = { ...json, ...framing, 'Content-Encoding': 'deflate' };
    expectProblem(await post(headers, emptyBlocks(1_000_000)), 413, 'payload_too_large');
  });

  test('a refusal before the body is read leaves the connection usable', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const options = { agent, method: 'POST', headers: json };
    const address = `${api().origin}/api/v1/tasks`;
    for (let round = 0; round < 3; round += 1) {
      const answer = await exchange(address, options, sized(2_000_000));
      expectProblem(answer, 401, 'unauthenticated');
      expect(answer.headers.connection).toBe('keep-alive');
    }
    agent.destroy();
  });
});

describe('415', () => {
  test.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/merge-patch+json',
    'application/json-patch+json',
    'application/problem+json',
    'application/vnd.api+json',
    'application/jsonl',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset="utf-16le"',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json; charset=',
    'json',
  ])('%s is not taken by POST', async (contentType) => {
    const answer = await post({ 'Content-Type': contentType }, task);
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  test.each(['application/json-patch+json', 'text/plain'])('%s does not patch', async (type) => {
    const answer = await patch({ 'Content-Type': type }, '[]');
    expectProblem(answer, 415, 'unsupported_media_type');
  });

  test('a body without a media type', async () => {
    expectProblem(await post({}, task), 415, 'unsupported_media_type');
  });

  test.each(['zstd', 'compress', 'gzip, gzip', 'x'])(
    'Content-Encoding: %s is not known',
    async (encoding) => {
      const answer = await post({ ...json, 'Content-Encoding': encoding }, gzipSync(task));
      expectProblem(answer, 415, 'unsupported_media_type');
    },
  );
});

describe('422', () => {
  test('an array is not an object', async () => {
    expectViolations(await post(json, '[]'), 'body');
  });

  test('32 levels are read, and then refused by the schema', async () => {
    const nested = '{"a":'.repeat(31) + '{}' + '}'.repeat(31);
    expectViolations(await post(json, nested), 'body.title', 'body.a');
  });

  test.each([
    ['__proto__', '{"polluted":true}'],
    ['__proto__', 'null'],
    ['constructor', '{"prototype":{"polluted":true}}'],
    ['prototype', '{"polluted":true}'],
    ['toString', '1'],
    ['hasOwnProperty', '1'],
    ['$where', '"1"'],
  ])('%s is a member like any other unknown one: %s', async (name, value) => {
    for (const send of [post, patch]) {
      const answer = await send(json, `{"title":"Pay rent","${name}":${value}}`);
      expectViolations(answer, `body.${name}`);
    }
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('a member that is unknown twice is one violation', async () => {
    expectViolations(await post(json, '{"title":"Pay rent","x":1,"x":2}'), 'body.x');
  });

  test('every unknown member is named', async () => {
    expectViolations(await post(json, '{"title":"Pay rent","x":1,"y":2}'), 'body.x', 'body.y');
  });

  test.each([
    ['NUL', String.raw`\u0000`],
    ['a lone high surrogate', String.raw`\ud83d`],
    ['a lone low surrogate', String.raw`\ude42`],
    ['surrogates in the wrong order', String.raw`\ude42\ud83d`],
  ])('%s cannot be kept in text', async (_, escaped) => {
    expectViolations(await post(json, `{"title":"a${escaped}"}`), 'body.title');
    const description = `{"title":"a","description":"${escaped}"}`;
    expectViolations(await post(json, description), 'body.description');
  });

  test('an operator in place of a value', async () => {
    const body = '{"email":{"$gt":""},"password":{"$gt":""}}';
    const answer = await exchange(
      `${api().origin}/api/v1/auth/login`,
      { method: 'POST', headers: json },
      body,
    );
    expectViolations(answer, 'body.email', 'body.password');
  });
});
