import type { SessionCaller } from '../../contract/endpoint.ts';
import { AppError } from '../../errors.ts';
import { UserModel } from '../users/users.model.ts';

/**
 * Asks the database each time, so that a role that was taken away is gone at once.
 * @throws AppError `not_allowed`, or `second_factor_required` for an administrator without one
 */
export async function requireAdministrator({ userId }: SessionCaller): Promise<void> {
  const found = await UserModel.findOne(
    { _id: userId, role: 'admin', deletedAt: null, disabledAt: null },
    { secondFactor: 1 },
  ).lean();
  if (!found) throw new AppError('not_allowed');
  if (!found.secondFactor?.enabledAt) {
    const detail =
      'Administrators need a second factor: set one up with POST /api/v1/users/me/totp.';
    throw new AppError('second_factor_required', { detail });
  }
}
