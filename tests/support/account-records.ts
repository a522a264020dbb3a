import { UserModel } from '../../src/features/users/users.model.ts';
import { makeAdministrator } from './administrators.ts';
import type { Api } from './api.ts';
import { type Member, signUp } from './factories.ts';

/** As it is stored of somebody who has set one up; nobody has its authenticator. */
export const secondFactor = {
  secret: '-',
  enabledAt: new Date(),
  lastStep: 0,
  recoveryHashes: ['-'],
};

/** Writes into the record of an account what no endpoint would. */
export async function changeRecord({ user }: Member, changes: object): Promise<void> {
  await UserModel.updateOne({ _id: user.id }, { $set: changes });
}

/** Somebody who may use the endpoints of administrators. */
export async function signUpAdministrator(api: Api): Promise<Member> {
  const member = await signUp(api);
  await makeAdministrator(member);
  return member;
}
