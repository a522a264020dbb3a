import { hash } from 'node:crypto';
import type { Caller } from '../../contract/endpoint.ts';
import type { Scope } from '../../contract/scopes.ts';
import type { Database } from '../../database/connection.ts';
import { AppError } from '../../errors.ts';
import type { Announcements } from '../../redis/announcements.ts';
import { UserModel } from '../users/users.model.ts';
import { ApiTokenModel, type ApiTokenRecord } from './api-tokens.model.ts';
import { hasTokenPrefix, isWellFormed } from './token-format.ts';

/** Who a token speaks for, and what it may do. */
interface TokenHolder {
  readonly caller: Caller;
  readonly scopes: readonly Scope[];
}

export interface ApiTokens {
  /** Whether a bearer token is meant for this: the prefix tells. */
  isApiToken(token: string): boolean;
  /** @throws AppError `invalid_token` for one that is unknown, expired or deleted, or whose owner is */
  verify(token: string): Promise<TokenHolder>;
  /** Makes every change that was written before the call hold here at once; announces it. */
  forget(): void;
}

/** Milliseconds for which an answer of the database is trusted. */
const staleAfter = 900;
/** Milliseconds between two records of the last use. */
const useInterval = 60_000;
/** How many answers are remembered, at about 500 bytes. */
const maximumRemembered = 5000;

interface Known extends TokenHolder {
  readonly expiresAt: Date;
}

interface LookUp {
  readonly askedAt: number;
  readonly answer: Promise<Known | undefined>;
}

/** Kept by one of all instances and requests that notice at once that it is time. */
async function recordUse({ _id, lastUsedAt }: ApiTokenRecord): Promise<void> {
  const now = new Date();
  const before = new Date(now.getTime() - useInterval);
  if (lastUsedAt && lastUsedAt > before) return;
  const notLately = { lastUsedAt: { $not: { $gt: before } } };
  await ApiTokenModel.updateOne({ _id, ...notLately }, { $set: { lastUsedAt: now } });
}

async function lookUp(tokenHash: string): Promise<Known | undefined> {
  const valid = { tokenHash, expiresAt: { $gt: new Date() } };
  const token = await ApiTokenModel.findOne(valid).lean<ApiTokenRecord>();
  if (!token) return undefined;
  const { userId, scopes, expiresAt } = token;
  const owner = { _id: userId, deletedAt: null, disabledAt: null };
  if (!(await UserModel.exists(owner))) return undefined;
  await recordUse(token);
  return { caller: { userId: userId.toHexString() }, scopes: scopes as Scope[], expiresAt };
}

/**
 * Which API tokens are valid. The database is asked once in 900 ms for each token in use, so that a
 * deletion on another instance holds here within a second, and at once where it is announced; while it cannot be asked, requests fail
 * rather than trust what was known. Whatever lacks the right checksum is refused unasked.
 */
export function createApiTokens(
  database: Pick<Database, 'run'>,
  announcements: Announcements,
): ApiTokens {
  /** By the hash of the token, in the order of being asked; requests at the same time share one. */
  const lookUps = new Map<string, LookUp>();

  function ask(tokenHash: string): LookUp {
    const answer = database.run(() => lookUp(tokenHash));
    const asked = { askedAt: performance.now(), answer };
    lookUps.delete(tokenHash);
    const [oldest] = lookUps.size < maximumRemembered ? [] : lookUps.keys();
    if (oldest !== undefined) lookUps.delete(oldest);
    lookUps.set(tokenHash, asked);
    answer.catch(() => {
      if (lookUps.get(tokenHash) === asked) lookUps.delete(tokenHash);
    });
    return asked;
  }

  // Look-ups that are under way were asked before, and have no way back into what is remembered.
  const forgetHere = () => lookUps.clear();
  announcements.listen('API tokens', forgetHere);

  return {
    isApiToken: hasTokenPrefix,
    async verify(token) {
      if (!isWellFormed(token)) throw new AppError('invalid_token');
      const tokenHash = hash('sha256', token, 'base64url');
      const remembered = lookUps.get(tokenHash);
      const isFresh = remembered && performance.now() - remembered.askedAt <= staleAfter;
      const known = await (isFresh ? remembered : ask(tokenHash)).answer;
      if (!known || known.expiresAt.getTime() <= Date.now()) throw new AppError('invalid_token');
      return known;
    },
    forget() {
      forgetHere();
      announcements.announce('API tokens');
    },
  };
}
