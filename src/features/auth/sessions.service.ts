import { createHash, randomBytes } from 'node:crypto';
import { Types } from 'mongoose';
import type { Caller, Origin } from '../../contract/endpoint.ts';
import { objectId } from '../../database/ids.ts';
import { afterCursor, allOf, sortOf, toPage } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import type { Session, SessionQuery } from './auth.contract.ts';
import { SessionModel, type SessionRecord } from './sessions.model.ts';

/** Milliseconds in which a replaced refresh token is only refused: two tabs may refresh at once. */
const rivalry = 10_000;
/** Seconds for which an ended session is kept beyond the life of its last access token. */
const margin = 60;

/** Seconds. */
export interface Lifetimes {
  readonly accessToken: number;
  readonly refreshToken: number;
}

/** A session with the one refresh token that continues it. */
export interface StartedSession {
  readonly caller: Caller;
  readonly refreshToken: string;
}

function inSeconds(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000);
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/**
 * `session.lineage.secret`: only the secret changes with each exchange. The lineage is known to
 * nobody but the holders of the session's tokens, so a token that has it and is not the newest one
 * was replaced, however long ago.
 */
function newRefreshToken(sessionId: Types.ObjectId, lineage: string): string {
  return `${sessionId.toHexString()}.${lineage}.${randomBytes(32).toString('base64url')}`;
}

const active = () => ({ endedAt: null, expiresAt: { $gt: new Date() } });

export async function startSession(
  userId: Types.ObjectId,
  { address, userAgent }: Origin,
  lifetimes: Lifetimes,
): Promise<StartedSession> {
  const _id = new Types.ObjectId();
  const lineage = randomBytes(16).toString('base64url');
  const refreshToken = newRefreshToken(_id, lineage);
  const now = new Date();
  await SessionModel.create({
    _id,
    userId,
    tokenHash: hashOf(refreshToken),
    lineageHash: hashOf(lineage),
    rotatedAt: now,
    userAgent: userAgent.slice(0, 300),
    address,
    createdAt: now,
    lastUsedAt: now,
    expiresAt: inSeconds(lifetimes.refreshToken),
  });
  return {
    caller: { userId: userId.toHexString(), sessionId: _id.toHexString() },
    refreshToken,
  };
}

/**
 * Exchanges a refresh token for the next one.
 * @throws AppError `invalid_refresh_token`; the replay of a replaced token also ends its session,
 *   since it cannot be told who of the two holders is the thief
 */
export async function continueSession(
  refreshToken: string,
  { address, userAgent }: Origin,
  lifetimes: Lifetimes,
): Promise<StartedSession> {
  const refused = new AppError('invalid_refresh_token');
  const [id = '', lineage = ''] = refreshToken.split('.');
  if (!/^[0-9a-f]{24}$/.test(id)) throw refused;
  const sessionId = new Types.ObjectId(id);
  const tokenHash = hashOf(refreshToken);
  const next = newRefreshToken(sessionId, lineage);
  const now = new Date();
  const session = await SessionModel.findOneAndUpdate(
    { _id: sessionId, tokenHash, ...active() },
    {
      $set: {
        tokenHash: hashOf(next),
        previousTokenHash: tokenHash,
        rotatedAt: now,
        lastUsedAt: now,
        userAgent: userAgent.slice(0, 300),
        address,
        expiresAt: inSeconds(lifetimes.refreshToken),
      },
    },
  ).lean<SessionRecord>();
  if (session) {
    return {
      caller: { userId: session.userId.toHexString(), sessionId: id },
      refreshToken: next,
    };
  }
  await endIfReplayed({ _id: sessionId, lineageHash: hashOf(lineage) }, tokenHash, lifetimes);
  throw refused;
}

async function endIfReplayed(
  origin: Pick<SessionRecord, '_id' | 'lineageHash'>,
  tokenHash: string,
  lifetimes: Lifetimes,
): Promise<void> {
  const session = await SessionModel.findOne({ ...origin, ...active() }).lean<SessionRecord>();
  if (!session) return;
  const replacedJustNow =
    session.previousTokenHash === tokenHash && Date.now() - session.rotatedAt.getTime() <= rivalry;
  if (!replacedJustNow) await end({ _id: session._id }, lifetimes);
}

/** The end is written by the database's clock, and stays until no access token can need it. */
async function end(filter: object, lifetimes: Lifetimes): Promise<number> {
  const { modifiedCount } = await SessionModel.updateMany(
    { ...filter, endedAt: null },
    {
      $currentDate: { endedAt: true },
      $set: {
        address: '',
        userAgent: '',
        expiresAt: inSeconds(lifetimes.accessToken + margin),
      },
    },
  );
  return modifiedCount;
}

/** @returns false for a session that is absent, has ended or is somebody else's */
export async function endSession(
  caller: Caller,
  id: string,
  lifetimes: Lifetimes,
): Promise<boolean> {
  const ended = await end({ _id: objectId(id), userId: objectId(caller.userId) }, lifetimes);
  return ended > 0;
}

/** Ends all sessions of a user, or all but one; may be repeated. */
export async function endSessionsOf(
  userId: Types.ObjectId,
  lifetimes: Lifetimes,
  options: { except?: string } = {},
): Promise<void> {
  const others = options.except === undefined ? {} : { _id: { $ne: objectId(options.except) } };
  await end({ userId, ...others }, lifetimes);
}

function show(session: SessionRecord, caller: Caller): Session {
  const id = session._id.toHexString();
  return {
    id,
    userAgent: session.userAgent,
    address: session.address,
    createdAt: session.createdAt.toISOString(),
    lastUsedAt: session.lastUsedAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    current: id === caller.sessionId,
  };
}

/** The caller's sessions that go on, the newest first. */
export async function listSessions(caller: Caller, { limit, cursor }: SessionQuery) {
  const order = [{ field: 'createdAt', type: 'date', direction: -1 }] as const;
  const after = cursor === undefined ? {} : afterCursor(cursor, 'sessions', order);
  const own = { userId: objectId(caller.userId), ...active() };
  const found = await SessionModel.find(allOf(own, after))
    .sort(sortOf(order))
    .limit(limit + 1)
    .lean<SessionRecord[]>();
  return toPage(found, { limit, filter: 'sessions', order }, (session) => show(session, caller));
}
