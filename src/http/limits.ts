import type { Request, RequestHandler } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { AppError } from '../errors.ts';
import { plainAddress } from './address.ts';
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

/** Somebody with IPv6 has a /64 to themselves: one key for all of it. */
export function addressKey(address: string): string {
  return ipKeyGenerator(plainAddress(address), 64);
}

function limiter(identifier: RateLimitName, keyOf: (req: Request) => string): RequestHandler {
  return rateLimit({
    windowMs: windowInSeconds * 1000,
    limit: rateLimits[identifier],
    identifier,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // The addresses are Express's own, by TRUST_PROXY; the library's warnings are about guessing them.
    validate: false,
    keyGenerator: keyOf,
    handler: (_req, res, next) => {
      const retryAfter = Number(res.getHeader('Retry-After') ?? windowInSeconds);
      next(new AppError('rate_limited', { retryAfter }));
    },
  });
}

const unlimited: RequestHandler = (_req, _res, next) => next();

/** Counts requests in this process; the answers tell the caller how much is left. */
export function createRateLimits(enabled: boolean): RateLimits {
  if (!enabled) return { user: unlimited, address: unlimited, credentials: unlimited };
  const byAddress = (req: Request) => addressKey(req.ip ?? '');
  return {
    user: limiter('user', ({ res }) => callerOf(res?.locals ?? {})?.userId ?? ''),
    address: limiter('address', byAddress),
    credentials: limiter('credentials', byAddress),
  };
}
