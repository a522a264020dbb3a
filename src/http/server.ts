import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Express } from 'express';
import type { Config } from '../config.ts';
import { answerClientErrors } from './client-errors.ts';
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
  app: Express,
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
  answerClientErrors(server);
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
