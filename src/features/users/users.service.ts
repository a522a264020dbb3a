import { isDeepStrictEqual } from 'node:util';
import { mongo, type Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, requireVersion, type Versioned } from '../../versions.ts';
import { endSessionsOf, type Lifetimes } from '../auth/sessions.service.ts';
import { deleteTasksOf } from '../tasks/tasks.service.ts';
import type { PasswordChange, Registration, User, UserPatch } from './users.contract.ts';
import { UserModel, type UserRecord } from './users.model.ts';

type Accounts = Pick<Dependencies, 'endedSessions' | 'lifetimes' | 'passwords'>;

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
function versionOf(user: UserRecord): string {
  return `${user._id.toHexString()}.${user.version}`;
}

function versioned(user: UserRecord): Versioned<User> {
  return { value: showUser(user), version: versionOf(user) };
}

/** @throws AppError `email_taken` */
export async function createUser(
  { email, name }: Pick<Registration, 'email' | 'name'>,
  passwordHash: string,
): Promise<UserRecord> {
  const now = new Date();
  try {
    const user = await UserModel.create({
      email,
      emailKey: email.toLowerCase(),
      emailVerified: false,
      name,
      timeZone: 'UTC',
      passwordHash,
      createdAt: now,
      updatedAt: now,
      version: 1,
    });
    return user.toObject();
  } catch (error) {
    const duplicate = error instanceof mongo.MongoServerError && error.code === 11000;
    throw duplicate ? new AppError('email_taken', { cause: error }) : error;
  }
}

export function findUserByEmail(email: string): Promise<UserRecord | null> {
  return UserModel.findOne({ emailKey: email.toLowerCase() }).lean<UserRecord>().exec();
}

/** Whether the record that a password was checked against is still the account's. */
export async function isUnchanged({ _id, passwordHash }: UserRecord): Promise<boolean> {
  return (await UserModel.exists({ _id, passwordHash })) !== null;
}

/** The caller's own record; a token outlives its account by no more than the session feed's delay. */
async function findCaller(caller: Caller): Promise<UserRecord> {
  const user = await UserModel.findOne({ _id: caller.userId, deletedAt: null }).lean<UserRecord>();
  if (!user) throw new AppError('invalid_token');
  return user;
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
  for (;;) {
    const user = await findCaller(caller);
    requireVersion(preconditions, versionOf(user));
    const changes = {
      name: name ?? user.name,
      timeZone: timeZone === undefined ? user.timeZone : (timeZone ?? 'UTC'),
    };
    if (isDeepStrictEqual(changes, { name: user.name, timeZone: user.timeZone })) {
      return versioned(user);
    }
    const changed = await UserModel.findOneAndUpdate(
      { _id: user._id, version: user.version },
      { $set: { ...changes, updatedAt: new Date() }, $inc: { version: 1 } },
      { returnDocument: 'after' },
    ).lean<UserRecord>();
    if (changed) return versioned(changed);
  }
}

async function requirePassword({ passwords }: Accounts, user: UserRecord, password: string) {
  if (!(await passwords.verify(password, user.passwordHash))) throw new AppError('wrong_password');
}

/** Ends every other session: whoever knew the old password is out. */
export async function changePassword(
  accounts: Accounts,
  caller: Caller,
  { currentPassword, newPassword }: PasswordChange,
): Promise<void> {
  const user = await findCaller(caller);
  await requirePassword(accounts, user, currentPassword);
  const passwordHash = await accounts.passwords.hash(newPassword);
  const changed = await UserModel.updateOne(
    { _id: user._id, passwordHash: user.passwordHash },
    { $set: { passwordHash, updatedAt: new Date() }, $inc: { version: 1 } },
  );
  // Another change won the race, so the current password is no longer the one that was sent.
  if (changed.modifiedCount === 0) throw new AppError('wrong_password');
  await endSessionsOf(user._id, accounts.lifetimes, { except: caller.sessionId });
  await accounts.endedSessions.catchUp();
}

/**
 * Deletes the account and all that hangs on it. Marking it is the one write that decides; the rest is
 * repeatable, so that after a crash `resumeDeletions` carries it through.
 * @throws AppError `wrong_password`, or `precondition_failed` for another version
 */
export async function deleteUser(
  accounts: Accounts,
  caller: Caller,
  password: string,
  preconditions: Preconditions,
): Promise<void> {
  for (;;) {
    const user = await findCaller(caller);
    requireVersion(preconditions, versionOf(user));
    await requirePassword(accounts, user, password);
    if (!(await markDeleted(user))) continue;
    // Nobody may add a task through this instance once the tasks are being deleted.
    await endSessionsOf(user._id, accounts.lifetimes);
    await accounts.endedSessions.catchUp();
    await finishDeletion(user._id);
    return;
  }
}

/**
 * From here on the address is free again and nothing personal is in the record.
 * @returns false if the account has changed since it was read
 */
async function markDeleted({ _id, version }: UserRecord): Promise<boolean> {
  const { modifiedCount } = await UserModel.updateOne(
    { _id, version },
    {
      $set: {
        deletedAt: new Date(),
        email: '-',
        // Unique like every other key, and no address that anybody could register.
        emailKey: `deleted:${_id.toHexString()}`,
        name: '-',
        passwordHash: '-',
      },
      $inc: { version: 1 },
    },
  );
  return modifiedCount === 1;
}

/** What is left to do once the sessions have ended. */
async function finishDeletion(userId: Types.ObjectId): Promise<void> {
  await deleteTasksOf(userId);
  await UserModel.deleteOne({ _id: userId });
}

/** Finishes the deletions that a crash or a lost database interrupted. */
export async function resumeDeletions(lifetimes: Lifetimes): Promise<void> {
  const interrupted = await UserModel.find({ deletedAt: { $exists: true } }, { _id: 1 }).lean();
  for (const { _id } of interrupted) {
    await endSessionsOf(_id, lifetimes);
    await finishDeletion(_id);
  }
}
