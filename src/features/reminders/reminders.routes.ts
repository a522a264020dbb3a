import { routes } from '../../http/mount.ts';
import { remindersContract } from './reminders.contract.ts';
import {
  createReminder,
  deleteReminder,
  listReminders,
  readReminder,
} from './reminders.service.ts';

export const remindersRoutes = routes(remindersContract, {
  create: ({ caller, params, body }) => createReminder(caller, params.id, body),
  list: ({ caller, params, query }) => listReminders(caller, params.id, query),
  read: ({ caller, params }) => readReminder(caller, params),
  remove: ({ caller, params, preconditions }) => deleteReminder(caller, params, preconditions),
});
