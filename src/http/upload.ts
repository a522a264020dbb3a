import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Request, RequestHandler, Response } from 'express';
import { slowestUpload, type Upload } from '../contract/files.ts';
import { AppError } from '../errors.ts';
import { askForBody } from './expectation.ts';

/** Milliseconds for which a caller may go on reading the answer after it was refused. */
const linger = 2000;
const pause = slowestUpload.pause * 1000;
const bytesPerMillisecond = slowestUpload.bytesPerSecond / 1000;

const timedHere = new WeakSet<IncomingMessage>();

/** Whether the time that the body takes is watched here, rather than bounded as for other requests. */
export function isTimedAsUpload(req: IncomingMessage): boolean {
  return timedHere.has(req);
}

/** Bytes that nobody reads would make the closing a reset, and the answer would be lost on its way. */
function closeGently(socket: Socket): void {
  socket.end();
  // Not before Node has set out to read what is left.
  setImmediate(() => socket.pause());
  const impatient = setTimeout(() => socket.destroy(), linger).unref();
  socket.once('close', () => clearTimeout(impatient));
}

/**
 * Lets an answer that comes before the whole body close the connection: Node would otherwise take in
 * the rest, for nothing. Stands before everything that may refuse.
 */
export const closeUnlessRead: RequestHandler = (req, res, next) => {
  const { socket } = req;
  if (!res.hasHeader('Connection')) {
    res.setHeader('Connection', 'close');
    req.once('end', () => {
      if (!res.headersSent) res.removeHeader('Connection');
    });
  }
  // What Node calls once such an answer is out.
  socket.destroySoon = () => {
    if (req.complete) socket.end(() => socket.destroy());
    else closeGently(socket);
  };
  next();
};

/** Takes the bytes of a file of any media type, as they are. */
export const fileBody: RequestHandler = (req, _res, next) => {
  const { 'content-encoding': encoding = 'identity', 'content-type': mediaType = '' } = req.headers;
  if (encoding.toLowerCase() !== 'identity') {
    const detail = 'Send the bytes of the file as they are, without a Content-Encoding.';
    throw new AppError('unsupported_media_type', { detail });
  }
  if (/^\s*multipart\/form-data/i.test(mediaType)) {
    const detail = 'Send the bytes of the file alone as the body, not a form that has it inside.';
    throw new AppError('unsupported_media_type', { detail });
  }
  next();
};

/** @throws AppError `request_timeout` after so many milliseconds */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('request_timeout')), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function nextOf(chunks: AsyncIterator<Buffer>): Promise<IteratorResult<Buffer>> {
  try {
    return await chunks.next();
  } catch (cause) {
    const detail = 'The connection ended before the body did.';
    throw new AppError('malformed_request', { detail, cause });
  }
}

/** Only the time that is spent waiting for the sender counts. */
async function* bytesOf(req: Request, res: Response): AsyncGenerator<Buffer> {
  timedHere.add(req);
  askForBody(req, res);
  // Without destroying the request at a failure, so that it can be answered.
  const chunks = req.iterator({ destroyOnReturn: false });
  // A body that Node cannot read is answered elsewhere, and then never ends by itself.
  const giveUp = () => req.destroy();
  res.once('close', giveUp);
  let received = 0;
  let waited = 0;
  try {
    for (;;) {
      const began = performance.now();
      const left = pause + received / bytesPerMillisecond - waited;
      const chunk = await within(Math.min(pause, left), nextOf(chunks));
      waited += performance.now() - began;
      if (chunk.done) break;
      received += chunk.value.length;
      yield chunk.value;
    }
  } finally {
    res.off('close', giveUp);
  }
  if (received > 0) return;
  const detail = 'The body is empty: send the bytes of the file.';
  throw new AppError('malformed_request', { detail });
}

/** The body of a request as a file; nothing of it is read before it is iterated. */
export function uploadOf(req: Request, res: Response): Upload {
  const length = req.headers['content-length'];
  return { length: length === undefined ? undefined : Number(length), bytes: bytesOf(req, res) };
}
