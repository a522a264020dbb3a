import type { Request, RequestHandler } from 'express';
import { rateLimit, type Store } from 'express-rate-limit';
import { AppError } from '../errors.ts';
import { countDown, countFromZero, countUp } from '../database/counters.ts';
import type { Database } from '../database/connection.ts';
import { networkOf } from './address.ts';
import { callerOf } from './authentication.ts';

const windowInSeconds = 60;

/** Requests in a minute. */
export const rateLimits = {
  /** Each user, whatever the number of sessions. */
  user: 1000,
  /** Each address, for requests without a valid token. */
  address: 300,
  /** Each address, for whatever takes a password or a refresh token. */
  credentials: 60,
} as const;

type RateLimitName = keyof typeof rateLimits;
export type RateLimits = Record<RateLimitName, RequestHandler>;

/** Counts in the database, for all instances together. */
function sharedStore(prefix: string, { run }: Pick<Database, 'run'>): Store {
  const counted = (key: string) => ({ key: `${prefix}:${key}`, window: windowInSeconds });
  return {
    localKeys: false,
    async increment(key) {
      const { count, resetsAt } = await run(() => countUp(counted(key)));
      return { totalHits: count, resetTime: resetsAt };
    },
    decrement: (key) => run(() => countDown(counted(key))),
    resetKey: (key) => run(() => countFromZero(counted(key))),
  };
}

function limiter(
  identifier: RateLimitName,
  keyOf: (req: Request) => string,
  store?: Store,
): RequestHandler {
  return rateLimit({
    windowMs: windowInSeconds * 1000,
    limit: rateLimits[identifier],
    identifier,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // The addresses are Express's own, by TRUST_PROXY; the library's warnings are about guessing them.
    validate: false,
    keyGenerator: keyOf,
    ...(store && { store }),
    handler: (_req, res, next) => {
      const retryAfter = Number(res.getHeader('Retry-After') ?? windowInSeconds);
      next(new AppError('rate_limited', { retryAfter }));
    },
  });
}

const unlimited: RequestHandler = (_req, _res, next) => next();

/**
 * Counts requests, the answers tell the caller how much is left. Guesses are counted for all instances
 * together; the rest in this process, as a count in the database would cost more than most requests.
 */
export function createRateLimits(enabled: boolean, database: Pick<Database, 'run'>): RateLimits {
  if (!enabled) return { user: unlimited, address: unlimited, credentials: unlimited };
  const byAddress = (req: Request) => networkOf(req.ip ?? '');
  return {
    user: limiter('user', ({ res }) => callerOf(res?.locals ?? {})?.userId ?? ''),
    address: limiter('address', byAddress),
    credentials: limiter('credentials', byAddress, sharedStore('credentials', database)),
  };
}
