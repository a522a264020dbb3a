import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import { api, basePath } from '../api.ts';
import type { Dependencies } from '../dependencies.ts';
import { addressOf } from './address.ts';
import { callerOf } from './authentication.ts';

/** What nginx writes for a caller who did not wait for the answer. */
const leftEarly = 499;

/** What stands for the pattern where a path has no route. */
export const unmatched = 'unmatched';

const acceptedId = /^[A-Za-z0-9._-]{1,128}$/;

/** The id of a request: the caller's, or a fresh one. */
export function requestIdFor({ headers }: IncomingMessage): string {
  const given = headers['x-request-id'];
  return typeof given === 'string' && acceptedId.test(given) ? given : randomUUID();
}

/** The id that ties together an answer, its log lines and the caller's own records. */
export function requestIdOf(res: Response): string {
  return String(res.getHeader('X-Request-Id') ?? '');
}

/** What a line of the log has of its request, so that lines and spans of one request are found together. */
export function idsOf(res: Response): { requestId: string; traceId: string | undefined } {
  return { requestId: requestIdOf(res), traceId: res.locals['traceId'] as string | undefined };
}

/** Without the query, which may hold what only the caller should know, and without any host. */
export function pathOf({ originalUrl }: Pick<Request, 'originalUrl'>): string {
  const path = originalUrl.startsWith('/')
    ? originalUrl
    : originalUrl.replace(/^\w+:\/\/[^/?]*/, '');
  return path.split('?', 1)[0] || '/';
}

/** The pattern of the route, so that ids make neither new metrics nor new groups of log lines. */
function routeOf(req: Request): string | undefined {
  const route = req.route as { path?: unknown } | undefined;
  return typeof route?.path === 'string' ? route.path : undefined;
}

const words = new Set([
  ...basePath.split('/'),
  ...Object.values(api).flatMap((contract) =>
    Object.values(contract).flatMap(({ path }) => path.split('/')),
  ),
]);
const objectId = /^[0-9a-f]{24}$/;

/**
 * The path as it may be told: with the words of routes and the ids of objects. Whatever else callers put
 * into a path, it may be a password or a token, is a `*`.
 */
export function tellable(path: string): string {
  const told = (part: string) => (words.has(part) || objectId.test(part) ? part : '*');
  return path.split('/').map(told).join('/');
}

/** Gives each request its id, its line in the log and its place in the metrics. */
export function observeRequests({
  logger,
  metrics,
  tracing,
}: Pick<Dependencies, 'logger' | 'metrics' | 'tracing'>): RequestHandler {
  // A line has these few fields, none of them secret: looking for secrets in it would be in vain.
  const lines = logger.child({}, { redact: [] });
  return (req, res, next) => {
    const startedAt = performance.now();
    const requestId = requestIdFor(req);
    res.setHeader('X-Request-Id', requestId);
    const trace = tracing.startRequest(req.headers);
    const { traceId } = trace;
    if (traceId !== undefined) res.locals['traceId'] = traceId;
    metrics.requestStarted();
    res.once('close', () => {
      const milliseconds = performance.now() - startedAt;
      const { method } = req;
      const route = routeOf(req);
      const asked = pathOf(req);
      const path = asked === route ? asked : tellable(asked);
      const status = res.headersSent ? res.statusCode : leftEarly;
      const code = res.locals['code'] as string | undefined;
      metrics.observeRequest({ method, route: route ?? unmatched, status, milliseconds });
      trace.end({ method, route, path, status, requestId, code });
      lines[status >= 500 ? 'error' : 'info'](
        {
          requestId,
          traceId,
          method,
          route: route ?? unmatched,
          path,
          status,
          code,
          address: addressOf(req),
          milliseconds: Math.round(milliseconds * 10) / 10,
          userId: callerOf(res.locals)?.userId,
          ...(!res.writableFinished && { aborted: true }),
        },
        'request',
      );
    });
    trace.run(next);
  };
}
