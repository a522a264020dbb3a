import type { Request, RequestHandler } from 'express';
import { rateLimit, type Store } from 'express-rate-limit';
import type { RequestCounters } from '../database/counters.ts';
import { AppError } from '../errors.ts';
import { networkOf } from './address.ts';
import { callerOf } from './authentication.ts';
import { countExactly, countInSteps } from './shared-counts.ts';

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

function limiter(
  identifier: RateLimitName,
  keyOf: (req: Request) => string,
  store: Store,
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
    store,
    handler: (_req, res, next) => {
      const retryAfter = Number(res.getHeader('Retry-After') ?? windowInSeconds);
      next(new AppError('rate_limited', { retryAfter }));
    },
  });
}

const unlimited: RequestHandler = (_req, _res, next) => next();

/** How many steps there are to a limit; by one of them for each instance it may be exceeded. */
const steps = 20;

/**
 * Counts requests for all instances together, the answers tell the caller how much is left. Guesses are
 * counted one by one, whatever it costs; the rest in steps.
 */
export function createRateLimits(enabled: boolean, counters: RequestCounters): RateLimits {
  if (!enabled) return { user: unlimited, address: unlimited, credentials: unlimited };
  const byAddress = (req: Request) => networkOf(req.ip ?? '');
  const shared = (prefix: RateLimitName) => ({ prefix, window: windowInSeconds, counters });
  const inSteps = (name: RateLimitName) => countInSteps(shared(name), rateLimits[name] / steps);
  return {
    user: limiter('user', ({ res }) => callerOf(res?.locals ?? {})?.userId ?? '', inSteps('user')),
    address: limiter('address', byAddress, inSteps('address')),
    credentials: limiter('credentials', byAddress, countExactly(shared('credentials'))),
  };
}
