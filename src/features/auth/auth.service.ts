import type { Caller, Origin } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import type { Registration } from '../users/users.contract.ts';
import type { UserRecord } from '../users/users.model.ts';
import { createUser, findUserByEmail, isUnchanged, showUser } from '../users/users.service.ts';
import type { Login, SignIn, Tokens } from './auth.contract.ts';
import {
  continueSession,
  endSession,
  type StartedSession,
  startSession,
} from './sessions.service.ts';

type Auth = Pick<Dependencies, 'accessTokens' | 'endedSessions' | 'lifetimes' | 'passwords'>;

function tokensFor({ accessTokens }: Auth, { caller, refreshToken }: StartedSession): Tokens {
  return {
    accessToken: accessTokens.sign(caller),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: accessTokens.lifetime,
  };
}

function signedIn(auth: Auth, user: UserRecord, session: StartedSession): SignIn {
  return { user: showUser(user), ...tokensFor(auth, session) };
}

/** @throws AppError `email_taken` */
export async function register(
  auth: Auth,
  { email, name, password }: Registration,
  origin: Origin,
): Promise<SignIn> {
  const user = await createUser({ email, name }, await auth.passwords.hash(password));
  return signedIn(auth, user, await startSession(user._id, origin, auth.lifetimes));
}

/** @throws AppError `invalid_credentials`, alike for an unknown address and a wrong password */
export async function logIn(
  auth: Auth,
  { email, password }: Login,
  origin: Origin,
): Promise<SignIn> {
  const user = await findUserByEmail(email);
  const matches = await auth.passwords.verify(password, user?.passwordHash);
  if (!user || !matches) throw new AppError('invalid_credentials');
  const session = await startSession(user._id, origin, auth.lifetimes);
  // A change of the password ends the sessions that it finds, and may have missed this one.
  if (!(await isUnchanged(user))) {
    await logOut(auth, session.caller);
    throw new AppError('invalid_credentials');
  }
  return signedIn(auth, user, session);
}

/** @throws AppError `invalid_refresh_token` */
export async function refresh(auth: Auth, refreshToken: string, origin: Origin): Promise<Tokens> {
  return tokensFor(auth, await continueSession(refreshToken, origin, auth.lifetimes));
}

/** Ends the caller's session, at once; it may have ended meanwhile. */
export async function logOut(auth: Auth, caller: Caller): Promise<void> {
  await endSession(caller, caller.sessionId, auth.lifetimes);
  await auth.endedSessions.catchUp();
}

/**
 * Ends one of the caller's sessions, at once.
 * @throws AppError `not_found` for a session that is absent, has ended or is somebody else's
 */
export async function endOwnSession(auth: Auth, caller: Caller, id: string): Promise<void> {
  if (!(await endSession(caller, id, auth.lifetimes))) throw new AppError('not_found');
  await auth.endedSessions.catchUp();
}
