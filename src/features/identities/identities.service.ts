import type { UpdateQuery } from 'mongoose';
import type { Caller, Origin, SessionCaller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { objectId } from '../../database/ids.ts';
import { type PageOptions, readPage } from '../../database/keyset.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { type Proof, requireProof } from '../auth/proof.service.ts';
import { endSessionsOf } from '../auth/sessions.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { type IdentityRecord, UserModel, type UserRecord } from '../users/users.model.ts';
import { findCaller } from '../users/users.service.ts';
import {
  type Identity,
  type IdentityQuery,
  type Link,
  type LinkStart,
  maximumIdentities,
} from './identities.contract.ts';
import { identityFrom, identityKey } from './identity-records.ts';
import type { StartedFlow } from './sign-in.contract.ts';
import {
  beginFlow,
  confirmFlow,
  findProvider,
  requireReturnAddress,
} from './sign-in-flows.service.ts';

function show({ _id, provider, email, linkedAt }: IdentityRecord): Identity {
  return {
    id: _id.toHexString(),
    provider,
    email: email || null,
    linkedAt: linkedAt.toISOString(),
  };
}

function requireRoom({ identities }: UserRecord): void {
  if ((identities?.length ?? 0) < maximumIdentities) return;
  const detail = `An account has at most ${maximumIdentities} identities: unlink one first.`;
  throw new AppError('limit_reached', { detail });
}

/** @returns false if the account has changed since it was read */
async function change(
  { _id, version }: UserRecord,
  { $set, ...update }: UpdateQuery<UserRecord>,
): Promise<boolean> {
  const now = new Date();
  const { modifiedCount } = await UserModel.updateOne(
    { _id, version },
    { ...update, $set: { ...$set, updatedAt: now }, $inc: { version: 1 } },
  );
  return modifiedCount === 1;
}

/** @throws AppError as `requireProof`; `not_found`, `validation_failed`, `limit_reached`, `provider_unavailable` */
export async function startLink(
  accounts: Dependencies,
  caller: SessionCaller,
  { provider: id, redirectUri, ...proof }: LinkStart & { provider: string },
  origin: Origin,
): Promise<StartedFlow> {
  const provider = findProvider(accounts, id);
  requireReturnAddress(accounts, redirectUri);
  const user = await findCaller(caller);
  requireRoom(user);
  await requireProof(accounts, { user, caller, origin }, proof);
  return beginFlow(accounts, provider, redirectUri, { purpose: 'link', userId: user._id });
}

/** @throws AppError `sign_in_refused`, `provider_unavailable`, `identity_taken` or `limit_reached` */
export async function link(
  accounts: Dependencies,
  caller: SessionCaller,
  answer: Link,
  origin: Origin,
): Promise<Identity> {
  const purpose = { purpose: 'link', userId: objectId(caller.userId) } as const;
  const { provider, profile } = await confirmFlow(accounts, answer, purpose);
  const identity = identityFrom(provider, profile);
  const key = identityKey(identity);
  for (;;) {
    const user = await findCaller(caller);
    const linked = user.identities?.find((other) => identityKey(other) === key);
    if (linked) return show(linked);
    requireRoom(user);
    const $push = { identities: identity, identityKeys: key };
    const isLinked = await change(user, { $push }).catch((error: unknown) => {
      throw isDuplicateKey(error) ? new AppError('identity_taken', { cause: error }) : error;
    });
    if (!isLinked) continue;
    await recordEvent(accounts, user._id, 'identity_linked', origin);
    return show(identity);
  }
}

/** The caller's identities, the newest first. */
export async function listIdentities(caller: Caller, { limit, cursor }: IdentityQuery) {
  const order = [{ field: 'linkedAt', type: 'date', direction: -1 }] as const;
  const find = async (after: Record<string, unknown>, options: PageOptions) =>
    UserModel.aggregate<IdentityRecord>([
      { $match: { _id: objectId(caller.userId) } },
      { $unwind: '$identities' },
      { $replaceRoot: { newRoot: '$identities' } },
      { $match: after },
      { $sort: options.sort },
      { $limit: options.limit },
    ]);
  return readPage({ limit, cursor, filter: 'identities', order }, find, show);
}

/** @throws AppError `not_found` */
function findIdentity({ identities }: UserRecord, id: string): IdentityRecord {
  const identity = identities?.find(({ _id }) => _id.equals(objectId(id)));
  if (!identity) throw new AppError('not_found');
  return identity;
}

/** @throws AppError `not_found`, also for an identity of somebody else's */
export async function readIdentity(caller: Caller, id: string): Promise<Identity> {
  return show(findIdentity(await findCaller(caller), id));
}

/** @throws AppError `not_found`, or `last_way_in` where nothing would be left to sign in with */
function identitiesWithout(user: UserRecord, id: string): IdentityRecord[] {
  const unlinked = findIdentity(user, id);
  const left = (user.identities ?? []).filter((identity) => identity !== unlinked);
  if (left.length === 0 && !user.passwordHash) throw new AppError('last_way_in');
  return left;
}

/**
 * Unlinks an identity, and ends every other session: one of them may have come in by it.
 * @throws AppError as `requireProof`; `not_found` or `last_way_in`
 */
export async function unlink(
  accounts: Dependencies,
  caller: SessionCaller,
  { id, ...proof }: Proof & { id: string },
  origin: Origin,
): Promise<void> {
  const asked = await findCaller(caller);
  identitiesWithout(asked, id);
  await requireProof(accounts, { user: asked, caller, origin }, proof);
  for (;;) {
    const user = await findCaller(caller);
    const identities = identitiesWithout(user, id);
    const identityKeys = identities.map(identityKey);
    const $set = { passwordChangedAt: new Date() };
    // Empty lists of keys would be the same key to the index that keeps keys apart.
    const isUnlinked = await change(
      user,
      identities.length > 0
        ? { $set: { ...$set, identities, identityKeys } }
        : { $set, $unset: { identities: true, identityKeys: true } },
    );
    if (!isUnlinked) continue;
    await endSessionsOf(accounts, user._id, { except: caller.sessionId });
    await recordEvent(accounts, user._id, 'identity_unlinked', origin);
    return;
  }
}
