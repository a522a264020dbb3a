import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { adminContract } from './admin.contract.ts';
import { endSessionsOfUser, listUsers, readUser, updateUser } from './admin.service.ts';

export const adminRoutes = (accounts: Dependencies) =>
  routes(adminContract, {
    listUsers: ({ query }) => listUsers(query),
    readUser: ({ params }) => readUser(params.id),
    updateUser: ({ caller, origin, params, body }) =>
      updateUser(accounts, { caller, ...origin }, params.id, body),
    endSessions: ({ origin, params }) => endSessionsOfUser(accounts, origin, params.id),
  });
