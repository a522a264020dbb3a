import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Request, Response } from 'express';
import { slowestUpload } from '../src/contract/files.ts';
import { AppError } from '../src/errors.ts';
import { uploadOf } from '../src/http/upload.ts';

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
});
afterEach(() => {
  jest.useRealTimers();
});

/** The body of a request, and what comes of reading it. */
function reading() {
  const body = Object.assign(new PassThrough(), { headers: {} });
  const { bytes } = uploadOf(body as unknown as Request, new EventEmitter() as Response);
  let size = 0;
  const end = (async () => {
    try {
      for await (const chunk of bytes) size += chunk.length;
      return size;
    } catch (error) {
      return error instanceof AppError ? error.code : error;
    }
  })();
  return { body, end };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** So many bytes, so many seconds apart, so often. */
async function trickle(body: PassThrough, size: number, seconds: number, times: number) {
  for (let sent = 0; sent < times; sent += 1) {
    body.write(Buffer.alloc(size));
    await settle();
    await jest.advanceTimersByTimeAsync(seconds * 1000);
  }
}

describe('the body of an upload', () => {
  test('may take as long as it needs at the slowest rate', async () => {
    const { body, end } = reading();
    await trickle(body, 10 * slowestUpload.bytesPerSecond, 10, 30);
    body.end();
    await settle();
    expect(await end).toBe(300 * slowestUpload.bytesPerSecond);
  });

  test('is given up when it comes more slowly', async () => {
    const { body, end } = reading();
    await trickle(body, 5 * slowestUpload.bytesPerSecond, 10, 30);
    expect(await end).toBe('request_timeout');
  });

  test('is given up after a pause, however fast it was before', async () => {
    const { body, end } = reading();
    await trickle(body, 1000 * slowestUpload.bytesPerSecond, slowestUpload.pause - 1, 2);
    await trickle(body, 1, slowestUpload.pause, 1);
    expect(await end).toBe('request_timeout');
  });

  test('that breaks off is no file', async () => {
    const { body, end } = reading();
    body.write('Hello');
    await settle();
    body.destroy(new Error('aborted'));
    expect(await end).toBe('malformed_request');
  });
});
