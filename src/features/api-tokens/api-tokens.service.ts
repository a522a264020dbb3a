import { hash } from 'node:crypto';
import type { Types } from 'mongoose';
import type { Caller, Origin, SessionCaller } from '../../contract/endpoint.ts';
import type { Scope } from '../../contract/scopes.ts';
import type { Dependencies } from '../../dependencies.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage } from '../../database/keyset.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import { AppError } from '../../errors.ts';
import { requireProof } from '../auth/proof.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { findCaller, isUnchanged } from '../users/users.service.ts';
import {
  type ApiToken,
  type ApiTokenCreate,
  type ApiTokenQuery,
  maximumTokens,
  type NewApiToken,
} from './api-tokens.contract.ts';
import { ApiTokenModel, type ApiTokenRecord } from './api-tokens.model.ts';
import { newToken } from './token-format.ts';

const dayInMilliseconds = 86_400_000;

function show(token: ApiTokenRecord): ApiToken {
  return {
    id: token._id.toHexString(),
    name: token.name,
    scopes: token.scopes as Scope[],
    ending: token.ending,
    createdAt: token.createdAt.toISOString(),
    expiresAt: token.expiresAt.toISOString(),
    lastUsedAt: token.lastUsedAt?.toISOString() ?? null,
  };
}

/**
 * Makes a token, which only the answer shows.
 * @throws AppError as `requireProof`, or `limit_reached`
 */
export async function createApiToken(
  accounts: Dependencies,
  caller: SessionCaller,
  { name, scopes, expiresInDays, ...proof }: ApiTokenCreate,
  origin: Origin,
): Promise<NewApiToken> {
  const user = await findCaller(caller);
  await requireProof(accounts, { user, caller, origin }, proof);
  const token = newToken();
  const now = new Date();
  const record: ApiTokenRecord = {
    _id: newId(),
    userId: user._id,
    tokenHash: hash('sha256', token, 'base64url'),
    ending: token.slice(-4),
    name,
    scopes,
    createdAt: now,
    expiresAt: new Date(now.getTime() + expiresInDays * dayInMilliseconds),
  };
  const stored = await insertOnce(ApiTokenModel.collection, record);
  if (stored.tokenHash !== record.tokenHash) await replaceSecret(stored, record);
  try {
    await requireRoom(user._id);
    // What deletes all tokens of an account deletes those that it finds, and may have missed this one.
    if (!(await isUnchanged(user))) throw new AppError('invalid_token');
  } catch (error) {
    await ApiTokenModel.deleteOne({ _id: record._id });
    throw error;
  }
  await recordEvent(accounts, user._id, 'api_token_created', origin);
  return { ...show(record), token };
}

/** An attempt that broke off has stored a token which nobody was ever shown: this one takes its place. */
async function replaceSecret(
  { _id }: ApiTokenRecord,
  { tokenHash, ending, createdAt, expiresAt }: ApiTokenRecord,
): Promise<void> {
  const changes = { $set: { tokenHash, ending, createdAt, expiresAt } };
  await ApiTokenModel.updateOne({ _id }, changes);
}

/**
 * Counts once the new token is in: of rivals, the last to come in sees all others, so that never too
 * many are given out.
 */
async function requireRoom(userId: Types.ObjectId): Promise<void> {
  const count = await ApiTokenModel.countDocuments({ userId, expiresAt: { $gt: new Date() } });
  if (count <= maximumTokens) return;
  const detail = `An account has at most ${maximumTokens} API tokens: delete one first.`;
  throw new AppError('limit_reached', { detail });
}

/** The caller's tokens, the newest first. */
export async function listApiTokens(caller: Caller, { limit, cursor }: ApiTokenQuery) {
  const order = [{ field: 'createdAt', type: 'date', direction: -1 }] as const;
  return readPage(
    { limit, cursor, filter: 'apiTokens', order },
    (after, options) =>
      ApiTokenModel.find(
        allOf({ userId: objectId(caller.userId) }, after),
        undefined,
        options,
      ).lean<ApiTokenRecord[]>(),
    show,
  );
}

/** @throws AppError `not_found`, also for a token of somebody else's */
export async function readApiToken(caller: Caller, id: string): Promise<ApiToken> {
  const own = { _id: objectId(id), userId: objectId(caller.userId) };
  const token = await ApiTokenModel.findOne(own).lean<ApiTokenRecord>();
  if (!token) throw new AppError('not_found');
  return show(token);
}

/**
 * Deletes a token: at once here, within a second on every other instance.
 * @throws AppError `not_found`, also for a token of somebody else's
 */
export async function deleteApiToken(
  accounts: Dependencies,
  caller: Caller,
  id: string,
  origin: Origin,
): Promise<void> {
  const userId = objectId(caller.userId);
  const { deletedCount } = await ApiTokenModel.deleteOne({ _id: objectId(id), userId });
  if (deletedCount === 0) throw new AppError('not_found');
  accounts.apiTokens.forget();
  await recordEvent(accounts, userId, 'api_token_deleted', origin);
}

/** Deletes all tokens of a user; may be repeated. `apiTokens.forget()` makes it hold at once. */
export async function deleteTokensOf(userId: Types.ObjectId): Promise<void> {
  await ApiTokenModel.deleteMany({ userId });
}
