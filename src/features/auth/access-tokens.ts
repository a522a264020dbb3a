import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import * as z from 'zod';
import type { SessionCaller } from '../../contract/endpoint.ts';
import { AppError } from '../../errors.ts';

const issuer = 'task-manager-api';
const algorithm = 'HS256';
/** RFC 9068: an access token says that it is one, so that no other token can stand in for it. */
const type = 'at+jwt';

const claimsSchema = z.object({
  sub: z.string().regex(/^[0-9a-f]{24}$/),
  sid: z.string().regex(/^[0-9a-f]{24}$/),
  exp: z.number(),
});

export interface AccessTokens {
  /** Seconds from issue to expiry. */
  readonly lifetime: number;
  sign(caller: SessionCaller): string;
  /** @throws AppError `invalid_token` for any token that this API did not sign or that has expired */
  verify(token: string): SessionCaller;
}

/** A verified token stays verified until it expires: how many are remembered, at about 600 bytes. */
const maximumRemembered = 5000;

/** @param lifetime in seconds */
export function createAccessTokens(secret: string, lifetime: number): AccessTokens {
  // A KeyObject spares jsonwebtoken an attempt to read the secret as a public key on each call.
  const key = createSecretKey(secret, 'utf8');
  const remembered = new Map<string, { caller: SessionCaller; expiresAt: number }>();

  function check(token: string): { caller: SessionCaller; expiresAt: number } {
    try {
      const { header, payload } = jwt.verify(token, key, {
        algorithms: [algorithm],
        audience: issuer,
        complete: true,
        issuer,
      });
      const { sub, sid, exp } = claimsSchema.parse(payload);
      if (header.typ !== type) throw new Error('a token of another type');
      return { caller: { userId: sub, sessionId: sid }, expiresAt: exp * 1000 };
    } catch (error) {
      throw new AppError('invalid_token', { cause: error });
    }
  }

  return {
    lifetime,
    sign: ({ userId, sessionId }) =>
      jwt.sign({ sid: sessionId }, key, {
        algorithm,
        audience: issuer,
        expiresIn: lifetime,
        header: { alg: algorithm, typ: type },
        issuer,
        subject: userId,
      }),
    verify(token) {
      const known = remembered.get(token);
      if (known && known.expiresAt > Date.now()) return known.caller;
      const checked = check(token);
      const [oldest] = remembered.size < maximumRemembered ? [] : remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
      remembered.set(token, checked);
      return checked.caller;
    },
  };
}
