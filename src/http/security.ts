import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import cors from 'cors';
import type { RequestHandler } from 'express';
import helmet, { contentSecurityPolicy } from 'helmet';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';
import { pathOf } from './observation.ts';

const aYear = 31_536_000;

/** What a middleware sets that sets the same headers for every answer: it is asked once. */
function constantHeaders(middleware: typeof apiPolicy): [name: string, value: string][] {
  const headers = new Map<string, string>();
  const recorder = {
    setHeader: (name: string, value: string) => headers.set(name, value),
    removeHeader: (name: string) => headers.delete(name),
  };
  middleware({} as IncomingMessage, recorder as unknown as ServerResponse, (failure) => {
    if (failure !== undefined) throw failure as Error;
  });
  return [...headers];
}

const apiPolicy = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
  },
  referrerPolicy: { policy: 'no-referrer' },
  xFrameOptions: { action: 'deny' },
  strictTransportSecurity: { maxAge: aYear, includeSubDomains: true },
});

/** The headers of an API: nothing that it answers may be run, framed or sniffed. */
export const securityHeaders = constantHeaders(apiPolicy);

/** Sets them. */
export const apiHeaders: RequestHandler = (_req, res, next) => {
  for (const [name, value] of securityHeaders) res.setHeader(name, value);
  next();
};

const onlySelf = ["'self'"];
const page = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
  'object-src': ["'none'"],
};

/** How a policy names what may stand in the page itself. */
function digestOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

/** The docs page: this API's own scripts and styles, which may call the API. */
export const docsPolicy = contentSecurityPolicy({
  useDefaults: false,
  directives: {
    ...page,
    'connect-src': onlySelf,
    'img-src': ["'self'", 'data:'],
    'script-src': onlySelf,
    'style-src': onlySelf,
  },
});

/** A form: this server's own script, which may call the API, and this one style alone. */
export function formPolicy(style: string): RequestHandler {
  return contentSecurityPolicy({
    useDefaults: false,
    directives: {
      ...page,
      'connect-src': onlySelf,
      'img-src': onlySelf,
      'script-src': onlySelf,
      'style-src': [digestOf(style)],
    },
  });
}

/** A page to read: no scripts, and this one style alone. */
export function readingPolicy(style: string): RequestHandler {
  return contentSecurityPolicy({
    useDefaults: false,
    directives: { ...page, 'img-src': onlySelf, 'style-src': [digestOf(style)] },
  });
}

/** Lets web pages of the listed origins call the API; tokens travel in a header, never in cookies. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  const options: cors.CorsOptions = {
    origin: [...origins],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Idempotency-Key',
      'If-Match',
      'If-None-Match',
      'X-Request-Id',
    ],
    exposedHeaders: [
      'Content-Disposition',
      'Content-Range',
      'ETag',
      'Idempotent-Replayed',
      'Link',
      'Location',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'X-Request-Id',
    ],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
  };
  const preflight = cors(options);
  const others = cors({ ...options, preflightContinue: true });
  return (req, res, next) => {
    const asked = req.headers['access-control-request-method'] !== undefined;
    (req.method === 'OPTIONS' && asked ? preflight : others)(req, res, next);
  };
}

/**
 * Asked by the platform, which decides by the answers whether this instance goes on; inside its own
 * network, where there is no TLS.
 */
export const healthPaths = new Set(['/livez', '/readyz', '/metrics']);
const pages = /^\/(docs|problems|\.well-known|verify-email|reset-password|account\.js)(\/|$)/;

/**
 * Refuses plain HTTP: by then the token has crossed the network in the clear, and a redirect would
 * hide the mistake. Pages, which a person types in, are sent on.
 */
export function enforceHttps({ PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>): RequestHandler {
  return (req, res, next) => {
    if (req.secure || healthPaths.has(req.path)) next();
    else if (!pages.test(req.path)) throw new AppError('https_required');
    else {
      const origin = PUBLIC_URL.startsWith('https:') ? PUBLIC_URL : `https://${req.hostname}`;
      const [, query] = req.originalUrl.split(/(?=\?)/, 2);
      res.redirect(308, origin + pathOf(req) + (query ?? ''));
    }
  };
}

function countOf(name: string, { rawHeaders }: IncomingMessage): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const header = rawHeaders[index];
    if (header?.length === name.length && header.toLowerCase() === name) count += 1;
  }
  return count;
}

/**
 * Refuses what a proxy and this server may read differently: transfer codings that Node lets through
 * unread, and a host that is missing or told twice (RFC 9112, sections 3.2 and 6.1).
 */
export const requireClearMessage: RequestHandler = (req, res, next) => {
  const transfer = req.headers['transfer-encoding'];
  if (transfer !== undefined && transfer.toLowerCase() !== 'chunked') {
    res.setHeader('Connection', 'close');
    throw new AppError('malformed_request', {
      detail: 'Transfer-Encoding: only chunked is known.',
    });
  }
  const hosts = countOf('host', req);
  if (hosts > 1 || (hosts === 0 && req.httpVersion !== '1.0')) {
    throw new AppError('malformed_request', { detail: 'Host: must be given once.' });
  }
  next();
};
