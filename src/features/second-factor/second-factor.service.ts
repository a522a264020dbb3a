import type { Origin, SessionCaller } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { type Proof, requireProof } from '../auth/proof.service.ts';
import { endSessionsOf } from '../auth/sessions.service.ts';
import type { SecurityEventType } from '../security-events/security-events.contract.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { UserModel, type UserRecord } from '../users/users.model.ts';
import { findCaller } from '../users/users.service.ts';
import { invitationOf, newSecret, stepOf } from './authenticator.ts';
import { requireRightCode } from './codes.service.ts';
import { newRecoveryCodes, normalizeCode, recoveryHash } from './recovery-codes.ts';
import type { Enrolment, RecoveryCodes } from './second-factor.contract.ts';

/**
 * Begins to set up an authenticator, which asks for nothing until its first code has come. Repeated
 * before that, it replaces what was begun.
 * @throws AppError as `requireProof`, or `second_factor_active`
 */
export async function enrol(
  auth: Dependencies,
  caller: SessionCaller,
  proof: Proof,
  origin: Origin,
): Promise<Enrolment> {
  const user = await findCaller(caller);
  if (user.secondFactor?.enabledAt) throw new AppError('second_factor_active');
  await requireProof(auth, { user, caller, origin }, proof);
  const secret = newSecret();
  const begun = { secret: auth.cipher.encrypt(secret), lastStep: 0, recoveryHashes: [] };
  const { modifiedCount } = await UserModel.updateOne(
    { _id: user._id, deletedAt: null, 'secondFactor.enabledAt': null },
    { $set: { secondFactor: begun } },
  );
  if (modifiedCount === 0) throw new AppError('second_factor_active');
  return { secret, ...invitationOf(secret, user.email) };
}

/**
 * Turns the authenticator on once it has shown a right code.
 * @throws AppError `not_found` where nothing was begun, `second_factor_active`, `wrong_code`, or
 *   `rate_limited`
 */
export async function confirm(
  auth: Dependencies,
  caller: SessionCaller,
  code: string,
  origin: Origin,
): Promise<RecoveryCodes> {
  const user = await findCaller(caller);
  const begun = user.secondFactor;
  if (!begun) throw new AppError('not_found');
  if (begun.enabledAt) throw new AppError('second_factor_active');
  const recoveryCodes = newRecoveryCodes();
  await requireRightCode(auth, user, origin, async () => {
    const lastStep = stepOf(normalizeCode(code), auth.cipher.decrypt(begun.secret));
    if (lastStep === undefined) return false;
    const recoveryHashes = recoveryCodes.map(recoveryHash);
    const enabled = { ...begun, enabledAt: new Date(), lastStep, recoveryHashes };
    const { modifiedCount } = await UserModel.updateOne(
      { _id: user._id, 'secondFactor.secret': begun.secret, 'secondFactor.enabledAt': null },
      { $set: { secondFactor: enabled } },
    );
    return modifiedCount === 1;
  });
  await settle(auth, caller, { user, event: 'second_factor_enabled', origin });
  return { recoveryCodes };
}

/** @throws AppError as `requireProof`, or `not_found` for an account without a second factor */
export async function disable(
  auth: Dependencies,
  caller: SessionCaller,
  proof: Proof,
  origin: Origin,
): Promise<void> {
  const { user, enabled } = await requireEnabled(auth, caller, proof, origin);
  const { modifiedCount } = await UserModel.updateOne(enabled, {
    $unset: { secondFactor: true },
  });
  if (modifiedCount === 0) throw new AppError('not_found');
  await settle(auth, caller, { user, event: 'second_factor_disabled', origin });
}

/** @throws AppError as `requireProof`, or `not_found` for an account without a second factor */
export async function replaceRecoveryCodes(
  auth: Dependencies,
  caller: SessionCaller,
  proof: Proof,
  origin: Origin,
): Promise<RecoveryCodes> {
  const { user, enabled } = await requireEnabled(auth, caller, proof, origin);
  const recoveryCodes = newRecoveryCodes();
  const { modifiedCount } = await UserModel.updateOne(enabled, {
    $set: { 'secondFactor.recoveryHashes': recoveryCodes.map(recoveryHash) },
  });
  if (modifiedCount === 0) throw new AppError('not_found');
  await settle(auth, caller, { user, event: 'recovery_codes_replaced', origin });
  return { recoveryCodes };
}

/** The caller's record, and what finds it while its second factor is the one that was proved. */
async function requireEnabled(
  auth: Dependencies,
  caller: SessionCaller,
  proof: Proof,
  origin: Origin,
) {
  const user = await findCaller(caller);
  if (!user.secondFactor?.enabledAt) throw new AppError('not_found');
  await requireProof(auth, { user, caller, origin }, proof);
  const enabled = { _id: user._id, 'secondFactor.secret': user.secondFactor.secret };
  return { user, enabled };
}

/** What follows every change: whoever else is signed in has to show anew who they are. */
async function settle(
  auth: Dependencies,
  { sessionId }: SessionCaller,
  { user, event, origin }: { user: UserRecord; event: SecurityEventType; origin: Origin },
): Promise<void> {
  await endSessionsOf(auth, user._id, { except: sessionId });
  await recordEvent(auth, user._id, event, origin);
}
