import type { RequestHandler } from 'express';
import type { Caller, Endpoint, SessionCaller } from '../contract/endpoint.ts';
import type { Scope } from '../contract/scopes.ts';
import type { Dependencies } from '../dependencies.ts';
import { AppError } from '../errors.ts';
import { requireAdministrator } from '../features/admin/administrators.service.ts';

const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Makes the guard of an endpoint. */
export type Authenticate = (endpoint: Pick<Endpoint, 'access' | 'scope'>) => RequestHandler;

function tokenIn(authorization: string | undefined): string {
  // Another scheme carries no token that could be wrong (RFC 6750, section 3.1).
  if (authorization === undefined || !/^Bearer\b/i.test(authorization)) {
    throw new AppError('unauthenticated');
  }
  const token = bearer.exec(authorization)?.[1];
  if (token === undefined) throw new AppError('invalid_token');
  return token;
}

/** @throws AppError `insufficient_scope`, naming the scope unless no token will ever do */
function requireScope(needed: Endpoint['scope'], scopes: readonly Scope[]): void {
  if (needed !== undefined && scopes.includes(needed)) return;
  const detail = needed
    ? `The token lacks the scope ${needed}.`
    : 'An API token cannot do this, whatever its scopes: log in.';
  throw new AppError('insufficient_scope', { detail, scope: needed });
}

/**
 * Guards a route: only a session that goes on gets past, or an API token with the scope that the
 * endpoint declares; and only an administrator's session where it asks for one.
 */
export function authenticate({
  accessTokens,
  apiTokens,
  database,
  endedSessions,
}: Pick<Dependencies, 'accessTokens' | 'apiTokens' | 'database' | 'endedSessions'>): Authenticate {
  return ({ access, scope }) =>
    async (req, res, next) => {
      const token = tokenIn(req.headers.authorization);
      // The caller is known to the log also where the request is refused from here on.
      if (apiTokens.isApiToken(token)) {
        const { caller, scopes } = await apiTokens.verify(token);
        res.locals['caller'] = caller;
        requireScope(scope, scopes);
      } else {
        const caller = accessTokens.verify(token);
        await endedSessions.requireActive(caller.sessionId);
        res.locals['caller'] = caller;
        if (access === 'admin') await database.run(() => requireAdministrator(caller));
      }
      next();
    };
}

/** The caller of a request whose token was accepted; one of an API token has no session. */
export function callerOf(
  locals: Record<string, unknown>,
): (Caller & Partial<SessionCaller>) | undefined {
  return locals['caller'] as Caller | undefined;
}
