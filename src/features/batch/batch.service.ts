import type { Caller } from '../../contract/endpoint.ts';
import { AppError } from '../../errors.ts';
import type { ReadTask } from '../tasks/tasks.store.ts';
import {
  type Batch,
  type BatchAnswer,
  maximumChanges,
  type Operation,
  type Result,
} from './batch.contract.ts';
import { type Outcome, perform, type Run } from './operations.service.ts';
import { tasksNow, type Traces, undo } from './undo.service.ts';

/** The member of an operation that its task takes its rules from. */
const partOf = {
  create: '.task',
  update: '.changes',
  move: '.to',
  complete: '',
  delete: '',
} as const;

/** A failure in the place of the operation that it belongs to. */
function problemOf(error: AppError, { op }: Operation, index: number): Result['problem'] {
  const place = `body.operations.${index}`;
  const errors = (error.violations ?? []).map(({ path, ...violation }) => ({
    ...violation,
    path: path.replace(/^body/, path === 'body.filter' ? place : place + partOf[op]),
  }));
  return { code: error.code, detail: error.message, errors };
}

function resultOf(
  operation: Operation,
  { ids, task }: Outcome,
  problem: Result['problem'],
): Result {
  return {
    op: operation.op,
    ok: problem === null,
    tempId: (operation.op === 'create' && operation.tempId) || null,
    ids: [...ids],
    task,
    problem,
  };
}

const nothing: Outcome = { ids: [], task: null };

/** @throws whatever is no refusal of this one operation, but a failure of all */
async function attempt(run: Run, operation: Operation, index: number): Promise<Result> {
  try {
    return resultOf(operation, await perform(run, operation), null);
  } catch (error) {
    if (!(error instanceof AppError) || error.code === 'database_unavailable') throw error;
    return resultOf(operation, nothing, problemOf(error, operation, index));
  }
}

async function runAll(run: Run, operations: readonly Operation[]): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, operation] of operations.entries()) {
    results.push(await attempt(run, operation, index));
  }
  return results;
}

const begin = (caller: Caller, check: boolean): Run => ({
  caller,
  check,
  temporary: new Map(),
  left: maximumChanges,
});

/** None was done: those that could have been say so. */
function noneDone(operations: readonly Operation[], results: readonly Result[]): BatchAnswer {
  const detail = 'Another operation of the batch failed.';
  const held = { code: 'batch_held_back', detail, errors: [] };
  return {
    applied: false,
    results: operations.map((operation, index) =>
      resultOf(operation, nothing, results[index]?.problem ?? held),
    ),
  };
}

/** The tasks that an operation is about, as they are before it. */
async function tasksBefore(run: Run, operation: Operation): Promise<ReadTask[]> {
  if (operation.op === 'create') return [];
  const { ids } = await perform({ ...run, check: true }, operation);
  return tasksNow(run.caller, ids);
}

/** Keeps what each task was before the batch, and which version the batch has left. */
async function remember(
  caller: Caller,
  traces: Traces,
  { before, ids }: { before: readonly ReadTask[]; ids: readonly string[] },
): Promise<void> {
  const after = new Map((await tasksNow(caller, ids)).map((task) => [String(task._id), task]));
  const former = new Map(before.map((task) => [String(task._id), task]));
  for (const id of ids) {
    const was = traces.has(id) ? traces.get(id)?.before : former.get(id);
    traces.set(id, { before: was, version: after.get(id)?.version });
  }
}

/** All or none: checked as a whole, done one by one, and undone from the last to the first. */
async function runTogether(caller: Caller, operations: readonly Operation[]): Promise<BatchAnswer> {
  const checked = await runAll(begin(caller, true), operations);
  if (checked.some(({ ok }) => !ok)) return noneDone(operations, checked);
  const run = begin(caller, false);
  const results: Result[] = [];
  const traces: Traces = new Map();
  for (const [index, operation] of operations.entries()) {
    const before = await tasksBefore(run, operation).catch(() => []);
    const result = await attempt(run, operation, index);
    results.push(result);
    if (!result.ok) {
      await undo(caller, traces);
      return noneDone(operations, results);
    }
    await remember(caller, traces, { before, ids: result.ids });
  }
  return { applied: true, results };
}

/** Does the operations of a batch in their order, each by itself or all together. */
export async function runBatch(caller: Caller, batch: Batch): Promise<BatchAnswer> {
  const { operations, atomic, dryRun } = batch;
  if (dryRun) return { applied: false, results: await runAll(begin(caller, true), operations) };
  if (atomic) return runTogether(caller, operations);
  return { applied: true, results: await runAll(begin(caller, false), operations) };
}
