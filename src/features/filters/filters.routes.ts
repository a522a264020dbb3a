import { routes } from '../../http/mount.ts';
import { filtersContract } from './filters.contract.ts';
import {
  createFilter,
  deleteFilter,
  listFilters,
  readSavedFilter,
  updateFilter,
} from './filters.service.ts';

export const filtersRoutes = routes(filtersContract, {
  create: ({ caller, body }) => createFilter(caller, body),
  list: ({ caller, query }) => listFilters(caller, query),
  read: ({ caller, params }) => readSavedFilter(caller, params.id),
  update: ({ caller, params, body, preconditions }) =>
    updateFilter(caller, params.id, body, preconditions),
  remove: ({ caller, params, preconditions }) => deleteFilter(caller, params.id, preconditions),
});
