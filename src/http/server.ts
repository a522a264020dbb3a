import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server, STATUS_CODES } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { Express } from 'express';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import type { Lifecycle } from './lifecycle.ts';
import { problemOf } from './problems.ts';

const seconds = 1000;

/** Node's own defaults would let a slow client hold a socket for minutes. */
const timeouts = {
  headersTimeout: 10 * seconds,
  requestTimeout: 30 * seconds,
  // Longer than the 60 s after which common load balancers drop an idle connection themselves.
  keepAliveTimeout: 65 * seconds,
  connectionsCheckingInterval: 2 * seconds,
  maxHeaderSize: 16_384,
};

/** What node:http refuses before Express sees it, in the same form as every other failure. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const codes = {
    HPE_HEADER_OVERFLOW: 'headers_too_large',
    ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
  } as const;
  const code = codes[error.code as keyof typeof codes] ?? 'malformed_request';
  const requestId = randomUUID();
  const problem = problemOf(new AppError(code), '/', requestId);
  const body = JSON.stringify(problem);
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
      'Content-Type: application/problem+json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Cache-Control: no-store',
      'Connection: close',
      `X-Request-Id: ${requestId}`,
      '',
      body,
    ].join('\r\n'),
  );
}

type ServerSettings = Pick<Config, 'TLS_CERT_FILE' | 'TLS_KEY_FILE'>;

/** An HTTP server for the application, or an HTTPS one where a certificate is set. */
export function createServer(
  app: Express,
  { TLS_CERT_FILE, TLS_KEY_FILE }: ServerSettings,
): Server {
  const server =
    TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined
      ? createHttpServer(timeouts, app)
      : createHttpsServer(
          { ...timeouts, cert: readFileSync(TLS_CERT_FILE), key: readFileSync(TLS_KEY_FILE) },
          app,
        );
  server.on('clientError', answerClientError);
  // An expectation that is not understood may be ignored (RFC 9110, section 10.1.1).
  server.on('checkExpectation', app);
  return server;
}

/** How long keep-alive clients are told to leave, and how long requests in flight may take. */
const farewell = 1 * seconds;
const patience = 7 * seconds;

/**
 * Ends without failing a request: readiness goes first, then keep-alive clients are sent away, then
 * the server closes once the last answer is out. Takes at most 8 s.
 */
export async function stopServer(server: Server, lifecycle: Lifecycle): Promise<void> {
  lifecycle.stopping = true;
  await sleep(farewell);
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  server.closeIdleConnections();
  const impatient = sleep(patience, undefined, { ref: false });
  await Promise.race([closed, impatient]);
  server.closeAllConnections();
}
