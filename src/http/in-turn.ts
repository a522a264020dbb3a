import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** One handler for several, each of which calls the next: a layer of Express costs more than most of them do. */
export function inTurn(...handlers: RequestHandler[]): RequestHandler {
  return (req, res, next) => {
    let index = 0;
    const goOn: NextFunction = (failure?: unknown) => {
      const handler = handlers[index];
      index += 1;
      if (failure || !handler) next(failure);
      else call(handler, req, res, goOn);
    };
    goOn();
  };
}

/** What a handler throws, or what its promise is rejected with, goes the way of failures. */
function call(handler: RequestHandler, req: Request, res: Response, next: NextFunction): void {
  // To go on with nothing would be to go on as if nothing had happened.
  const fail = (failure: unknown) => next(failure || new Error('a handler has thrown nothing'));
  try {
    const result: unknown = handler(req, res, next);
    if (result instanceof Promise) result.catch(fail);
  } catch (failure) {
    fail(failure);
  }
}
