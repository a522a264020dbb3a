import { randomUUID } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { addressOf } from './address.ts';
import { callerOf } from './authentication.ts';

/** What nginx writes for a caller who did not wait for the answer. */
const leftEarly = 499;

const acceptedId = /^[A-Za-z0-9._-]{1,128}$/;

/** The id that ties together an answer, its log lines and the caller's own records. */
export function requestIdOf(res: Response): string {
  return String(res.getHeader('X-Request-Id') ?? '');
}

/** Without the query, which may hold what only the caller should know, and without any host. */
export function pathOf({ originalUrl }: Request): string {
  const path = originalUrl.startsWith('/')
    ? originalUrl
    : originalUrl.replace(/^\w+:\/\/[^/?]*/, '');
  return path.split('?', 1)[0] || '/';
}

/** The pattern of the route, so that ids make neither new metrics nor new groups of log lines. */
function routeOf(req: Request): string {
  const route = req.route as { path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : 'unmatched';
}

/** Gives each request its id, its line in the log and its place in the metrics. */
export function observeRequests(logger: Logger, metrics: Metrics): RequestHandler {
  // A line has these few fields, none of them secret: looking for secrets in it would be in vain.
  const lines = logger.child({}, { redact: [] });
  return (req, res, next) => {
    const startedAt = performance.now();
    const given = req.headers['x-request-id'];
    const accepted = typeof given === 'string' && acceptedId.test(given);
    const requestId = accepted ? given : randomUUID();
    res.setHeader('X-Request-Id', requestId);
    res.once('close', () => {
      const milliseconds = performance.now() - startedAt;
      const { method } = req;
      const route = routeOf(req);
      const status = res.headersSent ? res.statusCode : leftEarly;
      metrics.observeRequest({ method, route, status, milliseconds });
      lines[status >= 500 ? 'error' : 'info'](
        {
          requestId,
          method,
          route,
          path: pathOf(req),
          status,
          code: res.locals['code'] as unknown,
          address: addressOf(req),
          milliseconds: Math.round(milliseconds * 10) / 10,
          userId: callerOf(res.locals)?.userId,
          ...(!res.writableFinished && { aborted: true }),
        },
        'request',
      );
    });
    next();
  };
}
