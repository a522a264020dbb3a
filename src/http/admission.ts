import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Request, Response } from 'express';
import { basePath } from '../api.ts';
import type { Dependencies } from '../dependencies.ts';
import { AppError } from '../errors.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import { closeConnectionsWhenStopping, type Lifecycle } from './lifecycle.ts';
import { pathOf, requestIdFor, tellable, unmatched } from './observation.ts';
import { takePlace } from './places.ts';
import { headersOfFailure, problemOf, statusOf } from './problems.ts';
import { allowOrigins, healthPaths, securityHeaders } from './security.ts';
import { closeUnlessRead } from './upload.ts';

/** Whatever is elsewhere, such as pages, waits for nothing. */
const counted = `${basePath}/`;

/** Of a body that is refused, so many bytes are taken in: less than a new connection costs. */
const bearable = 100_000;

// Made once, as a stack is not free and nobody would look at it.
const refusal = new AppError('overloaded', { retryAfter: 2 });

const status = statusOf[refusal.code];
const headers = [...securityHeaders.flat(), ...Object.entries(headersOfFailure(refusal)).flat()];
const onwards = () => undefined;

/** Refuses without Express, which costs several times what all the rest does. */
function createRefuse({ config, logger, metrics }: Dependencies, lifecycle: Lifecycle) {
  // As for all requests: a line has nothing secret.
  const lines = logger.child({}, { redact: [] });
  const closeWhenStopping = closeConnectionsWhenStopping(lifecycle);
  const allow = config.CORS_ORIGINS.length > 0 ? allowOrigins(config.CORS_ORIGINS) : undefined;

  function send(req: Request, res: Response): void {
    const { method } = req;
    const path = pathOf({ originalUrl: req.url });
    const requestId = requestIdFor(req);
    const body = JSON.stringify(problemOf(refusal, path, requestId));
    const length = String(Buffer.byteLength(body));
    // In one list, as it costs several times as much to set one header after the other.
    res.writeHead(status, [...headers, 'X-Request-Id', requestId, 'Content-Length', length]);
    res.end(body);
    metrics.countRefusal();
    metrics.requestStarted();
    metrics.observeRequest({ method, route: unmatched, status, milliseconds: 0 });
    const told = tellable(path);
    lines.warn({ requestId, method, path: told, status, code: refusal.code }, 'refused');
  }

  return (given: IncomingMessage, to: ServerResponse): void => {
    const req = given as Request;
    const res = to as Response;
    const { 'content-length': length, 'transfer-encoding': transfer } = req.headers;
    closeWhenStopping(req, res, onwards);
    if (transfer !== undefined || Number(length ?? 0) > bearable)
      closeUnlessRead(req, res, onwards);
    if (allow) allow(req, res, () => send(req, res));
    else send(req, res);
  };
}

/**
 * Refuses at once what is more than the server can do in reasonable time, so that it goes on doing what
 * it can. Stands before whatever costs anything.
 */
export function admit(
  app: RequestListener,
  dependencies: Dependencies,
  lifecycle: Lifecycle,
): RequestListener {
  const { config, metrics } = dependencies;
  if (!config.RATE_LIMIT) return app;
  const limit = createConcurrencyLimit();
  const refuse = createRefuse(dependencies, lifecycle);
  metrics.showConcurrency(limit);
  return (req, res) => {
    const path = pathOf({ originalUrl: req.url ?? '' });
    if (!healthPaths.has(path)) {
      const now = performance.now();
      if (limit.isFull(now)) return refuse(req, res);
      if (path.startsWith(counted)) takePlace(limit, res, now);
    }
    return app(req, res);
  };
}
