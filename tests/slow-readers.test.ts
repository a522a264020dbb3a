import { EventEmitter, once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { expectReading, slowestDownload, writeAsTaken } from '../src/http/readers.ts';
import { useServers } from './support/serving.ts';

const { bytesPerSecond, pause } = slowestDownload;
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('an answer in pieces', () => {
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask', 'setImmediate'] });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** A caller who takes nothing by themselves, and the answer that is written to them. */
  function writing(size: number, count: number) {
    let take: (() => void) | undefined;
    const socket = new PassThrough();
    const caller = new Writable({
      write: (_chunk, _encoding, done) => {
        take = done;
      },
    });
    const res = Object.assign(caller, { req: { socket }, socket: caller });
    let source = 'reading';
    async function* pieces() {
      try {
        for (let made = 0; made < count; made += 1) yield Buffer.alloc(size);
      } finally {
        source = 'ended';
      }
    }
    const written = writeAsTaken(res as unknown as ServerResponse, pieces());
    /** Takes a piece after so many seconds. */
    async function takeAfter(seconds: number) {
      await settle();
      await jest.advanceTimersByTimeAsync(seconds * 1000);
      take?.();
      await settle();
    }
    return { res: caller, written, takeAfter, source: () => source };
  }

  test('may take as long as it needs at the slowest rate', async () => {
    const { res, written, takeAfter } = writing(30 * bytesPerSecond, 20);
    for (let taken = 0; taken < 20; taken += 1) await takeAfter(30);
    await written;
    expect(res).toMatchObject({ writableFinished: true, destroyed: true, errored: null });
  });

  test('is given up, and its source ended, when it is taken more slowly', async () => {
    const { res, written, takeAfter, source } = writing(20 * bytesPerSecond, 20);
    for (let taken = 0; taken < 10; taken += 1) await takeAfter(30);
    await written;
    expect(res).toMatchObject({ writableFinished: false, destroyed: true });
    expect(source()).toBe('ended');
  });

  test('is given up after a pause, however fast it was before', async () => {
    const { res, written, takeAfter } = writing(1000 * bytesPerSecond, 20);
    await takeAfter(pause - 1);
    await takeAfter(1);
    expect(res.destroyed).toBe(false);
    await takeAfter(pause);
    await written;
    expect(res).toMatchObject({ writableFinished: false, destroyed: true });
  });
});

describe('an answer in one piece', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  /** One that waits behind another, as if it had been asked for in the same breath. */
  function waiting(bytes: number) {
    const socket = new PassThrough();
    const res = Object.assign(new EventEmitter(), { socket: null, req: { socket } });
    expectReading(res as unknown as ServerResponse, bytes);
    return { socket, res };
  }

  test('is given up when it is not taken in time', async () => {
    jest.useFakeTimers();
    const { socket } = waiting(10 * bytesPerSecond);
    jest.advanceTimersByTime((pause + 9) * 1000);
    expect(socket.destroyed).toBe(false);
    jest.advanceTimersByTime(2000);
    expect(socket.destroyed).toBe(true);
  });

  test('is not given up once it is taken', async () => {
    jest.useFakeTimers();
    const { socket, res } = waiting(10);
    res.emit('close');
    jest.advanceTimersByTime(2 * pause * 1000);
    expect(socket.destroyed).toBe(false);
  });
});

describe('answers that nobody reads', () => {
  const serve = useServers();
  const megabyte = 1_000_000;

  test('make room for new ones, the oldest first', async () => {
    // More than the system takes over.
    const body = Buffer.alloc(20 * megabyte);
    const server = createServer((_req, res) => {
      res.end(body);
      expectReading(res, body.length);
    });
    const { hostname, port } = new URL(await serve(server));
    const open = async () => {
      const caller = connect(Number(port), hostname).pause();
      const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>;
      caller.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      const [, res] = await asked;
      return { caller, res };
    };
    const first = await open();
    const ended = once(first.res, 'close');
    const second = await open();
    await ended;
    const reading = async ({ caller }: typeof first) => {
      let bytes = 0;
      caller.on('data', ({ length }: Buffer) => {
        bytes += length;
        if (bytes > body.length) caller.destroy();
      });
      caller.on('error', () => {});
      caller.resume();
      await once(caller, 'close');
      return bytes;
    };
    expect(await reading(first)).toBeLessThan(body.length);
    expect(await reading(second)).toBeGreaterThan(body.length);
  });
});
