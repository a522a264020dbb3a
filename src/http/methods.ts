import { type RequestHandler, Router } from 'express';
import { AppError } from '../errors.ts';

/** Answers whatever no handler of a path took: OPTIONS with what it has, all else with 405. */
export function refuseOtherMethods(methods: readonly string[]): RequestHandler {
  const allow = methods.flatMap((method) => (method === 'get' ? ['get', 'head'] : [method]));
  const header = [...allow, 'options'].join(', ').toUpperCase();
  return (req, res) => {
    res.setHeader('Allow', header);
    if (req.method !== 'OPTIONS') throw new AppError('method_not_allowed');
    res.status(204).end();
  };
}

/** A router of paths that are only read, and `serve`, which adds one. */
export function createReadOnlyRouter() {
  const router = Router({ caseSensitive: true, strict: true });
  const serve = (path: string, ...handlers: RequestHandler[]) =>
    router
      .route(path)
      .get(handlers)
      .all(refuseOtherMethods(['get']));
  return { router, serve };
}
