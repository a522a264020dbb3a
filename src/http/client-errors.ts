import { randomUUID } from 'node:crypto';
import { type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Request, Response } from 'express';
import { AppError, type ErrorCode } from '../errors.ts';
import type { Connections } from './connections.ts';
import { problemOf, sendProblem } from './problems.ts';
import { isTimedAsUpload } from './upload.ts';

/** Milliseconds for which a client may go on reading after it was refused. */
const linger = 2000;

const codes: Record<string, ErrorCode> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

/** A whole answer for a request of which there is no object, as its head could not be read. */
function refusal(error: AppError): string {
  const requestId = randomUUID();
  const problem = problemOf(error, '/', requestId);
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Cache-Control: no-store',
    'Connection: close',
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    '',
    body,
  ].join('\r\n');
}

/** Not at once: closing with bytes unread resets the connection, and the answer is lost on its way. */
function closeAfter(socket: Duplex, answer?: string): void {
  socket.end(answer);
  const impatient = setTimeout(() => socket.destroy(), linger).unref();
  socket.once('close', () => clearTimeout(impatient));
}

/**
 * Answers what node:http refuses before Express sees it, in the same form as every other failure.
 * Each request is answered once and in its turn, also where only its body or what follows is broken.
 */
export function answerClientErrors(server: Server, { answerOn }: Connections): void {
  const refused = new WeakSet<Duplex>();

  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (refused.has(socket)) return;
    const res = answerOn(socket);
    const req = res?.req;
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && req && isTimedAsUpload(req)) return;
    refused.add(socket);
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const problem = new AppError(codes[error.code ?? ''] ?? 'malformed_request');
    if (res === undefined || (res.req.complete && res.writableEnded)) {
      closeAfter(socket, refusal(problem));
    } else if (res.req.complete) {
      res.once('finish', () => closeAfter(socket, refusal(problem)));
    } else if (res.headersSent) {
      closeAfter(socket);
    } else {
      res.setHeader('Connection', 'close');
      sendProblem(res.req as Request, res as Response, problem);
    }
  });

  // A tunnel is asked for with an authority in place of a path.
  server.on('connect', (_req, socket) => {
    closeAfter(socket, refusal(new AppError('malformed_request')));
  });
}
