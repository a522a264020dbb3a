import { routes } from '../../http/mount.ts';
import { batchContract } from './batch.contract.ts';
import { runBatch } from './batch.service.ts';

export const batchRoutes = routes(batchContract, {
  run: ({ caller, body }) => runBatch(caller, body),
});
