import { routes } from '../../http/mount.ts';
import { trashContract } from './trash.contract.ts';
import { emptyTrash, listTrash, purgeTask, restoreTask } from './trash.service.ts';

export const trashRoutes = routes(trashContract, {
  list: ({ caller, query }) => listTrash(caller, query),
  restore: ({ caller, params, preconditions }) => restoreTask(caller, params.id, preconditions),
  purge: ({ caller, params, preconditions }) => purgeTask(caller, params.id, preconditions),
  empty: ({ caller }) => emptyTrash(caller),
});
