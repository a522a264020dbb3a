import { authContract } from './features/auth/auth.contract.ts';
import { tasksContract } from './features/tasks/tasks.contract.ts';
import { usersContract } from './features/users/users.contract.ts';

/** Where the API's version is told. */
export const basePath = '/api/v1';

/** The public surface: every endpoint of every feature. */
export const api = {
  auth: authContract,
  users: usersContract,
  tasks: tasksContract,
};
