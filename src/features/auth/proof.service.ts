import type { Origin, SessionCaller } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { requireSecondFactor } from '../second-factor/codes.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import type { UserRecord } from '../users/users.model.ts';
import { tryToGuess } from './attempts.service.ts';
import { isFresh } from './sessions.service.ts';

/** Seconds for which a sign-in stands in for the password that an account does not have. */
const fresh = 300;

type Auth = Pick<Dependencies, 'cipher' | 'config' | 'logger' | 'mail' | 'passwords'>;

/** What shows that the caller of a sensitive change is the owner, and not a borrowed session. */
export interface Proof {
  readonly password?: string | undefined;
  readonly code?: string | undefined;
}

/** What an account's password is asked for. */
export interface Challenged {
  readonly user: UserRecord;
  readonly caller: SessionCaller;
  readonly origin: Origin;
  /** The member of the body in which the password is expected. */
  readonly member?: 'password' | 'currentPassword';
}

/**
 * Asks for the password (of an account without one: for a sign-in within the last five minutes), and
 * for a code where the account has a second factor.
 * @throws AppError `wrong_password`, `fresh_sign_in_required`, `second_factor_required`, `wrong_code`,
 *   `rate_limited`, or `validation_failed` where the password is missing
 */
export async function requireProof(
  auth: Auth,
  { user, caller, origin, member = 'password' }: Challenged,
  { password, code }: Proof,
): Promise<void> {
  if (user.passwordHash) await requirePassword(auth, { user, origin, member, password });
  else if (!(await isFresh(caller, fresh))) throw new AppError('fresh_sign_in_required');
  await requireSecondFactor(auth, user, code, origin);
}

async function requirePassword(
  auth: Auth,
  asked: { user: UserRecord; origin: Origin; member: string; password: string | undefined },
): Promise<void> {
  const { user, origin, member, password } = asked;
  if (password === undefined) {
    const message = 'is required, as the account has a password';
    throw AppError.violations([{ path: `body.${member}`, code: 'invalid_type', message }]);
  }
  const guessed = { secret: 'password', account: user.emailKey, userId: user._id, origin } as const;
  const right = await tryToGuess(auth, guessed, () =>
    auth.passwords.verify(password, user.passwordHash ?? undefined),
  );
  if (right) return;
  await recordEvent(auth, user._id, 'password_refused', origin);
  throw new AppError('wrong_password');
}
