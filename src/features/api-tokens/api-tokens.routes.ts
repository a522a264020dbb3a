import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { apiTokensContract } from './api-tokens.contract.ts';
import {
  createApiToken,
  deleteApiToken,
  listApiTokens,
  readApiToken,
} from './api-tokens.service.ts';

export const apiTokensRoutes = (accounts: Dependencies) =>
  routes(apiTokensContract, {
    create: ({ caller, body, origin }) => createApiToken(accounts, caller, body, origin),
    list: ({ caller, query }) => listApiTokens(caller, query),
    read: ({ caller, params }) => readApiToken(caller, params.id),
    remove: ({ caller, params, origin }) => deleteApiToken(accounts, caller, params.id, origin),
  });
