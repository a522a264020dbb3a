import type { Origin, SessionCaller } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { requireStrength } from '../auth/password-policy.service.ts';
import { requireProof } from '../auth/proof.service.ts';
import { endSessionsOf } from '../auth/sessions.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import type { PasswordChange } from './users.contract.ts';
import { UserModel } from './users.model.ts';
import { findCaller } from './users.service.ts';

/**
 * Sets the password, also of an account that had none. Ends every other session: whoever knew the old
 * password is out.
 * @throws AppError as `requireProof`, or `validation_failed` for a password that is easy to guess
 */
export async function changePassword(
  accounts: Dependencies,
  caller: SessionCaller,
  { currentPassword, newPassword, code }: PasswordChange,
  origin: Origin,
): Promise<void> {
  const user = await findCaller(caller);
  const proof = { password: currentPassword, code };
  await requireStrength(accounts, 'newPassword', newPassword, user, origin);
  await requireProof(accounts, { user, caller, origin, member: 'currentPassword' }, proof);
  const passwordHash = await accounts.passwords.hash(newPassword);
  const now = new Date();
  const changed = await UserModel.updateOne(
    { _id: user._id, passwordChangedAt: user.passwordChangedAt, deletedAt: null },
    {
      $set: { passwordHash, passwordChangedAt: now, updatedAt: now },
      // Links that whoever knew the old password has asked for are void, too.
      $unset: { emailLink: true, passwordLink: true },
      $inc: { version: 1 },
    },
  );
  // Another change won the race, so the current password is no longer the one that was sent.
  if (changed.modifiedCount === 0) throw new AppError('wrong_password');
  await endSessionsOf(accounts, user._id, { except: caller.sessionId });
  await recordEvent(accounts, user._id, 'password_changed', origin);
}
