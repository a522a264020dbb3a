import type { RequestIds } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { weaknessOf } from './password-strength.ts';

/**
 * Refuses a new password that is easy to guess, or known from a breach where that is checked.
 * @param member the member of the body that has the password
 * @throws AppError `validation_failed` with a hint
 */
export async function requireStrength(
  { isBreached }: Pick<Dependencies, 'isBreached'>,
  member: 'password' | 'newPassword',
  password: string,
  owner: { readonly email: string; readonly name: string },
  { requestId, traceId }: RequestIds,
): Promise<void> {
  const path = `body.${member}`;
  const weakness = await weaknessOf(password, owner);
  if (weakness) throw AppError.violations([{ path, ...weakness }]);
  if (await isBreached(password, { requestId, traceId })) {
    const message = 'must not be known from a breach: choose another one, and change it elsewhere';
    throw AppError.violations([{ path, code: 'breached_password', message }]);
  }
}
