import { isDeepStrictEqual } from 'node:util';
import { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { objectId } from '../../database/ids.ts';
import { afterCursor, allOf, sortOf, toPage } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, requireVersion, type Versioned } from '../../versions.ts';
import { type Due, showDue } from './due-date.ts';
import { accessibleTasks } from './tasks.access.ts';
import {
  priorities,
  type Task,
  type TaskCreate,
  taskDefaults,
  type TaskPatch,
  type TaskQuery,
} from './tasks.contract.ts';
import { noDeadline, TaskModel, type TaskRecord } from './tasks.model.ts';
import { filterOf, orderOf } from './tasks.query.ts';

function show(task: TaskRecord): Task {
  return {
    id: task._id.toHexString(),
    title: task.title,
    description: task.description,
    status: task.status as Task['status'],
    priority: priorities[task.priority] ?? 'medium',
    dueDate: task.deadline.getTime() === noDeadline.getTime() ? null : showDue(task),
    labels: task.labels,
    completedAt: task.completedAt?.toISOString() ?? null,
    createdAt: task.createdAt.toISOString(),
    updatedAt: task.updatedAt.toISOString(),
    version: task.version,
  };
}

function versioned(task: TaskRecord): Versioned<Task> {
  return { value: show(task), version: String(task.version) };
}

/** What a task's stored due date looks like. */
function storedDue(due: Due | null): Pick<TaskRecord, 'deadline' | 'allDay'> {
  return { deadline: due?.deadline ?? noDeadline, allDay: due?.allDay ?? false };
}

export async function createTask(caller: Caller, input: TaskCreate): Promise<Versioned<Task>> {
  const { title, description, status, priority, dueDate, labels } = input;
  const now = new Date();
  const task: TaskRecord = {
    _id: new Types.ObjectId(),
    ...accessibleTasks(caller),
    title,
    titleKey: title.toLowerCase(),
    description,
    status,
    priority: priorities.indexOf(priority),
    ...storedDue(dueDate),
    labels,
    completedAt: status === 'done' ? now : null,
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
  // Past the hydration of a document, which takes longer than all the rest of the request: the
  // contract has checked the members, and the compiler the record.
  await TaskModel.collection.insertOne(task);
  return versioned(task);
}

/** A page of the caller's tasks; `total` only when it is asked for, as counting costs a second query. */
export async function listTasks(caller: Caller, query: TaskQuery) {
  const order = orderOf(query.sort);
  const asked = filterOf(query);
  const after = query.cursor === undefined ? {} : afterCursor(query.cursor, asked, order);
  const [found, total] = await Promise.all([
    // Past Mongoose's query, which would cost a list a tenth of its time: these conditions are typed.
    TaskModel.collection
      .find<TaskRecord>(allOf(accessibleTasks(caller), asked, after), {
        sort: sortOf(order),
        limit: query.limit + 1,
      })
      .toArray(),
    query.include === 'total'
      ? TaskModel.countDocuments(allOf(accessibleTasks(caller), asked))
      : undefined,
  ]);
  return {
    ...toPage(found, { limit: query.limit, filter: asked, order }, show),
    ...(total !== undefined && { total }),
  };
}

async function findTask(caller: Caller, id: string): Promise<TaskRecord> {
  const task = await TaskModel.findOne({
    _id: objectId(id),
    ...accessibleTasks(caller),
  }).lean<TaskRecord>();
  if (!task) throw new AppError('not_found');
  return task;
}

export async function readTask(caller: Caller, id: string): Promise<Versioned<Task>> {
  return versioned(await findTask(caller, id));
}

/** What a patch asks for: null is the member's default, undefined is what it was. */
function patched<T>(asked: T | null | undefined, cleared: T, current: T): T {
  if (asked === undefined) return current;
  return asked === null ? cleared : asked;
}

/** The stored fields that the patch makes different. */
function changesOf(task: TaskRecord, patch: TaskPatch, now: Date): Partial<TaskRecord> {
  const title = patch.title ?? task.title;
  const status = patched<string>(patch.status, taskDefaults.status, task.status);
  const closed = status === 'done' ? now : null;
  const fields: Partial<TaskRecord> = {
    title,
    titleKey: title.toLowerCase(),
    description: patched(patch.description, taskDefaults.description, task.description),
    status,
    completedAt: status === task.status ? (task.completedAt ?? null) : closed,
    ...(patch.priority !== undefined && {
      priority: priorities.indexOf(patch.priority ?? taskDefaults.priority),
    }),
    ...(patch.dueDate !== undefined && storedDue(patch.dueDate)),
    labels: patched(patch.labels, taskDefaults.labels, task.labels),
  };
  const changed = Object.entries(fields).filter(
    ([name, value]) => !isDeepStrictEqual(value, task[name as keyof TaskRecord]),
  );
  return Object.fromEntries(changed);
}

/**
 * Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is.
 * @throws AppError `precondition_failed` where the preconditions do not allow the current version
 */
export async function updateTask(
  caller: Caller,
  id: string,
  patch: TaskPatch,
  preconditions: Preconditions,
): Promise<Versioned<Task>> {
  for (;;) {
    const task = await findTask(caller, id);
    requireVersion(preconditions, String(task.version));
    const updatedAt = new Date();
    const changes = changesOf(task, patch, updatedAt);
    if (Object.keys(changes).length === 0) return versioned(task);
    const changed = await TaskModel.findOneAndUpdate(
      { _id: task._id, ...accessibleTasks(caller), version: task.version },
      { $set: { ...changes, updatedAt }, $inc: { version: 1 } },
      { returnDocument: 'after' },
    ).lean<TaskRecord>();
    // Somebody else was quicker: apply the patch to what they left. One of the rivals always wins.
    if (changed) return versioned(changed);
  }
}

/** Deletes for good; the preconditions as with a change. */
export async function deleteTask(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  for (;;) {
    const task = await findTask(caller, id);
    requireVersion(preconditions, String(task.version));
    const { deletedCount } = await TaskModel.deleteOne({
      _id: task._id,
      ...accessibleTasks(caller),
      version: task.version,
    });
    if (deletedCount === 1) return;
  }
}

/** Deletes every task of an account that is being deleted; may be repeated. */
export async function deleteTasksOf(ownerId: Types.ObjectId): Promise<void> {
  await TaskModel.deleteMany({ ownerId });
}
