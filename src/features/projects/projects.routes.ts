import { routes } from '../../http/mount.ts';
import { deleteProject } from './deletion.service.ts';
import { projectsContract } from './projects.contract.ts';
import {
  createProject,
  listProjects,
  moveProject,
  readProject,
  updateProject,
} from './projects.service.ts';

export const projectsRoutes = routes(projectsContract, {
  create: ({ caller, body }) => createProject(caller, body),
  list: ({ caller, query }) => listProjects(caller, query),
  read: ({ caller, params }) => readProject(caller, params.id),
  update: ({ caller, params, body, preconditions }) =>
    updateProject(caller, params.id, body, preconditions),
  move: ({ caller, params, body, preconditions }) =>
    moveProject(caller, params.id, body, preconditions),
  remove: ({ caller, params, preconditions }) => deleteProject(caller, params.id, preconditions),
});
