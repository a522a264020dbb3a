import { routes } from '../../http/mount.ts';
import { quickAddContract } from './quick-add.contract.ts';
import { quickAdd } from './quick-add.service.ts';

export const quickAddRoutes = routes(quickAddContract, {
  add: ({ caller, body, query }) =>
    quickAdd(caller, body.text, { dryRun: query.dryRun === 'true' }),
});
