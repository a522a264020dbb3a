import { UserModel } from '../../src/features/users/users.model.ts';
import type { Member } from './factories.ts';

/** Makes somebody an administrator, with the second factor that administrators must have. */
export async function makeAdministrator({ user }: Pick<Member, 'user'>): Promise<void> {
  const secondFactor = { secret: 'x', enabledAt: new Date(), lastStep: 0, recoveryHashes: [] };
  await UserModel.updateOne({ _id: user.id }, { $set: { role: 'admin', secondFactor } });
}
