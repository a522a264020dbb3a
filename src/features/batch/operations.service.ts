import type { Caller } from '../../contract/endpoint.ts';
import { allOf } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import { type Preconditions, unconditional } from '../../versions.ts';
import { checkMove, moveTask } from '../tasks/moves.service.ts';
import { filtersFor } from '../tasks/task-filters.service.ts';
import { accessibleTasks } from '../tasks/tasks.access.ts';
import type { Task, TaskCreate, TaskMove, TaskPatch } from '../tasks/tasks.schemas.ts';
import { checkChange, checkNewTask, createTask, updateTask } from '../tasks/tasks.service.ts';
import { findTaskIds } from '../tasks/tasks.store.ts';
import { checkDeletion, trashTask } from '../trash/trash.service.ts';
import { maximumChanges, type Operation } from './batch.contract.ts';

/** What the temporary ids of a batch stand for: nothing yet, where the tasks are only thought of. */
type TemporaryIds = Map<string, string | undefined>;

/** What an operation has come to, or would come to. */
export interface Outcome {
  readonly ids: readonly string[];
  readonly task: Task | null;
}

/** One batch at work. */
export interface Run {
  readonly caller: Caller;
  readonly temporary: TemporaryIds;
  /** Only looks whether an operation could be done. */
  readonly check: boolean;
  /** How many more tasks the batch may change. */
  left: number;
}

/** The id that is meant; undefined for a task that does not exist yet. */
function meant({ temporary }: Run, id: string): string | undefined {
  return temporary.has(id) ? temporary.get(id) : id;
}

/** The members of an object that name other tasks, with the ids that they stand for. */
function resolved<T extends TaskCreate | TaskMove>(run: Run, given: T): T {
  const names = ['parentId', 'before', 'after'] as const;
  const members = given as Partial<Record<(typeof names)[number], string | null>>;
  const replaced = names.flatMap((name) => {
    const id = members[name];
    if (typeof id !== 'string' || !run.temporary.has(id)) return [];
    return [[name, meant(run, id)] as const];
  });
  return { ...given, ...Object.fromEntries(replaced) };
}

function preconditionsOf(version: number | undefined): Preconditions {
  return version === undefined ? unconditional : { ...unconditional, ifMatch: [String(version)] };
}

function use(run: Run, changes: number): void {
  if (changes > run.left) {
    const message = `must change at most ${maximumChanges} tasks in all`;
    throw AppError.violations([{ path: 'body.filter', code: 'too_big', message }]);
  }
  run.left -= changes;
}

/** The ids of the tasks that an operation is about; undefined where that one is yet to be made. */
async function targetsOf(
  run: Run,
  { id, filter }: { id?: string | undefined; filter?: string | undefined },
): Promise<(string | undefined)[]> {
  if (id !== undefined) return [meant(run, id)];
  const compile = await filtersFor(run.caller);
  const condition = await compile(filter ?? '', 'body.filter');
  const found = await findTaskIds(allOf(accessibleTasks(run.caller), condition), run.left + 1);
  return found.map((_id) => _id.toHexString());
}

type OnOne = Exclude<Operation, { op: 'create' }>;

function patchOf(operation: Extract<OnOne, { op: 'update' | 'complete' }>): TaskPatch {
  return operation.op === 'complete' ? { status: 'done' } : operation.changes;
}

/** Does an operation to one task. */
async function change(run: Run, operation: OnOne, id: string): Promise<Task | null> {
  const { caller, check } = run;
  const preconditions = preconditionsOf(operation.version);
  if (operation.op === 'delete') {
    await (check ? checkDeletion : trashTask)(caller, id, preconditions);
    return null;
  }
  if (operation.op === 'move') {
    const move = check ? checkMove : moveTask;
    return (await move(caller, id, resolved(run, operation.to), preconditions)).value;
  }
  const update = check ? checkChange : updateTask;
  return (await update(caller, id, patchOf(operation), preconditions)).value;
}

async function create(run: Run, operation: Extract<Operation, { op: 'create' }>): Promise<Outcome> {
  const { tempId, task } = operation;
  use(run, 1);
  const input = resolved(run, task);
  // A parent that is only thought of cannot be looked at.
  const isThoughtOf = task.parentId !== null && input.parentId === undefined;
  const { value } = run.check
    ? await checkNewTask(run.caller, isThoughtOf ? { ...input, parentId: null } : input)
    : await createTask(run.caller, input);
  if (tempId !== undefined) run.temporary.set(tempId, run.check ? undefined : value.id);
  if (!run.check) return { ids: [value.id], task: value };
  return { ids: [], task: { ...value, parentId: task.parentId } };
}

/**
 * Does one operation, or only looks whether it could be done.
 * @throws AppError for what the operation itself would be refused with
 */
export async function perform(run: Run, operation: Operation): Promise<Outcome> {
  if (operation.op === 'create') return create(run, operation);
  const targets = await targetsOf(run, operation);
  use(run, targets.length);
  const ids: string[] = [];
  let task: Task | null = null;
  for (const id of targets) {
    if (id === undefined) continue;
    try {
      task = await change(run, operation, id);
      ids.push(id);
    } catch (error) {
      // What a filter has found may be gone a moment later.
      const gone = error instanceof AppError && error.code === 'not_found';
      if (!gone || 'id' in operation) throw error;
    }
  }
  return { ids, task: 'filter' in operation ? null : task };
}
