import type { Dependencies } from '../../dependencies.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { UserModel, type UserRecord } from '../users/users.model.ts';

type Recording = Pick<Dependencies, 'logger' | 'mail'>;

type Role = UserRecord['role'];

/** What became of a role. */
export interface RoleChange {
  readonly email: string;
  /** False where the account had the role already. */
  readonly changed: boolean;
  readonly hasSecondFactor: boolean;
}

/**
 * Gives an account a role, which holds from its next request on.
 * @returns undefined where no account has this e-mail address
 */
export async function giveRole(
  recording: Recording,
  email: string,
  role: Role,
): Promise<RoleChange | undefined> {
  const account = { emailKey: email.toLowerCase(), deletedAt: null };
  const before = await UserModel.findOneAndUpdate(account, { $set: { role } }).lean<UserRecord>();
  if (!before) return undefined;
  const changed = before.role !== role;
  if (changed) {
    const type = role === 'admin' ? 'role_granted' : 'role_revoked';
    await recordEvent(recording, before._id, type);
  }
  const hasSecondFactor = Boolean(before.secondFactor?.enabledAt);
  return { email: before.email, changed, hasSecondFactor };
}

/** An administrator as the operator of the server sees them. */
export interface Administrator {
  readonly email: string;
  readonly hasSecondFactor: boolean;
  readonly isDisabled: boolean;
}

/** In the order of their accounts' making. */
export async function listAdministrators(): Promise<Administrator[]> {
  const found = await UserModel.find({ role: 'admin', deletedAt: null })
    .sort({ createdAt: 1, _id: 1 })
    .lean<UserRecord[]>();
  return found.map(({ email, secondFactor, disabledAt }) => ({
    email,
    hasSecondFactor: Boolean(secondFactor?.enabledAt),
    isDisabled: Boolean(disabledAt),
  }));
}
