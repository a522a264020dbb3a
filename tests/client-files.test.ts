import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { ApiError, createClient } from '../src/client.ts';
import { useApi } from './support/api.ts';
import { failureOf, recordingFetch, signedUp } from './support/clients.ts';
import { createTask, signUp } from './support/factories.ts';

const api = useApi();

const bytes = new Uint8Array(randomBytes(200_000));
const query = { name: 'Büro.bin' };

/** Bytes whose length nobody knows. */
function stream(): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 50_000) {
        controller.enqueue(bytes.subarray(at, at + 50_000));
      }
      controller.close();
    },
  });
}

async function withTask() {
  const { client } = await signedUp(api().origin);
  const { id } = await client.tasks.create({ body: { title: 'Pay rent' } });
  return { client, params: { id } };
}

describe('a client', () => {
  test.each([
    ['a blob', () => new Blob([bytes])],
    ['an array of bytes', () => bytes],
    ['a stream', stream],
  ])('sends %s as a file, and gets it back', async (_, body) => {
    const { client, params } = await withTask();
    const made = await client.attachments.create({ params, query, body: body() });
    expect(made).toMatchObject({ name: 'Büro.bin', size: bytes.length });
    const place = { ...params, attachmentId: made.id };
    const answer = await client.attachments.download({ params: place });
    expect(answer.headers.get('Content-Disposition')).toContain("UTF-8''B%C3%BCro.bin");
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    const headers = { Range: 'bytes=0-9' };
    const call = client.attachments.download({ params: place, headers }).withResponse();
    const { data, etag, response } = await call;
    expect([data === response, data.status, etag]).toEqual([true, 206, `"${made.sha256}"`]);
    expect(new Uint8Array(await data.arrayBuffer())).toEqual(bytes.slice(0, 10));
  });

  test('is told why a file is not taken or not there', async () => {
    const { client, params } = await withTask();
    const body = new Blob(['x']);
    const unnamed = await failureOf(
      client.attachments.create({ params, query: { name: '' }, body }),
    );
    expect(unnamed.code).toBe('validation_failed');
    const place = { ...params, attachmentId: 'f'.repeat(24) };
    const absent = await failureOf(client.attachments.download({ params: place }));
    expect(absent).toBeInstanceOf(ApiError);
    expect([absent.code, absent.status]).toEqual(['not_found', 404]);
  });

  test.each([
    ['sends a blob again', () => new Blob([bytes]), 2],
    ['does not send a stream again', stream, 1],
  ])('%s once the access token was renewed', async (_, body, times) => {
    const member = await signUp(api());
    const { id } = await createTask(member);
    const { fetch, sent } = recordingFetch();
    let held = { accessToken: 'expired', refreshToken: member.refreshToken };
    const session = {
      get: () => held,
      set: (tokens: typeof held | null) => {
        if (tokens) held = tokens;
      },
    };
    const client = createClient({ baseUrl: api().origin, fetch, session });
    const params = { id };
    const result = await client.attachments
      .create({ params, query, body: body() })
      .catch((error: ApiError) => error.code);
    const uploads = sent.filter(({ line }) => /^POST .*\/attachments$/.test(line));
    expect(uploads).toHaveLength(times);
    if (times === 1) {
      expect(result).toBe('invalid_token');
      await client.attachments.create({ params, query, body: body() });
    }
    const { data } = await client.attachments.list({ params });
    expect(data.map(({ size }) => size)).toEqual([bytes.length]);
  });
});
