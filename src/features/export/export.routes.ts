import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { exportContract } from './export.contract.ts';
import { exportAccount } from './export.service.ts';

export const exportRoutes = (accounts: Dependencies) =>
  routes(exportContract, {
    read: ({ caller, origin }) => exportAccount(accounts, caller, origin),
  });
