import type { Caller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import { changeRecord } from '../../database/versioned-records.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions, Versioned } from '../../versions.ts';
import type { User, UserPatch } from './users.contract.ts';
import { UserModel, type UserRecord } from './users.model.ts';

export function showUser(user: UserRecord): User {
  return {
    id: user._id.toHexString(),
    email: user.email,
    name: user.name,
    timeZone: user.timeZone,
    emailVerified: user.emailVerified,
    createdAt: user.createdAt.toISOString(),
    updatedAt: user.updatedAt.toISOString(),
  };
}

/** The id is part of the version: /users/me is another object for each caller. */
export function versionOf(user: UserRecord): string {
  return `${user._id.toHexString()}.${user.version}`;
}

function versioned(user: UserRecord): Versioned<User> {
  return { value: showUser(user), version: versionOf(user) };
}

/** What an account begins with. */
type NewUser = Pick<UserRecord, 'email' | 'emailVerified' | 'name'> &
  Partial<Pick<UserRecord, 'passwordHash' | 'identities' | 'identityKeys'>>;

/** @throws AppError `email_taken` */
export async function createUser(given: NewUser): Promise<UserRecord> {
  const now = new Date();
  try {
    return await insertOnce<UserRecord>(UserModel.collection, {
      _id: newId(),
      ...given,
      emailKey: given.email.toLowerCase(),
      timeZone: 'UTC',
      role: 'user',
      passwordChangedAt: now,
      createdAt: now,
      updatedAt: now,
      version: 1,
    });
  } catch (error) {
    throw isDuplicateKey(error) ? new AppError('email_taken', { cause: error }) : error;
  }
}

export function findUserByEmail(email: string): Promise<UserRecord | null> {
  return UserModel.findOne({ emailKey: email.toLowerCase() }).lean<UserRecord>().exec();
}

/** Whether the record that somebody signs in by still lets them in. */
export async function isUnchanged(user: UserRecord): Promise<boolean> {
  const { _id, passwordChangedAt, secondFactor } = user;
  const enabledAt = secondFactor?.enabledAt ?? null;
  const open = { deletedAt: null, disabledAt: null, 'secondFactor.enabledAt': enabledAt };
  return (await UserModel.exists({ _id, passwordChangedAt, ...open })) !== null;
}

/** Hashes a password anew that was hashed at a lower cost; it has just been found to be right. */
export async function upgradePasswordHash(
  { passwords }: Pick<Dependencies, 'passwords'>,
  { _id, passwordHash }: UserRecord,
  password: string,
): Promise<void> {
  if (!passwordHash || !passwords.isOutdated(passwordHash)) return;
  const upgraded = await passwords.hash(password);
  await UserModel.updateOne({ _id, passwordHash }, { $set: { passwordHash: upgraded } });
}

/** The caller's own record; a token outlives its account by no more than the session feed's delay. */
export async function findCaller(caller: Caller): Promise<UserRecord> {
  const user = await UserModel.findOne({ _id: caller.userId, deletedAt: null }).lean<UserRecord>();
  if (!user) throw new AppError('invalid_token');
  return user;
}

/** Where the caller is; undefined where the account is gone. */
export async function timeZoneOf({ userId }: Caller): Promise<string | undefined> {
  const user = await UserModel.findOne({ _id: userId, deletedAt: null }, { timeZone: 1 }).lean();
  return user?.timeZone;
}

export async function readUser(caller: Caller): Promise<Versioned<User>> {
  return versioned(await findCaller(caller));
}

/** Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is. */
export async function updateUser(
  caller: Caller,
  { name, timeZone }: UserPatch,
  preconditions: Preconditions,
): Promise<Versioned<User>> {
  const target = { find: () => findCaller(caller), preconditions, versionOf };
  const { after } = await changeRecord(UserModel.collection, target, (user) => ({
    name: name ?? user.name,
    timeZone: timeZone === undefined ? user.timeZone : (timeZone ?? 'UTC'),
  }));
  return versioned(after);
}
