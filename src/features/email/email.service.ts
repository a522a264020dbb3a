import type { Origin, SessionCaller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { requireProof } from '../auth/proof.service.ts';
import { forgetAddress, holderOf, requestAddress } from '../mail/links.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { UserModel, type UserRecord } from '../users/users.model.ts';
import { findCaller, findUserByEmail } from '../users/users.service.ts';
import type { EmailChange } from './email.contract.ts';

/**
 * Sends the link to the caller's present address again; does nothing if that is verified.
 * @throws AppError `mail_unavailable`
 */
export async function sendVerification(
  { mail }: Pick<Dependencies, 'mail'>,
  caller: SessionCaller,
): Promise<void> {
  if (!mail.isAvailable) throw new AppError('mail_unavailable');
  const user = await findCaller(caller);
  if (user.emailVerified) return;
  await forgetAddress(user);
  await mail.sendLink(user._id, 'verify_email');
}

/**
 * Sends a link to the address that the caller asks for: the account has it once the link is used.
 * @throws AppError as `requireProof`, or `email_taken`, `mail_unavailable`
 */
export async function requestEmailChange(
  accounts: Dependencies,
  caller: SessionCaller,
  { email, ...proof }: EmailChange,
  origin: Origin,
): Promise<void> {
  const { mail } = accounts;
  if (!mail.isAvailable) throw new AppError('mail_unavailable');
  const user = await findCaller(caller);
  await requireProof(accounts, { user, caller, origin }, proof);
  if (email === user.email) return sendVerification(accounts, caller);
  const holder = await findUserByEmail(email);
  if (holder && !holder._id.equals(user._id)) throw new AppError('email_taken');
  await requestAddress(user, email);
  await mail.sendLink(user._id, 'change_email', email);
  await recordEvent(accounts, user._id, 'email_change_requested', origin);
}

/** What a used link changes, by its content and the account as it was read. */
function changesOf({ email, emailLink }: UserRecord) {
  const address = emailLink?.email ?? email;
  return {
    $set: {
      email: address,
      emailKey: address.toLowerCase(),
      emailVerified: true,
      updatedAt: new Date(),
    },
    // A link to a new password that lies in the mailbox of the old address must not work any more.
    $unset: { emailLink: true, ...(address !== email && { passwordLink: true }) },
    $inc: { version: 1 },
  };
}

/**
 * Verifies the address that a link was sent to, and makes it the account's where it is a new one. Every
 * session goes on: what they were opened with is still right, and the caller need not have one.
 * @throws AppError `invalid_email_token`, or `email_taken` where another account has the address by now
 */
export async function verifyEmail(
  accounts: Pick<Dependencies, 'logger' | 'mail'>,
  token: string,
  origin: Origin,
): Promise<void> {
  const holder = holderOf('emailLink', token);
  const found = holder && (await UserModel.findOne(holder).lean<UserRecord>());
  if (!found) throw new AppError('invalid_email_token');
  const changes = changesOf(found);
  try {
    // Not findOneAndUpdate, of which FerretDB does not tell that a key is taken.
    const { modifiedCount } = await UserModel.updateOne(holder, changes);
    if (modifiedCount === 0) throw new AppError('invalid_email_token');
  } catch (error) {
    throw isDuplicateKey(error) ? new AppError('email_taken', { cause: error }) : error;
  }
  if (found.email === changes.$set.email) {
    await recordEvent(accounts, found._id, 'email_verified', origin);
    return;
  }
  const facts = { at: changes.$set.updatedAt, address: origin.address };
  await accounts.mail.notify(found._id, 'email_changed', facts, found.email);
  await accounts.mail.notify(found._id, 'email_changed', facts);
  await recordEvent(accounts, found._id, 'email_changed', origin);
}
