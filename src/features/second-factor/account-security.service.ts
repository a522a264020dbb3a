import type { Caller } from '../../contract/endpoint.ts';
import { findCaller } from '../users/users.service.ts';
import type { AccountSecurity } from './account-security.contract.ts';

/** What protects the caller's account. */
export async function readAccountSecurity(caller: Caller): Promise<AccountSecurity> {
  const { role, passwordHash, secondFactor, identities } = await findCaller(caller);
  const enabledAt = secondFactor?.enabledAt?.toISOString();
  return {
    role,
    hasPassword: Boolean(passwordHash),
    secondFactor:
      secondFactor && enabledAt
        ? { enabledAt, recoveryCodesLeft: secondFactor.recoveryHashes.length }
        : null,
    identityCount: identities?.length ?? 0,
  };
}
