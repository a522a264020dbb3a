import type { ServerResponse } from 'node:http';
import type { Request, RequestHandler, Response } from 'express';
import type { ConcurrencyLimit } from './concurrency-limit.ts';

/** The place of a request among those under way: taken once at most, whatever becomes of it. */
class Place {
  readonly #limit: ConcurrencyLimit;
  #since = 0;
  #taken = false;
  /** Whether it is in use even if the caller has gone. */
  isKept = false;

  constructor(limit: ConcurrencyLimit, now: number) {
    this.#limit = limit;
    this.take(now);
  }

  take(now: number): void {
    if (this.#taken) return;
    this.#taken = true;
    this.#since = now;
    this.#limit.enter();
  }

  /** @returns whether it was taken */
  giveBack(): boolean {
    if (!this.#taken) return false;
    this.#taken = false;
    this.#limit.leave();
    return true;
  }

  /** Gives it back after work for which others may wait as long. */
  finish(): void {
    if (this.giveBack()) this.#limit.learn(this.#since, performance.now());
  }
}

const places = new WeakMap<ServerResponse, Place>();

/** Takes a place for a request until it is over. */
export function takePlace(limit: ConcurrencyLimit, res: ServerResponse, now: number): void {
  const place = new Place(limit, now);
  places.set(res, place);
  res.once('close', () => {
    if (!place.isKept) place.giveBack();
  });
}

/** For what takes long without the server being busy: it counts no longer, and nothing is learnt from it. */
export const givePlaceBack: RequestHandler = (_req, res, next) => {
  places.get(res)?.giveBack();
  next();
};

/** Reads a body without a place, as a caller may take any time to send it. */
export function withoutPlace(read: RequestHandler): RequestHandler {
  return (req, res, next) => {
    const place = places.get(res);
    if (place === undefined || req.complete || !place.giveBack()) return read(req, res, next);
    return read(req, res, (failure?: unknown) => {
      // Not asked again: what was admitted is not refused half-way.
      if (failure === undefined) place.take(performance.now());
      next(failure);
    });
  };
}

type Work = (req: Request, res: Response) => Promise<void>;

/** Keeps the place until the work is done: the database goes on also where the caller has gone. */
export function inPlace(work: Work): Work {
  return async (req, res) => {
    const place = places.get(res);
    if (place === undefined) return work(req, res);
    place.isKept = true;
    try {
      await work(req, res);
    } finally {
      place.finish();
    }
  };
}
