import { routes } from '../../http/mount.ts';
import { accountSecurityContract } from './account-security.contract.ts';
import { readAccountSecurity } from './account-security.service.ts';

export const accountSecurityRoutes = routes(accountSecurityContract, {
  read: ({ caller }) => readAccountSecurity(caller),
});
