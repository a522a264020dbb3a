import { createHash, randomBytes } from 'node:crypto';
import { UserModel, type UserRecord } from '../users/users.model.ts';
import type { LinkKind } from './mail.ts';

const hour = 3600;

/** Seconds for which a link works. */
const linkLifetimes: Record<LinkKind, number> = {
  verify_email: 24 * hour,
  change_email: 24 * hour,
  reset_password: hour,
};

/** Where a user's record has the newest link: both kinds that concern the address share one. */
const places = {
  verify_email: 'emailLink',
  change_email: 'emailLink',
  reset_password: 'passwordLink',
} as const satisfies Record<LinkKind, keyof UserRecord>;

type Place = (typeof places)[LinkKind];

/** Of an account that is neither disabled nor deleted. */
const open = { disabledAt: null, deletedAt: null };

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function newLink(kind: LinkKind, email: string) {
  const secret = randomBytes(32).toString('base64url');
  const expiresAt = new Date(Date.now() + linkLifetimes[kind] * 1000);
  return { secret, link: { tokenHash: hashOf(secret), email, expiresAt } };
}

/** A user who may get mail. */
export function findReachable(filter: { _id: string } | { emailKey: string }) {
  return UserModel.findOne({ ...filter, ...open }).lean<UserRecord>();
}

/** The address that a user has asked to change to, while the link to it works. */
function pendingAddress({ email, emailLink }: UserRecord): string | undefined {
  const isPending = emailLink && emailLink.email !== email && emailLink.expiresAt > new Date();
  return isPending ? emailLink.email : undefined;
}

/**
 * Where a link belongs; undefined once it is of no use: the address is verified, or another one was
 * asked for since.
 */
export function recipientOf(user: UserRecord, kind: LinkKind, to?: string): string | undefined {
  const pending = pendingAddress(user);
  if (kind === 'change_email') return pending === to ? to : undefined;
  if (kind === 'verify_email' && (user.emailVerified || pending !== undefined)) return undefined;
  return user.email;
}

/** Keeps the address that a user asks for; its link has no token that anybody knows until it is sent. */
export async function requestAddress({ _id }: UserRecord, email: string): Promise<void> {
  const { link } = newLink('change_email', email);
  await UserModel.updateOne({ _id, ...open }, { $set: { emailLink: link } });
}

/** Gives up the address that a user asked for; a link to the present one goes on to work. */
export async function forgetAddress({ _id, email }: UserRecord): Promise<void> {
  await UserModel.updateOne(
    { _id, 'emailLink.email': { $ne: email } },
    { $unset: { emailLink: true } },
  );
}

/**
 * Makes a link, which replaces an older one.
 * @returns its token, of which only the hash is stored; undefined where the user has changed meanwhile
 */
export async function createLink(
  { _id, email, emailLink }: UserRecord,
  kind: LinkKind,
  to: string,
): Promise<string | undefined> {
  const { secret, link } = newLink(kind, to);
  const { matchedCount } = await UserModel.updateOne(
    { _id, email, 'emailLink.email': emailLink?.email ?? null, ...open },
    { $set: { [places[kind]]: link } },
  );
  return matchedCount === 1 ? `${_id.toHexString()}.${secret}` : undefined;
}

/**
 * The one user in whose record this token opens the link at this place. As the filter of a write that
 * removes the link, it makes the token work once.
 * @returns undefined for what was never a token
 */
export function holderOf(place: Place, token: string): Record<string, unknown> | undefined {
  const [, id, secret] = /^([0-9a-f]{24})\.([\w-]{43})$/.exec(token) ?? [];
  if (id === undefined || secret === undefined) return undefined;
  return {
    _id: id,
    [`${place}.tokenHash`]: hashOf(secret),
    [`${place}.expiresAt`]: { $gt: new Date() },
    ...open,
  };
}
