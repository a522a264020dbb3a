import type { RequestHandler } from 'express';

/** Whether this instance is on its way out; written by the process, read by its routes. */
export interface Lifecycle {
  stopping: boolean;
}

/** Tells keep-alive clients to go elsewhere, before their next request meets a closed socket. */
export function closeConnectionsWhenStopping(lifecycle: Lifecycle): RequestHandler {
  return (_req, res, next) => {
    if (lifecycle.stopping) res.setHeader('Connection', 'close');
    next();
  };
}
