import { randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';

const prefix = 'tma_';
const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62 ** 30 is more than 178 bits. */
const secretLength = 30;
const checksumLength = 6;
const form = new RegExp(
  `^${prefix}([0-9A-Za-z]{${secretLength}})([0-9A-Za-z]{${checksumLength}})$`,
);

/** CRC-32 in base 62: not secret, it tells a token from anything that only looks like one. */
function checksumOf(secret: string): string {
  let rest = crc32(secret);
  let written = '';
  for (let place = 0; place < checksumLength; place += 1) {
    written = (digits[rest % digits.length] ?? '') + written;
    rest = Math.floor(rest / digits.length);
  }
  return written;
}

/** `tma_`, 30 random characters, and the checksum of these in 6 more. */
export function newToken(): string {
  const random = Array.from({ length: secretLength }, () => digits[randomInt(digits.length)]);
  const secret = random.join('');
  return prefix + secret + checksumOf(secret);
}

/** Whether this is meant to be an API token; no access token begins like one. */
export function hasTokenPrefix(token: string): boolean {
  return token.startsWith(prefix);
}

/** Whether this could be a token that was given out, as far as can be told without asking. */
export function isWellFormed(token: string): boolean {
  const [, secret, checksum] = form.exec(token) ?? [];
  return secret !== undefined && checksumOf(secret) === checksum;
}
