import { createHmac } from 'node:crypto';
import { jwtSecret } from './api.ts';

type Claims = Record<string, unknown>;

const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

function claimsOf(accessToken: string): Claims {
  const [, claims = ''] = accessToken.split('.');
  return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Claims;
}

/** What a forger changes; a member that is undefined is left out of the token. */
interface Forgery {
  header?: object;
  claims?: object;
  secret?: string;
  /** The hash of the HMAC, whatever the header says. */
  hash?: 'sha256' | 'sha384' | 'sha512';
}

/** A token like a valid one but for the changes; without any, as good as the valid one. */
export function forge(accessToken: string, forgery: Forgery = {}): string {
  const { header, claims, secret = jwtSecret, hash = 'sha256' } = forgery;
  const signed = [
    encode({ alg: 'HS256', typ: 'at+jwt', ...header }),
    encode({ ...claimsOf(accessToken), ...claims }),
  ].join('.');
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}
