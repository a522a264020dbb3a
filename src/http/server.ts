import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import { answerClientErrors } from './client-errors.ts';
import { watchConnections } from './connections.ts';
import { holdBodiesBack } from './expectation.ts';
import type { Lifecycle } from './lifecycle.ts';

const seconds = 1000;

/** Node's own timeouts would let a slow client hold a socket for minutes. */
const options = {
  headersTimeout: 10 * seconds,
  requestTimeout: 30 * seconds,
  // Longer than the 60 s after which common load balancers drop an idle connection themselves.
  keepAliveTimeout: 65 * seconds,
  connectionsCheckingInterval: 2 * seconds,
  maxHeaderSize: 16_384,
  // Node would refuse with an empty body; the application checks it itself.
  requireHostHeader: false,
};

/** TLS 1.3, and of TLS 1.2 only what has forward secrecy and authenticated encryption. */
const encryption = {
  handshakeTimeout: 10 * seconds,
  minVersion: 'TLSv1.2',
  honorCipherOrder: true,
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
} as const;

type ServerSettings = Pick<Config, 'TLS_CERT_FILE' | 'TLS_KEY_FILE'>;

/** An HTTP server for the application, or an HTTPS one where a certificate is set. */
export function createServer(
  app: RequestListener,
  { TLS_CERT_FILE, TLS_KEY_FILE }: ServerSettings,
): Server {
  const server =
    TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined
      ? createHttpServer(options, app)
      : createHttpsServer(
          {
            ...options,
            ...encryption,
            cert: readFileSync(TLS_CERT_FILE),
            key: readFileSync(TLS_KEY_FILE),
          },
          app,
        );
  // An expectation that is not understood may be ignored (RFC 9110, section 10.1.1).
  server.on('checkExpectation', app);
  holdBodiesBack(server);
  answerClientErrors(server, watchConnections(server));
  return server;
}

/** How long everybody is told to leave while new connections are still taken. */
const farewell = 1 * seconds;
/** How long connections that are idle may still bring a last request: a proxy keeps some for later. */
const parting = 2 * seconds;
/** How long requests in flight may take after that. */
const patience = 5 * seconds;

/** Milliseconds of a turn of the event loop in which next to nothing was done. */
const quietTurn = 0.1;
const mostTurns = 1000;

const turnOfEventLoop = () =>
  new Promise<void>((resolve) => {
    setImmediate(resolve);
  });

/**
 * Waits for a moment in which whoever has connected is known here. A connection that the system has
 * taken in our name meanwhile would be reset, and its first request with it.
 */
async function untilNobodyWaits(): Promise<void> {
  await turnOfEventLoop();
  for (let turn = 0; turn < mostTurns; turn += 1) {
    const beganAt = performance.now();
    await turnOfEventLoop();
    if (performance.now() - beganAt < quietTurn) return;
  }
}

/**
 * Ends without failing a request: readiness goes first, then everybody is sent away with their next
 * answer, then nobody new is let in, and connections are closed as they fall idle. Those that were idle
 * all along come last, as a proxy may be about to use one. Takes at most 8 s.
 */
export async function stopServer(server: Server, lifecycle: Lifecycle): Promise<void> {
  lifecycle.stopping = true;
  await sleep(farewell);
  await untilNobodyWaits();
  const closed = new Promise((resolve) => {
    // Not the close of HTTP servers, which ends idle connections as well.
    NetServer.prototype.close.call(server, resolve);
  });
  const within = (milliseconds: number) =>
    Promise.race([closed, sleep(milliseconds, undefined, { ref: false })]);
  await within(parting);
  await untilNobodyWaits();
  server.closeIdleConnections();
  await within(patience);
  server.closeAllConnections();
}
