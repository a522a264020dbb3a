import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { identitiesContract } from './identities.contract.ts';
import { link, listIdentities, readIdentity, startLink, unlink } from './identities.service.ts';

export const identitiesRoutes = (accounts: Dependencies) =>
  routes(identitiesContract, {
    start: ({ caller, params, body, origin }) =>
      startLink(accounts, caller, { ...params, ...body }, origin),
    link: ({ caller, body, origin }) => link(accounts, caller, body, origin),
    list: ({ caller, query }) => listIdentities(caller, query),
    read: ({ caller, params }) => readIdentity(caller, params.id),
    unlink: ({ caller, params, body, origin }) =>
      unlink(accounts, caller, { ...params, ...body }, origin),
  });
