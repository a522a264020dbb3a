import { createHash } from 'node:crypto';
import { Secret } from 'otpauth';

/** How many codes there are at first, each of which works once. */
const recoveryCodeCount = 10;

/** 120 random bits in base32 (RFC 4648), which read better in groups. */
function newRecoveryCode(): string {
  return new Secret({ size: 15 }).base32.replaceAll(/.{6}(?!$)/g, '$&-');
}

export function newRecoveryCodes(): string[] {
  return Array.from({ length: recoveryCodeCount }, newRecoveryCode);
}

/** A code as it was meant, however it was typed or grouped. */
export function normalizeCode(code: string): string {
  return code.replaceAll(/[\s-]/g, '').toUpperCase();
}

/** A fast hash will do: nobody can try out 120 random bits. */
export function recoveryHash(code: string): string {
  return createHash('sha256').update(normalizeCode(code)).digest('base64url');
}
