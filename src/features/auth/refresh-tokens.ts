import { createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/** A refresh token, taken apart. */
export interface RefreshToken {
  /** 24 hexadecimal digits. */
  readonly sessionId: string;
  /** 128 random bits that all tokens of a session share; the database has only their hash. */
  readonly lineage: string;
  /** 0 for the first token of a session, then one more with each exchange. */
  readonly generation: number;
}

export interface RefreshTokens {
  write(token: RefreshToken): string;
  /** undefined for anything that this API has not written */
  read(text: string): RefreshToken | undefined;
}

const form = /^([0-9a-f]{24})\.([\w-]{22})\.(0|[1-9]\d{0,8})\.([\w-]{43})$/;

export function newLineage(): string {
  return randomBytes(16).toString('base64url');
}

/** Enough for random bits, which nobody can guess offline. */
export function lineageHash(lineage: string): string {
  return createHash('sha256').update(lineage).digest('base64url');
}

/**
 * `session.lineage.generation.signature`. A token follows from its parts, so that the same exchange
 * can be answered twice with the same token; nobody makes one without both the secret of this server
 * and the lineage, which is known only to the holders of the session's tokens.
 */
export function createRefreshTokens(secret: string): RefreshTokens {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'refresh token', 32));
  const signature = (parts: string) => createHmac('sha256', key).update(parts).digest('base64url');

  return {
    write({ sessionId, lineage, generation }) {
      const parts = `${sessionId}.${lineage}.${generation}`;
      return `${parts}.${signature(parts)}`;
    },
    read(text) {
      const [, sessionId, lineage, generation, given] = form.exec(text) ?? [];
      if (!sessionId || !lineage || !generation || !given) return undefined;
      const expected = signature(`${sessionId}.${lineage}.${generation}`);
      if (!timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return undefined;
      return { sessionId, lineage, generation: Number(generation) };
    },
  };
}
