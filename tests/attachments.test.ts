import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { AttachmentModel } from '../src/features/attachments/attachments.model.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import {
  attach,
  bytesIn,
  download,
  owner,
  piecesInDatabase,
  upload,
} from './support/attachments.ts';
import { basePath, createTask, send, signUp } from './support/factories.ts';
import { expectProblem as expectWireProblem, expectViolations } from './support/problems.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const sha256Of = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('POST /tasks/:id/attachments', () => {
  test('201: stores the bytes and tells what they are', async () => {
    const { member, taskId, path } = await owner(api());
    const answer = await upload(api(), member, path, png, { name: 'dot.png' });
    expect(answer.status).toBe(201);
    const { id } = answer.body;
    expect(answer.body).toEqual({
      id: expect.any(String),
      taskId,
      name: 'dot.png',
      mediaType: 'image/png',
      size: png.length,
      sha256: sha256Of(png),
      createdAt: instant,
    });
    expect(answer.headers.location).toBe(`${basePath}${path}/${String(id)}`);
    expect(answer.headers.connection).not.toBe('close');
    const content = await download(api(), member, `${path}/${String(id)}/content`);
    expect(await bytesIn(content)).toEqual(png);
  });

  test.each<[string, string | Uint8Array, string]>([
    ['%PDF-1.7\n…', '%PDF-1.7\n%âãÏÓ', 'application/pdf'],
    ['text', 'Grüße,\r\n\t\u{1F511}\f', 'text/plain'],
    ['a page', '<!doctype html><script>alert(1)</script>', 'text/plain'],
    ['text with a control character', 'a\u0007b', 'application/octet-stream'],
    ['text with a NUL', 'a\0b', 'application/octet-stream'],
    ['what is not UTF-8', Buffer.from([0x61, 0xff, 0x62]), 'application/octet-stream'],
    ['UTF-8 that breaks off', Buffer.from('ü').subarray(0, 1), 'application/octet-stream'],
  ])('201: tells the type of %s from the bytes', async (_, bytes, mediaType) => {
    const { member, path } = await owner(api());
    const headers = { 'Content-Type': 'text/html' };
    const answer = await upload(api(), member, path, bytes, { headers, name: 'page.html' });
    expect(answer.status).toBe(201);
    expect(answer.body['mediaType']).toBe(mediaType);
  });

  test('201: reads to the end to tell that something is text', async () => {
    const { member, path } = await owner(api());
    const long = Buffer.alloc(300_000, 'ü');
    expect((await attach(api(), member, path, long)).mediaType).toBe('text/plain');
    long[299_999] = 0;
    expect((await attach(api(), member, path, long)).mediaType).toBe('application/octet-stream');
  });

  test.each(['a', ' Übersicht „neu“ 100%.pdf ', "it's (1)*.txt", '\u{1F511}'.repeat(255), '..'])(
    '201: keeps the name %p as it is given',
    async (name) => {
      const { member, path } = await owner(api());
      expect((await attach(api(), member, path, 'x', name)).name).toBe(name);
    },
  );

  test('201: takes a body whose length is not told', async () => {
    const { member, path } = await owner(api());
    const headers = { 'Transfer-Encoding': 'chunked' };
    const bytes = randomBytes(700_000);
    const answer = await upload(api(), member, path, bytes, { headers });
    expect(answer).toMatchObject({ status: 201, body: { size: 700_000, sha256: sha256Of(bytes) } });
    const { id } = answer.body as { id: string };
    const record = await AttachmentModel.findById(id).lean();
    expect(record).toMatchObject({ state: 'stored', size: 700_000 });
    expect(record?.sweepAt).toBeUndefined();
    const content = await download(api(), member, `${path}/${id}/content`);
    expect(sha256Of(await bytesIn(content))).toBe(sha256Of(bytes));
  });

  test('400: refuses an empty body, and keeps nothing', async () => {
    const { member, path } = await owner(api());
    const answers = [
      await upload(api(), member, path, ''),
      await upload(api(), member, path, '', { headers: { 'Transfer-Encoding': 'chunked' } }),
    ];
    for (const answer of answers) expectWireProblem(answer, 400, 'malformed_request');
    expect(
      await AttachmentModel.countDocuments({ name: 'notes.txt', ownerId: member.user.id }),
    ).toBe(0);
  });

  test.each<[string, Record<string, string>]>([
    ['a form', { 'Content-Type': 'multipart/form-data; boundary=x' }],
    ['compressed bytes', { 'Content-Encoding': 'gzip' }],
  ])('415: refuses %s, whose bytes are not those of the file', async (_, headers) => {
    const { member, path } = await owner(api());
    const answer = await upload(api(), member, path, 'x', { headers });
    expectWireProblem(answer, 415, 'unsupported_media_type');
  });

  test.each<[string, string]>([
    ['', 'query.name'],
    ['?name=', 'query.name'],
    [`?name=${'x'.repeat(256)}`, 'query.name'],
    ['?name=..%2Fpasswd', 'query.name'],
    ['?name=..%5Cpasswd', 'query.name'],
    ['?name=a%0D%0Ab', 'query.name'],
    ['?name=a%7Fb', 'query.name'],
    ['?name=a&size=1', 'query.size'],
  ])('422: refuses %s', async (query, violation) => {
    const { member, path } = await owner(api());
    const headers = { Authorization: `Bearer ${member.accessToken}` };
    const address = `${api().origin}${basePath}${path}${query}`;
    const answer = await exchange(address, { method: 'POST', headers }, 'x');
    expectViolations(answer, violation);
  });
});

