import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** How slowly an answer may be taken: in bytes a second on average, and with pauses of so many seconds. */
export const slowestDownload = { bytesPerSecond: 10_000, pause: 60 } as const;

const pause = slowestDownload.pause * 1000;
const bytesPerMillisecond = slowestDownload.bytesPerSecond / 1000;

/** Bytes of answers that may wait for slow callers, all together: beyond them, memory would run out. */
const room = 32_000_000;

interface Held {
  bytes: number;
  forget: () => void;
}

/** Whose answers wait, those who have kept theirs waiting the longest first. */
const held = new Map<Socket, Held>();
let total = 0;

function forget(socket: Socket): void {
  const { bytes, forget: listener } = held.get(socket) ?? {};
  if (bytes === undefined || listener === undefined) return;
  held.delete(socket);
  socket.off('close', listener);
  total -= bytes;
}

function makeRoom(): void {
  while (total > room && held.size > 1) {
    const [longest] = held.keys();
    if (longest === undefined) return;
    forget(longest);
    longest.destroy();
  }
}

function hold(socket: Socket, bytes: number): void {
  if (socket.destroyed) return;
  const known = held.get(socket);
  if (known) known.bytes += bytes;
  else {
    const listener = () => forget(socket);
    held.set(socket, { bytes, forget: listener });
    socket.once('close', listener);
  }
  total += bytes;
  makeRoom();
}

function release(socket: Socket, bytes: number): void {
  const known = held.get(socket);
  if (!known) return;
  if (known.bytes <= bytes) forget(socket);
  else {
    known.bytes -= bytes;
    total -= bytes;
  }
}

/** Whether the system has taken over all that was written; it has a buffer of its own for each caller. */
function isOut({ socket }: ServerResponse): boolean {
  return socket !== null && socket.writableLength === 0;
}

/** Gives a caller up who does not take the end of an answer in time. */
export function expectReading(res: ServerResponse, bytes: number): void {
  if (isOut(res)) return;
  // An answer that waits for the one before it has no socket yet.
  const { socket } = res.req;
  hold(socket, bytes);
  const late = setTimeout(() => socket.destroy(), pause + bytes / bytesPerMillisecond).unref();
  res.once('close', () => {
    clearTimeout(late);
    release(socket, bytes);
  });
}

/** @returns whether there is room for more within so many milliseconds */
async function drained(res: ServerResponse, milliseconds: number): Promise<boolean> {
  return new Promise((resolve) => {
    const settle = (isThere: boolean) => {
      clearTimeout(late);
      res.off('drain', onDrain);
      res.off('close', onClose);
      resolve(isThere);
    };
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const late = setTimeout(onClose, milliseconds);
    res.once('drain', onDrain);
    res.once('close', onClose);
  });
}

/**
 * Writes an answer piece by piece, each once the caller has taken the one before; ends early where the
 * caller leaves, or is too slow: only the time that is spent waiting for the caller counts.
 * @param source bytes that the source of the pieces holds meanwhile
 */
export async function writeAsTaken(
  res: ServerResponse,
  pieces: AsyncIterable<string | Uint8Array>,
  source = 0,
): Promise<void> {
  const { socket } = res.req;
  let taken = 0;
  let waited = 0;
  let last = 0;
  for await (const piece of pieces) {
    if (res.destroyed) return;
    last = Buffer.byteLength(piece);
    if (!res.write(piece)) {
      const began = performance.now();
      const waiting = isOut(res) ? 0 : last + source;
      hold(socket, waiting);
      const left = Math.min(pause, pause + taken / bytesPerMillisecond - waited);
      const goesOn = await drained(res, left);
      release(socket, waiting);
      if (!goesOn) {
        res.destroy();
        return;
      }
      waited += performance.now() - began;
    }
    taken += last;
  }
  res.end();
  expectReading(res, last);
}
