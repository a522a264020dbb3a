import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { adminContract } from './admin.contract.ts';
import { endSessionsOfUser, listUsers, readUser, updateUser } from './admin.service.ts';

export const adminRoutes = (accounts: Dependencies) =>
  routes(adminContract, {
    listUsers: ({ query }) => listUsers(query),
    readUser: ({ params }) => readUser(params.id),
    updateUser: ({ caller, params, body }) => updateUser(accounts, caller, params.id, body),
    endSessions: ({ params }) => endSessionsOfUser(accounts, params.id),
  });
