import { Types } from 'mongoose';
import type { Caller, Origin, SessionCaller } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import type { Session, SessionQuery } from './auth.contract.ts';
import { lineageHash, newLineage, type RefreshToken } from './refresh-tokens.ts';
import { SessionModel, type SessionRecord } from './sessions.model.ts';

/** Milliseconds in which the token before the newest one is answered like the newest exchange. */
const grace = 10_000;

type Auth = Pick<Dependencies, 'endedSessions' | 'lifetimes' | 'logger' | 'mail' | 'refreshTokens'>;

/** A session with the one refresh token that continues it. */
export interface StartedSession {
  readonly caller: SessionCaller;
  readonly refreshToken: string;
}

function inSeconds(seconds: number): Date {
  return new Date(Date.now() + seconds * 1000);
}

function active() {
  const now = new Date();
  return { endedAt: null, expiresAt: { $gt: now }, endsAt: { $gt: now } };
}

/** Sessions that an account can have; one more ends the one that was not used for longest. */
export const maximumSessions = 100;

/** What is known of a client each time that it shows up. */
function seenFrom(
  { address, network, userAgent }: Origin,
  { lifetimes }: Pick<Auth, 'lifetimes'>,
  now: Date,
) {
  return {
    address,
    network,
    userAgent: userAgent.slice(0, 300),
    lastUsedAt: now,
    expiresAt: inSeconds(lifetimes.refreshToken),
  };
}

export async function startSession(
  auth: Pick<Auth, 'lifetimes' | 'refreshTokens'>,
  userId: Types.ObjectId,
  origin: Origin,
): Promise<StartedSession> {
  const _id = new Types.ObjectId();
  const lineage = newLineage();
  const now = new Date();
  await SessionModel.create({
    _id,
    userId,
    lineageHash: lineageHash(lineage),
    generation: 0,
    rotatedAt: now,
    createdAt: now,
    endsAt: inSeconds(auth.lifetimes.session),
    ...seenFrom(origin, auth, now),
  });
  await makeRoom(userId);
  const sessionId = _id.toHexString();
  return {
    caller: { userId: userId.toHexString(), sessionId },
    refreshToken: auth.refreshTokens.write({ sessionId, lineage, generation: 0 }),
  };
}

/** Ends the sessions beyond the most that an account can have. */
async function makeRoom(userId: Types.ObjectId): Promise<void> {
  const beyond = await SessionModel.find({ userId, ...active() }, { _id: 1 })
    .sort({ lastUsedAt: -1 })
    .skip(maximumSessions)
    .lean();
  if (beyond.length > 0) await end({ _id: { $in: beyond.map(({ _id }) => _id) } });
}

/**
 * Exchanges a refresh token for the next one. Whoever lost the answer, or asks at the same time as
 * others, gets the same next token for 10 s, so that the session goes on in one line.
 * @throws AppError `invalid_refresh_token`; the replay of an older token also ends its session, as it
 *   cannot be told which of the two who hold it is the thief
 */
export async function continueSession(
  auth: Auth,
  refreshToken: string,
  origin: Origin,
): Promise<StartedSession> {
  const token = auth.refreshTokens.read(refreshToken);
  if (!token) throw new AppError('invalid_refresh_token');
  const own = { _id: objectId(token.sessionId), lineageHash: lineageHash(token.lineage) };
  const now = new Date();
  const rotated = await SessionModel.findOneAndUpdate(
    { ...own, generation: token.generation, ...active() },
    { $inc: { generation: 1 }, $set: { rotatedAt: now, ...seenFrom(origin, auth, now) } },
  ).lean<SessionRecord>();
  const session = rotated ?? (await repeatedSession(auth, own, token, origin));
  return {
    caller: { userId: session.userId?.toHexString() ?? '', sessionId: token.sessionId },
    refreshToken: auth.refreshTokens.write({ ...token, generation: token.generation + 1 }),
  };
}

/** The session of a token whose exchange is repeated within the grace; the replay of any other ends it. */
async function repeatedSession(
  auth: Auth,
  own: Pick<SessionRecord, '_id' | 'lineageHash'>,
  { generation }: RefreshToken,
  origin: Origin,
): Promise<SessionRecord> {
  const session = await SessionModel.findOne({ ...own, ...active() }).lean<SessionRecord>();
  if (session) {
    const replacedLast = session.generation === generation + 1;
    if (replacedLast && Date.now() - session.rotatedAt.getTime() <= grace) return session;
    await end({ _id: session._id });
    await auth.endedSessions.catchUp();
    if (session.userId) await recordEvent(auth, session.userId, 'refresh_token_replayed', origin);
  }
  throw new AppError('invalid_refresh_token');
}

/** The end is written by the database's clock; the record stays for as long as any access token. */
async function end(filter: object): Promise<number> {
  const { modifiedCount } = await SessionModel.updateMany(
    { ...filter, endedAt: null },
    {
      $currentDate: { endedAt: true },
      $set: { address: '', userAgent: '', expiresAt: new Date() },
    },
  );
  return modifiedCount;
}

/** @returns false for a session that is absent, has ended or is somebody else's */
export async function endSession(caller: Caller, id: string): Promise<boolean> {
  return (await end({ _id: objectId(id), userId: objectId(caller.userId) })) > 0;
}

/** Ends all sessions of a user, or all but one, at once; may be repeated. */
export async function endSessionsOf(
  { endedSessions }: Pick<Auth, 'endedSessions'>,
  userId: Types.ObjectId,
  options: { except?: string } = {},
): Promise<void> {
  const others = options.except === undefined ? {} : { _id: { $ne: objectId(options.except) } };
  await end({ userId, ...others });
  await endedSessions.catchUp();
}

/** Ends all sessions of a user who is about to be forgotten; may be repeated. */
export async function forgetSessionsOf(userId: Types.ObjectId): Promise<void> {
  await end({ userId });
  await SessionModel.updateMany({ userId }, { $unset: { userId: true }, $set: { network: '' } });
}

/** Whether the user has signed in from this network lately. */
export async function isFamiliar(userId: Types.ObjectId, { network }: Origin): Promise<boolean> {
  return (await SessionModel.exists({ userId, network })) !== null;
}

/** Whether the caller's session began within the last so many seconds. */
export async function isFresh({ sessionId }: SessionCaller, seconds: number): Promise<boolean> {
  const began = { createdAt: { $gt: inSeconds(-seconds) } };
  return (await SessionModel.exists({ _id: objectId(sessionId), ...began })) !== null;
}

function show(session: SessionRecord, caller: SessionCaller): Session {
  const id = session._id.toHexString();
  const { endsAt, expiresAt } = session;
  return {
    id,
    userAgent: session.userAgent,
    address: session.address,
    createdAt: session.createdAt.toISOString(),
    lastUsedAt: session.lastUsedAt.toISOString(),
    expiresAt: (endsAt < expiresAt ? endsAt : expiresAt).toISOString(),
    current: id === caller.sessionId,
  };
}

/** The caller's sessions that go on, the newest first. */
export async function listSessions(caller: SessionCaller, { limit, cursor }: SessionQuery) {
  const order = [{ field: 'createdAt', type: 'date', direction: -1 }] as const;
  const own = { userId: objectId(caller.userId), ...active() };
  return readPage(
    { limit, cursor, filter: 'sessions', order },
    (after, options) =>
      SessionModel.find(allOf(own, after), undefined, options).lean<SessionRecord[]>(),
    (session) => show(session, caller),
  );
}
