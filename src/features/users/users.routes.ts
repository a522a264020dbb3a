import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { deleteUser } from './deletion.service.ts';
import { changePassword } from './password.service.ts';
import { usersContract } from './users.contract.ts';
import { readUser, updateUser } from './users.service.ts';

export const usersRoutes = (accounts: Dependencies) =>
  routes(usersContract, {
    read: ({ caller }) => readUser(caller),
    update: ({ caller, body, preconditions }) => updateUser(caller, body, preconditions),
    remove: ({ caller, body, ...conditions }) => deleteUser(accounts, caller, body, conditions),
    changePassword: ({ caller, body, origin }) => changePassword(accounts, caller, body, origin),
  });
