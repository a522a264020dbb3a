import { routes } from '../../http/mount.ts';
import { sectionsContract } from './sections.contract.ts';
import {
  createSection,
  deleteSection,
  listSections,
  moveSection,
  readSection,
  updateSection,
} from './sections.service.ts';

export const sectionsRoutes = routes(sectionsContract, {
  create: ({ caller, body }) => createSection(caller, body),
  list: ({ caller, query }) => listSections(caller, query),
  read: ({ caller, params }) => readSection(caller, params.id),
  update: ({ caller, params, body, preconditions }) =>
    updateSection(caller, params.id, body, preconditions),
  move: ({ caller, params, body, preconditions }) =>
    moveSection(caller, params.id, body, preconditions),
  remove: ({ caller, params, preconditions }) => deleteSection(caller, params.id, preconditions),
});
