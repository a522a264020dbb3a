import cors from 'cors';
import type { RequestHandler } from 'express';
import helmet, { contentSecurityPolicy } from 'helmet';
import type { Config } from '../config.ts';
import { AppError } from '../errors.ts';

const aYear = 31_536_000;

/** The headers of an API: nothing that it answers may be run, framed or sniffed. */
export const apiHeaders = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: { 'default-src': ["'none'"], 'frame-ancestors': ["'none'"] },
  },
  referrerPolicy: { policy: 'no-referrer' },
  strictTransportSecurity: { maxAge: aYear, includeSubDomains: true },
});

/** A page of this API's own scripts and styles, which may call the API. */
export const pagePolicy = contentSecurityPolicy({
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'base-uri': ["'none'"],
    'connect-src': ["'self'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
    'img-src': ["'self'", 'data:'],
    'script-src': ["'self'"],
    // Swagger UI sets style attributes; they cannot load or send anything under this policy.
    'style-src': ["'self'", "'unsafe-inline'"],
  },
});

/** Lets web pages of the listed origins call the API; tokens travel in a header, never in cookies. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return cors({
    origin: [...origins],
    allowedHeaders: ['Authorization', 'Content-Type', 'If-Match', 'If-None-Match', 'X-Request-Id'],
    exposedHeaders: [
      'ETag',
      'Link',
      'Location',
      'RateLimit',
      'RateLimit-Policy',
      'Retry-After',
      'X-Request-Id',
    ],
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    maxAge: 600,
  });
}

/** Asked by the platform inside its own network, where there is no TLS. */
const healthPaths = new Set(['/livez', '/readyz', '/metrics']);
const page = /^\/(docs|problems)(\/|$)/;

/**
 * Refuses plain HTTP: by then the token has crossed the network in the clear, and a redirect would
 * hide the mistake. Pages, which a person types in, are sent on.
 */
export function enforceHttps({ PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>): RequestHandler {
  return (req, res, next) => {
    if (req.secure || healthPaths.has(req.path)) next();
    else if (!page.test(req.path)) throw new AppError('https_required');
    else {
      const origin = PUBLIC_URL.startsWith('https:') ? PUBLIC_URL : `https://${req.hostname}`;
      res.redirect(308, origin + req.originalUrl);
    }
  };
}

/** Node lets unknown transfer codings through, on which a proxy and this server may disagree. */
export const requireKnownTransfer: RequestHandler = (req, res, next) => {
  const transfer = req.headers['transfer-encoding'];
  if (transfer === undefined || transfer.toLowerCase() === 'chunked') return next();
  res.setHeader('Connection', 'close');
  throw new AppError('malformed_request', { detail: 'Transfer-Encoding: only chunked is known.' });
};
