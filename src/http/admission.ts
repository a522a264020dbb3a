import type { Request, RequestHandler, Response } from 'express';
import { basePath } from '../api.ts';
import { AppError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import { type ConcurrencyLimit, createConcurrencyLimit } from './concurrency-limit.ts';
import { sendProblem } from './problems.ts';
import { healthPaths } from './security.ts';
import { closeUnlessRead } from './upload.ts';

/** Whatever is elsewhere, such as pages, waits for nothing. */
const counted = `${basePath}/`;

/** Of a body that is refused, so many bytes are taken in: less than a new connection costs. */
const bearable = 100_000;

// Made once, as a stack is not free and nobody would look at it.
const refusal = new AppError('overloaded', { retryAfter: 2 });

/** The place of a request among those under way: taken once at most, whatever happens to it. */
class Place {
  readonly #limit: ConcurrencyLimit;
  #since = 0;
  #taken = false;
  /** Whether it is in use even if the caller has gone. */
  isKept = false;

  constructor(limit: ConcurrencyLimit) {
    this.#limit = limit;
    this.take();
  }

  take(): void {
    if (this.#taken) return;
    this.#taken = true;
    this.#since = performance.now();
    this.#limit.enter();
  }

  /** @returns whether it was taken */
  giveBack(): boolean {
    if (!this.#taken) return false;
    this.#taken = false;
    this.#limit.leave();
    return true;
  }

  /** Gives it back after work that others may wait for as long. */
  finish(): void {
    if (this.giveBack()) this.#limit.learn(this.#since, performance.now());
  }
}

function placeOf(res: Response): Place | undefined {
  return res.locals['place'] as Place | undefined;
}

function refuse(req: Request, res: Response): void {
  const { 'content-length': length, 'transfer-encoding': transfer } = req.headers;
  if (transfer !== undefined || Number(length ?? 0) > bearable) {
    closeUnlessRead(req, res, () => undefined);
  }
  sendProblem(req, res, refusal);
}

/**
 * Refuses at once what is more than the server can do in reasonable time, so that it goes on doing what
 * it can. Stands before whatever costs anything.
 */
export function createAdmission(metrics: Metrics): RequestHandler {
  const limit = createConcurrencyLimit();
  metrics.showConcurrency(limit);
  return (req, res, next) => {
    const { path } = req;
    if (healthPaths.has(path)) return next();
    if (limit.isFull()) {
      metrics.countRefusal();
      return refuse(req, res);
    }
    if (path.startsWith(counted)) {
      const place = new Place(limit);
      res.locals['place'] = place;
      res.once('close', () => {
        if (!place.isKept) place.giveBack();
      });
    }
    return next();
  };
}

/** For what takes long without the server being busy: it counts no longer, and nothing is learnt from it. */
export const givePlaceBack: RequestHandler = (_req, res, next) => {
  placeOf(res)?.giveBack();
  next();
};

/** Reads a body without a place, as a caller may take any time to send it. */
export function withoutPlace(read: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const place = placeOf(res);
    if (place === undefined || req.complete || !place.giveBack()) return read(req, res, next);
    return read(req, res, (failure?: unknown) => {
      // Not asked again: what was admitted is not refused half-way.
      if (failure === undefined) place.take();
      next(failure);
    });
  };
}

type Work = (req: Request, res: Response) => Promise<void>;

/** Keeps the place until the work is done: the database goes on also where the caller has gone. */
export function inPlace(work: Work): Work {
  return async (req, res) => {
    const place = placeOf(res);
    if (place === undefined) return work(req, res);
    place.isKept = true;
    try {
      await work(req, res);
    } finally {
      place.finish();
    }
  };
}
