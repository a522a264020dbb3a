import type { RequestHandler } from 'express';
import type { Caller } from '../contract/endpoint.ts';
import type { Dependencies } from '../dependencies.ts';
import { AppError } from '../errors.ts';

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Guards a route: only the holder of a valid access token, of a session that goes on, gets past. */
export function authenticate({
  accessTokens,
  endedSessions,
}: Pick<Dependencies, 'accessTokens' | 'endedSessions'>): RequestHandler {
  return async (req, res, next) => {
    const { authorization } = req.headers;
    // Another scheme carries no token that could be wrong (RFC 6750, section 3.1).
    if (authorization === undefined || !/^Bearer\b/i.test(authorization)) {
      throw new AppError('unauthenticated');
    }
    const token = bearer.exec(authorization)?.[1];
    if (token === undefined) throw new AppError('invalid_token');
    const caller = accessTokens.verify(token);
    await endedSessions.requireActive(caller.sessionId);
    res.locals['caller'] = caller;
    next();
  };
}

/** The caller of a request that has passed `authenticate`. */
export function callerOf(locals: Record<string, unknown>): Caller | undefined {
  return locals['caller'] as Caller | undefined;
}