describe('GET /tasks/:id/attachments', () => {
  test('200: lists those of this task, the oldest first, page by page', async () => {
    const { member, path } = await owner(api());
    const other = await createTask(member);
    await attach(api(), member, `/tasks/${other.id}/attachments`);
    const made = [];
    for (const name of ['one', 'two', 'three']) {
      made.push(await attach(api(), member, path, name, name));
    }
    const first = await member.send('get', `${path}?limit=2`);
    const rest = await member.send('get', `${path}?limit=2&cursor=${first.body.nextCursor}`);
    expect([...first.body.data, ...rest.body.data]).toEqual(made);
    expect(rest.body.nextCursor).toBeNull();
  });

  test.each<[string, string]>([
    ['limit=0', 'query.limit too_small'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['state=uploading', 'query.state unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const { member, path } = await owner(api());
    expect(violationsIn(await member.send('get', `${path}?${query}`))).toEqual([violation]);
  });
});

describe('GET /tasks/:id/attachments/:attachmentId', () => {
  test('200: tells what it is, with an ETag', async () => {
    const { member, path } = await owner(api());
    const made = await attach(api(), member, path);
    const answer = await member.send('get', `${path}/${made.id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(made);
    expect(answer.headers['etag']).toBe(`"${made.sha256}"`);
  });
});

describe('DELETE /tasks/:id/attachments/:attachmentId', () => {
  test('204: removes it and its bytes', async () => {
    const { member, path } = await owner(api());
    const gone = await attach(api(), member, path, 'x', 'gone');
    const kept = await attach(api(), member, path, 'x', 'kept');
    expect(await piecesInDatabase(gone.id)).toBe(2);
    const answer = await member.send('delete', `${path}/${gone.id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await member.send('get', path)).body.data).toEqual([kept]);
    expect(await piecesInDatabase(gone.id)).toBe(0);
    expect(await AttachmentModel.findById(gone.id).lean()).toBeNull();
    expectProblem(await member.send('delete', `${path}/${gone.id}`), 404, 'not_found');
    const content = await download(api(), member, `${path}/${kept.id}/content`);
    expect(await content.text()).toBe('x');
  });
});

describe('somebody else', () => {
  test.each(['get', 'post'] as const)('401: %s of the list asks for a token', async (method) => {
    const { path } = await owner(api());
    const answer = await send(api(), undefined, method, `${path}?name=x`);
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('404: attaches nothing to a task that is absent or not theirs', async () => {
    const { path } = await owner(api());
    const stranger = await signUp(api());
    for (const each of [path, `/tasks/${'0'.repeat(24)}/attachments`, '/tasks/x/attachments']) {
      const answer = await upload(api(), stranger, each, 'x');
      expectWireProblem(answer, 404, 'not_found');
      expectProblem(await stranger.send('get', each), 404, 'not_found');
    }
    expect(await AttachmentModel.countDocuments({ ownerId: stranger.user.id })).toBe(0);
  });

  test.each<['get' | 'delete', string]>([
    ['get', ''],
    ['get', '/content'],
    ['delete', ''],
  ])('%s /tasks/:id/attachments/:attachmentId%s is refused', async (method, rest) => {
    const { member, path } = await owner(api());
    const theirs = await owner(api());
    const other = await createTask(member);
    const mine = await attach(api(), member, path);
    const foreign = await attach(api(), theirs.member, theirs.path);
    const anonymous = await send(api(), undefined, method, `${path}/${mine.id}${rest}`);
    expectUnauthorized(anonymous, 'unauthenticated');
    const paths = [
      `${path}/${'0'.repeat(24)}`,
      `${path}/x`,
      `/tasks/${other.id}/attachments/${mine.id}`,
      `${path}/${foreign.id}`,
      `${theirs.path}/${foreign.id}`,
    ];
    const answers = await Promise.all(paths.map((each) => member.send(method, each + rest)));
    for (const answer of answers) expectProblem(answer, 404, 'not_found');
    expect(new Set(answers.map(({ body }) => body.detail)).size).toBe(1);
    const content = await download(api(), theirs.member, `${theirs.path}/${foreign.id}/content`);
    expect(await content.text()).toBe('Hello');
  });
});
