import type { RequestIds, SessionCaller } from '../../contract/endpoint.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage } from '../../database/keyset.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { endSessionsOf } from '../auth/sessions.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { UserModel, type UserRecord } from '../users/users.model.ts';
import type { AdminUser, AdminUserPatch, AdminUserQuery } from './admin.contract.ts';
import { filterOf } from './admin.query.ts';

type Accounts = Pick<Dependencies, 'apiTokens' | 'endedSessions' | 'logger' | 'mail'>;

/** Nothing else is even read: neither hashes nor secrets get near an answer. */
const shown = {
  email: 1,
  name: 1,
  role: 1,
  emailVerified: 1,
  'secondFactor.enabledAt': 1,
  disabledAt: 1,
  createdAt: 1,
} as const;

const existing = { deletedAt: null };

function show(user: UserRecord): AdminUser {
  return {
    id: user._id.toHexString(),
    email: user.email,
    name: user.name,
    role: user.role,
    emailVerified: user.emailVerified,
    secondFactor: Boolean(user.secondFactor?.enabledAt),
    disabledAt: user.disabledAt?.toISOString() ?? null,
    createdAt: user.createdAt.toISOString(),
  };
}

/** A page of the accounts, the newest first. */
export async function listUsers(query: AdminUserQuery) {
  const { limit, cursor } = query;
  const order = [{ field: 'createdAt', type: 'date', direction: -1 }] as const;
  const filter = filterOf(query);
  return readPage(
    { limit, cursor, filter, order },
    (after, options) =>
      UserModel.find(allOf(existing, filter, after), shown, options).lean<UserRecord[]>(),
    show,
  );
}

async function findUser(id: string): Promise<UserRecord> {
  const user = await UserModel.findOne(
    { _id: objectId(id), ...existing },
    shown,
  ).lean<UserRecord>();
  if (!user) throw new AppError('not_found');
  return user;
}

/** @throws AppError `not_found` */
export async function readUser(id: string): Promise<AdminUser> {
  return show(await findUser(id));
}

/**
 * Disables or enables an account. The mark is what keeps everybody out; whatever got in before is
 * ended after it, each time that it is asked for, so that a request that broke off can be repeated.
 * @throws AppError `not_found`, or `not_allowed` for the caller's own account
 */
export async function updateUser(
  accounts: Accounts,
  { caller, requestId, traceId }: { caller: SessionCaller } & RequestIds,
  id: string,
  { disabled }: AdminUserPatch,
): Promise<AdminUser> {
  const user = await findUser(id);
  if (disabled === undefined) return show(user);
  const { _id } = user;
  if (disabled && _id.equals(caller.userId)) {
    throw new AppError('not_allowed', { detail: 'Administrators cannot disable themselves.' });
  }
  const { modifiedCount } = await UserModel.updateOne(
    { _id, ...existing, disabledAt: disabled ? null : { $ne: null } },
    disabled ? { $set: { disabledAt: new Date() } } : { $unset: { disabledAt: true } },
  );
  if (disabled) await endSessionsOf(accounts, _id);
  accounts.apiTokens.forget();
  if (modifiedCount === 1) {
    const type = disabled ? 'account_disabled' : 'account_enabled';
    // Without an address: that would show the owner where the administrator was.
    await recordEvent(accounts, _id, type, { requestId, traceId });
  }
  return readUser(id);
}

/**
 * Ends every session of an account, at once.
 * @throws AppError `not_found`
 */
export async function endSessionsOfUser(
  accounts: Accounts,
  { requestId, traceId }: RequestIds,
  id: string,
): Promise<void> {
  const { _id } = await findUser(id);
  await endSessionsOf(accounts, _id);
  await recordEvent(accounts, _id, 'sessions_ended_by_administrator', { requestId, traceId });
}
