import { routes } from '../../http/mount.ts';
import { trashTask } from '../trash/trash.service.ts';
import { moveTask } from './moves.service.ts';
import { tasksContract } from './tasks.contract.ts';
import { listTasksUnlessKnown } from './task-lists.service.ts';
import { createTask, readTask, updateTask } from './tasks.service.ts';

export const tasksRoutes = routes(tasksContract, {
  create: ({ caller, body }) => createTask(caller, body),
  list: ({ caller, query, preconditions }) => listTasksUnlessKnown(caller, query, preconditions),
  read: ({ caller, params }) => readTask(caller, params.id),
  update: ({ caller, params, body, preconditions }) =>
    updateTask(caller, params.id, body, preconditions),
  move: ({ caller, params, body, preconditions }) =>
    moveTask(caller, params.id, body, preconditions),
  remove: ({ caller, params, preconditions }) => trashTask(caller, params.id, preconditions),
});
