import type { Types } from 'mongoose';
import type { Origin } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { deleteTokensOf } from '../api-tokens/api-tokens.service.ts';
import { requireStrength } from '../auth/password-policy.service.ts';
import { endSessionsOf } from '../auth/sessions.service.ts';
import { holderOf } from '../mail/links.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { UserModel, type UserRecord } from '../users/users.model.ts';
import type { PasswordReset } from './email.contract.ts';

/**
 * Sends the link to a new password, if an account has this address. That is found out later, so that
 * the answer, and how long it takes, says nothing.
 * @throws AppError `mail_unavailable`
 */
export async function requestPasswordReset(
  { mail }: Pick<Dependencies, 'mail'>,
  email: string,
  origin: Origin,
): Promise<void> {
  if (!mail.isAvailable) throw new AppError('mail_unavailable');
  await mail.sendResetLink(email, origin);
}

/** Whoever is in the account, by whatever means, is out at once. */
async function shutOut(
  accounts: Pick<Dependencies, 'apiTokens' | 'endedSessions'>,
  userId: Types.ObjectId,
): Promise<void> {
  await endSessionsOf(accounts, userId);
  await deleteTokensOf(userId);
  accounts.apiTokens.forget();
}

/**
 * Who has verified an address for the first time may be another person than the one who made the
 * account, and must not share it with whatever identities that one has linked.
 */
function strangeIdentities({ emailVerified, identities }: UserRecord) {
  return !emailVerified && identities && { identities: true, identityKeys: true };
}

/**
 * Sets a new password with the token of a link, and shuts out whoever is in the account. The second
 * factor stays, and nobody is signed in.
 * @throws AppError `invalid_email_token`, `overloaded`, or `validation_failed` for a password that is
 *   easy to guess, after which the token still works
 */
export async function resetPassword(
  accounts: Dependencies,
  { token, newPassword }: PasswordReset,
  origin: Origin,
): Promise<void> {
  const holder = holderOf('passwordLink', token);
  const user = holder && (await UserModel.findOne(holder).lean<UserRecord>());
  if (!user) throw new AppError('invalid_email_token');
  await requireStrength(accounts, 'newPassword', newPassword, user, origin);
  const passwordHash = await accounts.passwords.hash(newPassword);
  const strange = strangeIdentities(user);
  // Before the token is used up, so that after a crash it still leads here; and again for a sign-in
  // with the old password in between.
  await shutOut(accounts, user._id);
  const now = new Date();
  const { modifiedCount } = await UserModel.updateOne(
    { ...holder, emailVerified: user.emailVerified },
    {
      $set: { passwordHash, passwordChangedAt: now, emailVerified: true, updatedAt: now },
      // A thief may wait for a link to an address of their own.
      $unset: { passwordLink: true, emailLink: true, ...strange },
      $inc: { version: 1 },
    },
  );
  if (modifiedCount === 0) throw new AppError('invalid_email_token');
  await shutOut(accounts, user._id);
  await recordEvent(accounts, user._id, 'password_reset', origin);
  if (strange) await recordEvent(accounts, user._id, 'identity_unlinked', origin);
}
