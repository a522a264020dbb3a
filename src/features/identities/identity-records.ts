import { hash } from 'node:crypto';
import { Types } from 'mongoose';
import { emailSchema } from '../users/users.contract.ts';
import type { IdentityRecord } from '../users/users.model.ts';
import type { IdentityProvider, ProviderProfile } from './identity-provider.ts';

/** What no two accounts can have; of one length, whatever a provider takes for a subject. */
export function identityKey({
  issuer,
  subject,
}: Pick<IdentityRecord, 'issuer' | 'subject'>): string {
  return hash('sha256', JSON.stringify([issuer, subject]), 'base64url');
}

/** The address by the rules of this API, whose bounds a provider need not share. */
export function addressIn({ email }: Pick<ProviderProfile, 'email'>): string | undefined {
  return emailSchema.safeParse(email).data;
}

export function identityFrom(
  { id, issuer }: Pick<IdentityProvider, 'id' | 'issuer'>,
  profile: ProviderProfile,
): IdentityRecord {
  return {
    _id: new Types.ObjectId(),
    provider: id,
    issuer,
    subject: profile.subject,
    email: addressIn(profile) ?? '',
    linkedAt: new Date(),
  };
}

/** A name of 1 to 100 characters on one line: the provider's, or what stands before the @. */
export function nameFrom({ name = '' }: Pick<ProviderProfile, 'name'>, email: string): string {
  const line = name
    .toWellFormed()
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const characters = Array.from(line || email.slice(0, email.lastIndexOf('@')));
  return characters.slice(0, 100).join('').trim();
}
