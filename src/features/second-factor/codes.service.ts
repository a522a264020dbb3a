import type { Origin } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { tryToGuess } from '../auth/attempts.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { UserModel, type UserRecord } from '../users/users.model.ts';
import { stepOf } from './authenticator.ts';
import { normalizeCode, recoveryHash } from './recovery-codes.ts';

type Auth = Pick<Dependencies, 'cipher' | 'config' | 'logger' | 'mail'>;

type SecondFactor = NonNullable<UserRecord['secondFactor']>;

/**
 * Asks for a code where the account has a second factor.
 * @throws AppError `second_factor_required`, `wrong_code` or `rate_limited`
 */
export async function requireSecondFactor(
  auth: Auth,
  user: UserRecord,
  code: string | undefined,
  origin: Origin,
): Promise<void> {
  const factor = user.secondFactor;
  if (!factor?.enabledAt) return;
  if (code === undefined) throw new AppError('second_factor_required');
  const given = normalizeCode(code);
  if (/^\d{6}$/.test(given)) {
    await requireRightCode(auth, user, origin, async () => {
      const step = stepOf(given, auth.cipher.decrypt(factor.secret));
      return step !== undefined && (await useStep(user, factor, step));
    });
  } else {
    await requireRightCode(auth, user, origin, () => useRecoveryCode(user, given));
    await recordEvent(auth, user._id, 'recovery_code_used', origin);
  }
}

/**
 * Lets somebody try a code of an account, whatever it is for.
 * @throws AppError `wrong_code`, or `rate_limited` without trying
 */
export async function requireRightCode(
  auth: Omit<Auth, 'cipher'>,
  { _id }: UserRecord,
  origin: Origin,
  attempt: () => Promise<boolean>,
): Promise<void> {
  const guessed = { secret: 'code', account: _id.toHexString(), userId: _id, origin } as const;
  if (await tryToGuess(auth, guessed, attempt)) return;
  await recordEvent(auth, _id, 'code_refused', origin);
  throw new AppError('wrong_code');
}

/** @returns false if a code of this step, or of a later one, has been used */
async function useStep(
  { _id }: UserRecord,
  { secret }: SecondFactor,
  step: number,
): Promise<boolean> {
  const { modifiedCount } = await UserModel.updateOne(
    { _id, 'secondFactor.secret': secret, 'secondFactor.lastStep': { $lt: step } },
    { $set: { 'secondFactor.lastStep': step } },
  );
  return modifiedCount === 1;
}

/** @returns false for a code that is unknown or was used */
async function useRecoveryCode({ _id }: UserRecord, code: string): Promise<boolean> {
  const hash = recoveryHash(code);
  const { modifiedCount } = await UserModel.updateOne(
    { _id, 'secondFactor.recoveryHashes': hash },
    { $pull: { 'secondFactor.recoveryHashes': hash } },
  );
  return modifiedCount === 1;
}
