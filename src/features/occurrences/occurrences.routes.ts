import { routes } from '../../http/mount.ts';
import { occurrencesContract } from './occurrences.contract.ts';
import { listOccurrences, moveOccurrence, skipOccurrence } from './occurrences.service.ts';

export const occurrencesRoutes = routes(occurrencesContract, {
  list: ({ caller, params, query }) => listOccurrences(caller, params.id, query),
  move: ({ caller, params, body, preconditions }) =>
    moveOccurrence(caller, params, body.dueDate, preconditions),
  remove: ({ caller, params, preconditions }) => skipOccurrence(caller, params, preconditions),
});
