import { routes } from '../../http/mount.ts';
import { tasksContract } from './tasks.contract.ts';
import { createTask, deleteTask, listTasks, readTask, updateTask } from './tasks.service.ts';

export const tasksRoutes = routes(tasksContract, {
  create: ({ caller, body }) => createTask(caller, body),
  list: ({ caller, query }) => listTasks(caller, query),
  read: ({ caller, params }) => readTask(caller, params.id),
  update: ({ caller, params, body, preconditions }) =>
    updateTask(caller, params.id, body, preconditions),
  remove: ({ caller, params, preconditions }) => deleteTask(caller, params.id, preconditions),
});
