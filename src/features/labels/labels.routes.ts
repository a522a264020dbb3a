import { routes } from '../../http/mount.ts';
import { labelsContract } from './labels.contract.ts';
import {
  createLabel,
  deleteLabel,
  listLabels,
  moveLabel,
  readLabel,
  updateLabel,
} from './labels.service.ts';

export const labelsRoutes = routes(labelsContract, {
  create: ({ caller, body }) => createLabel(caller, body),
  list: ({ caller, query }) => listLabels(caller, query),
  read: ({ caller, params }) => readLabel(caller, params.id),
  update: ({ caller, params, body, preconditions }) =>
    updateLabel(caller, params.id, body, preconditions),
  move: ({ caller, params, body, preconditions }) =>
    moveLabel(caller, params.id, body, preconditions),
  remove: ({ caller, params, preconditions }) => deleteLabel(caller, params.id, preconditions),
});
