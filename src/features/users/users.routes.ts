import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { usersContract } from './users.contract.ts';
import { changePassword, deleteUser, readUser, updateUser } from './users.service.ts';

export const usersRoutes = (accounts: Dependencies) =>
  routes(usersContract, {
    read: ({ caller }) => readUser(caller),
    update: ({ caller, body, preconditions }) => updateUser(caller, body, preconditions),
    remove: ({ caller, body, preconditions }) =>
      deleteUser(accounts, caller, body.password, preconditions),
    changePassword: ({ caller, body }) => changePassword(accounts, caller, body),
  });
