import type { Types } from 'mongoose';
import type { Origin, SessionCaller } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, requireVersion } from '../../versions.ts';
import { settled } from '../../database/settled.ts';
import { forgetIdempotencyKeysOf } from '../../database/idempotency-keys.ts';
import { deleteTokensOf } from '../api-tokens/api-tokens.service.ts';
import { deleteAttachmentsOf } from '../attachments/attachment-records.service.ts';
import { type Proof, requireProof } from '../auth/proof.service.ts';
import { forgetSessionsOf } from '../auth/sessions.service.ts';
import { deleteCommentsOf } from '../comments/comment-records.service.ts';
import { deleteFiltersOf } from '../filters/filters.service.ts';
import { deleteFlowsOf } from '../identities/sign-in-flows.service.ts';
import { deleteLabelsOf } from '../labels/labels.service.ts';
import { deleteProjectsOf } from '../projects/deletion.service.ts';
import { deleteSectionsOf } from '../sections/settling.service.ts';
import { deleteEventsOf } from '../security-events/security-events.service.ts';
import { eraseTasksOf } from '../tasks/tasks.store.ts';
import { UserModel, type UserRecord } from './users.model.ts';
import { findCaller, versionOf } from './users.service.ts';

/**
 * Deletes the account and all that hangs on it. Marking it is the one write that decides; the rest is
 * repeatable, and repeated by a job that removes the mark last: after a crash, and for whatever a
 * request that was under way has added meanwhile.
 * @throws AppError as `requireProof`, or `precondition_failed` for another version
 */
export async function deleteUser(
  accounts: Dependencies,
  caller: SessionCaller,
  proof: Proof,
  { origin, preconditions }: { origin: Origin; preconditions: Preconditions },
): Promise<void> {
  const proven = await findCaller(caller);
  requireVersion(preconditions, versionOf(proven));
  await requireProof(accounts, { user: proven, caller, origin }, proof);
  let user = proven;
  while (!(await markDeleted(user))) {
    user = await findCaller(caller);
    requireVersion(preconditions, versionOf(user));
    // What was proven was another password.
    if (user.passwordChangedAt > proven.passwordChangedAt) throw new AppError('wrong_password');
  }
  await erase(accounts, proven._id);
  await accounts.endedSessions.catchUp();
  accounts.apiTokens.forget();
}

/**
 * From here on the address is free again and nothing personal is in the record.
 * @returns false if the account has changed since it was read
 */
async function markDeleted({ _id, version }: UserRecord): Promise<boolean> {
  const mark = {
    email: '-',
    // Unique like every other key, and no address that anybody could register.
    emailKey: `deleted:${_id.toHexString()}`,
    emailVerified: false,
    name: '-',
    timeZone: 'UTC',
    role: 'user',
    passwordChangedAt: new Date(),
    createdAt: new Date(),
    updatedAt: new Date(),
    version: version + 1,
    deletedAt: new Date(),
  } satisfies Omit<UserRecord, '_id'>;
  const others = Object.keys(UserModel.schema.paths).filter(
    (name) => name !== '_id' && !(name in mark),
  );
  const { modifiedCount } = await UserModel.updateOne(
    { _id, version },
    { $set: mark, $unset: Object.fromEntries(others.map((name) => [name, true])) },
  );
  return modifiedCount === 1;
}

/** Everything but the mark; the sessions first, so that nothing is added through this instance. */
async function erase({ jobs }: Pick<Dependencies, 'jobs'>, userId: Types.ObjectId): Promise<void> {
  await forgetSessionsOf(userId);
  await deleteTokensOf(userId);
  await deleteFlowsOf(userId);
  await eraseTasksOf(userId);
  await deleteCommentsOf(userId);
  await deleteAttachmentsOf(userId);
  await deleteProjectsOf(userId);
  await deleteSectionsOf(userId);
  await deleteLabelsOf(userId);
  await deleteFiltersOf(userId);
  await forgetIdempotencyKeysOf(userId);
  await deleteEventsOf(userId);
  await jobs.forget(userId.toHexString());
}

/** Finishes what deletions have left: runs every few seconds on one of the instances. */
export async function finishDeletions(accounts: Pick<Dependencies, 'jobs'>): Promise<void> {
  const before = new Date(Date.now() - settled);
  const marked = await UserModel.find({ deletedAt: { $lt: before } }, { _id: 1 }).lean();
  for (const { _id } of marked) {
    await erase(accounts, _id);
    await UserModel.deleteOne({ _id });
  }
}
