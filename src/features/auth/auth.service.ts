import type { Caller, Origin, SessionCaller } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { countUp } from '../../database/counters.ts';
import { objectId } from '../../database/ids.ts';
import { AppError } from '../../errors.ts';
import { requireSecondFactor } from '../second-factor/codes.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import type { Registration } from '../users/users.contract.ts';
import type { UserRecord } from '../users/users.model.ts';
import {
  createUser,
  findUserByEmail,
  isUnchanged,
  showUser,
  upgradePasswordHash,
} from '../users/users.service.ts';
import { tryToGuess } from './attempts.service.ts';
import type { Login, SignIn, Tokens } from './auth.contract.ts';
import { requireStrength } from './password-policy.service.ts';
import {
  continueSession,
  endSession,
  endSessionsOf,
  type StartedSession,
  startSession,
} from './sessions.service.ts';

function tokensFor(
  { accessTokens }: Pick<Dependencies, 'accessTokens'>,
  { caller, refreshToken }: StartedSession,
): Tokens {
  return {
    accessToken: accessTokens.sign(caller),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: accessTokens.lifetime,
  };
}

/**
 * Starts a session for somebody who has shown who they are.
 * @throws AppError `account_disabled`, or `invalid_credentials` where the account has changed meanwhile
 */
export async function signIn(
  auth: Dependencies,
  user: UserRecord,
  origin: Origin,
): Promise<SignIn> {
  if (user.disabledAt) throw new AppError('account_disabled');
  const session = await startSession(auth, user._id, origin);
  // What ends all sessions of an account ends those that it finds, and may have missed this one.
  if (!(await isUnchanged(user))) {
    await endSession(session.caller, session.caller.sessionId);
    throw new AppError('invalid_credentials');
  }
  await recordEvent(auth, user._id, 'signed_in', origin);
  return { user: showUser(user), ...tokensFor(auth, session) };
}

/** @throws AppError `email_taken`, or `validation_failed` for a password that is easy to guess */
export async function register(
  auth: Dependencies,
  { email, name, password }: Registration,
  origin: Origin,
): Promise<SignIn> {
  await requireStrength(auth, 'password', password, { email, name }, origin);
  const passwordHash = await auth.passwords.hash(password);
  const user = await createUser({ email, name, passwordHash, emailVerified: false });
  await recordEvent(auth, user._id, 'account_created', origin);
  await auth.mail.sendLink(user._id, 'verify_email');
  return signIn(auth, user, origin);
}

/**
 * @throws AppError `invalid_credentials`, alike for an unknown address and a wrong password;
 *   `second_factor_required`, `wrong_code`, `account_disabled` after the right one; `rate_limited`
 */
export async function logIn(
  auth: Dependencies,
  { email, password, code }: Login,
  origin: Origin,
): Promise<SignIn> {
  const user = (await findUserByEmail(email)) ?? undefined;
  const account = email.toLowerCase();
  const guessed = { secret: 'password', account, userId: user?._id, origin } as const;
  const matches = await tryToGuess(auth, guessed, () =>
    auth.passwords.verify(password, user?.passwordHash ?? undefined),
  );
  if (!user || !matches) {
    // One write in either case, so that the time tells nothing.
    if (user) await recordEvent(auth, user._id, 'sign_in_failed', origin);
    else await countUp({ key: `unknown account:${origin.network}`, window: 900 });
    throw new AppError('invalid_credentials');
  }
  await requireSecondFactor(auth, user, code, origin);
  const signedIn = await signIn(auth, user, origin);
  await upgradePasswordHash(auth, user, password);
  return signedIn;
}

/** @throws AppError `invalid_refresh_token` */
export async function refresh(
  auth: Dependencies,
  refreshToken: string,
  origin: Origin,
): Promise<Tokens> {
  return tokensFor(auth, await continueSession(auth, refreshToken, origin));
}

/** Ends the caller's session, at once; it may have ended meanwhile. */
export async function logOut(
  auth: Dependencies,
  caller: SessionCaller,
  origin: Origin,
): Promise<void> {
  const { userId, sessionId } = caller;
  if (await endSession(caller, sessionId))
    await recordEvent(auth, objectId(userId), 'signed_out', origin);
  await auth.endedSessions.catchUp();
}

/**
 * Ends one of the caller's sessions, at once.
 * @throws AppError `not_found` for a session that is absent, has ended or is somebody else's
 */
export async function endOwnSession(
  auth: Dependencies,
  caller: Caller,
  id: string,
  origin: Origin,
): Promise<void> {
  if (!(await endSession(caller, id))) throw new AppError('not_found');
  await recordEvent(auth, objectId(caller.userId), 'session_ended', origin);
  await auth.endedSessions.catchUp();
}

/** Ends all of the caller's sessions but the one that asks, at once. */
export async function endOtherSessions(
  auth: Dependencies,
  { userId, sessionId }: SessionCaller,
  origin: Origin,
): Promise<void> {
  await endSessionsOf(auth, objectId(userId), { except: sessionId });
  await recordEvent(auth, objectId(userId), 'session_ended', origin);
}
