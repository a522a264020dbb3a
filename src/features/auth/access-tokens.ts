import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import * as z from 'zod';
import type { Caller } from '../../contract/endpoint.ts';
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
  sign(caller: Caller): string;
  /** @throws AppError `invalid_token` for any token that this API did not sign or that has expired */
  verify(token: string): Caller;
}

/** @param lifetime in seconds */
export function createAccessTokens(secret: string, lifetime: number): AccessTokens {
  // A KeyObject spares jsonwebtoken an attempt to read the secret as a public key on each call.
  const key = createSecretKey(secret, 'utf8');
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
      try {
        const { header, payload } = jwt.verify(token, key, {
          algorithms: [algorithm],
          audience: issuer,
          complete: true,
          issuer,
        });
        const { sub, sid } = claimsSchema.parse(payload);
        if (header.typ === type) return { userId: sub, sessionId: sid };
      } catch (error) {
        throw new AppError('invalid_token', { cause: error });
      }
      throw new AppError('invalid_token');
    },
  };
}
