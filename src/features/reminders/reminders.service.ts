import type { Caller } from '../../contract/endpoint.ts';
import { objectId } from '../../database/ids.ts';
import { afterCursor, allOf, readPage, type SortField, toPage } from '../../database/keyset.ts';
import { newId } from '../../database/new-id.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, unconditional, type Versioned } from '../../versions.ts';
import { accessibleTasks } from '../tasks/tasks.access.ts';
import type { ReminderRecord } from '../tasks/tasks.model.ts';
import { showDue } from '../tasks/tasks.show.ts';
import { changeTask, findTask, findTasks, type ReadTask } from '../tasks/tasks.store.ts';
import { timeZoneOf } from '../users/users.service.ts';
import { dueOf, remindAtOf, remindersFor } from './reminder-times.ts';
import {
  maximumReminders,
  type Reminder,
  type ReminderCreate,
  type ReminderQuery,
} from './reminders.contract.ts';

/** Where a reminder stands in the paths. */
interface ReminderPath {
  /** The task's. */
  readonly id: string;
  readonly reminderId: string;
}

const order: SortField[] = [{ field: 'createdAt', direction: 1, type: 'date' }];

function show({ _id }: ReadTask, reminder: ReminderRecord): Reminder {
  return {
    id: reminder._id.toHexString(),
    taskId: _id.toHexString(),
    at: reminder.at?.toISOString() ?? null,
    before: reminder.before ?? null,
    firesAt: reminder.firesAt?.toISOString() ?? null,
    firedAt: reminder.firedAt?.toISOString() ?? null,
    createdAt: reminder.createdAt.toISOString(),
  };
}

function requireReminder({ reminders }: ReadTask, _id: ReminderRecord['_id']): ReminderRecord {
  const reminder = reminders?.find((one) => one._id.equals(_id));
  if (!reminder) throw new AppError('not_found');
  return reminder;
}

function versioned(task: ReadTask, _id: ReminderRecord['_id']): Versioned<Reminder> {
  return { value: show(task, requireReminder(task, _id)), version: String(task.version) };
}

/** @throws AppError `not_found` for a task that the caller may not see, or `limit_reached` */
export async function createReminder(
  caller: Caller,
  taskId: string,
  { at, before }: ReminderCreate,
): Promise<Versioned<Reminder>> {
  const ownersZone = (await timeZoneOf(caller)) ?? 'UTC';
  const _id = newId();
  const createdAt = new Date();
  const { after } = await changeTask(caller, taskId, unconditional, (task) => {
    const reminders = task.reminders ?? [];
    // An earlier attempt at the same request has added it.
    if (reminders.some((one) => one._id.equals(_id))) return {};
    if (reminders.length >= maximumReminders) {
      const detail = `A task has at most ${maximumReminders} reminders: delete one first.`;
      throw new AppError('limit_reached', { detail });
    }
    const times = at === null ? { before } : { at, firesAt: at };
    const due = dueOf({ text: showDue(task), timeZone: task.timeZone }, ownersZone);
    const added = [...reminders, ...remindersFor([{ _id, ...times, createdAt }], due)];
    return { reminders: added, remindAt: remindAtOf(added) };
  });
  return versioned(after, _id);
}

type Placed = Pick<ReminderRecord, '_id' | 'createdAt'>;

function isLater(one: Placed, other: Placed): boolean {
  const distance = one.createdAt.getTime() - other.createdAt.getTime();
  return distance === 0 ? one._id.toHexString() > other._id.toHexString() : distance > 0;
}

/** The reminder behind which a cursor stands. */
function lastSeen(cursor: string, filter: object): Placed {
  // Of the condition for a database, the last step alone is needed.
  const { $or } = afterCursor(cursor, filter, order) as {
    $or: [unknown, { createdAt: Date; _id: { $gt: Placed['_id'] } }];
  };
  const [, { createdAt, _id }] = $or;
  return { createdAt, _id: _id.$gt };
}

/**
 * A page of the reminders of a task.
 * @throws AppError `not_found`
 */
export async function listReminders(
  caller: Caller,
  taskId: string,
  { limit, cursor }: ReminderQuery,
) {
  const task = await findTask(caller, taskId);
  const filter = { remindersOf: taskId };
  const all = (task.reminders ?? []).toSorted((one, other) => (isLater(one, other) ? 1 : -1));
  const last = cursor === undefined ? undefined : lastSeen(cursor, filter);
  const found = last ? all.filter((reminder) => isLater(reminder, last)) : all;
  return toPage(found, { limit, filter, order }, (reminder) => show(task, reminder));
}

/** Every reminder has a time at which it was made. */
const withReminders = { 'reminders.createdAt': { $gt: new Date(0) } };

/** The reminders of a page of the caller's tasks; for the export of an account. */
export async function listRemindersOf(
  caller: Caller,
  { limit, cursor }: { limit: number; cursor?: string },
) {
  const { data, nextCursor } = await readPage(
    { limit, cursor, filter: 'reminders', order },
    (after, options) => findTasks(allOf(accessibleTasks(caller), withReminders, after), options),
    (task) => (task.reminders ?? []).map((reminder) => show(task, reminder)),
  );
  return { data: data.flat(), nextCursor };
}

/** @throws AppError `not_found` */
export async function readReminder(
  caller: Caller,
  { id, reminderId }: ReminderPath,
): Promise<Versioned<Reminder>> {
  return versioned(await findTask(caller, id), objectId(reminderId));
}

/** @throws AppError `not_found`, or `precondition_failed` where the preconditions do not allow the task's version */
export async function deleteReminder(
  caller: Caller,
  { id, reminderId }: ReminderPath,
  preconditions: Preconditions,
): Promise<void> {
  const _id = objectId(reminderId);
  await changeTask(caller, id, preconditions, (task) => {
    requireReminder(task, _id);
    const left = (task.reminders ?? []).filter((one) => !one._id.equals(_id));
    return { reminders: left.length > 0 ? left : null, remindAt: remindAtOf(left) };
  });
}
