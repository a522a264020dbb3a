import type { Caller } from '../../contract/endpoint.ts';
import { objectId } from '../../database/ids.ts';
import { unconditional } from '../../versions.ts';
import { settle } from '../tasks/settling.service.ts';
import { levelsBelow } from '../tasks/task-tree.service.ts';
import { textFields } from '../tasks/task-texts.ts';
import { accessibleTasks } from '../tasks/tasks.access.ts';
import {
  type Changes,
  eraseTasks,
  findTask,
  findTasks,
  type ReadTask,
  writeTask,
} from '../tasks/tasks.store.ts';
import { restoreTask } from '../trash/trash.service.ts';

/** The tasks of these ids as they are now, whichever still are the caller's. */
export function tasksNow(caller: Caller, ids: readonly string[]): Promise<ReadTask[]> {
  return findTasks({ _id: { $in: ids.map(objectId) }, ...accessibleTasks(caller) });
}

const kept = new Set(['_id', 'ownerId', 'createdAt', 'updatedAt', 'version', 'treeVersion']);

/** What makes a task what it was, all but its version. */
function changesBack(now: ReadTask, before: ReadTask): Changes {
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  const members = [...names].filter((name) => !kept.has(name));
  const former = members.map((name) => [name, before[name as keyof ReadTask] ?? null]);
  return { ...Object.fromEntries(former), ...textFields(before.title, before.description) };
}

/** Takes back the occurrence that a completion has opened, unless somebody has begun with it. */
async function closeNext(caller: Caller, { series }: ReadTask): Promise<void> {
  if (!series?.continued) return;
  const next = await findTasks({
    ...accessibleTasks(caller),
    'series.id': series.id,
    'series.number': series.number + 1,
    version: 1,
  });
  const ids = next.map(({ _id }) => _id);
  for await (const below of levelsBelow(accessibleTasks(caller), ids)) ids.push(...below);
  await eraseTasks({ _id: { $in: ids }, version: 1 });
}

/** What each task was before a batch (nothing, if that has made it), and the version it was left in. */
export type Traces = Map<string, { before: ReadTask | undefined; version: number | undefined }>;

async function bringBack(caller: Caller, now: ReadTask, was: ReadTask): Promise<void> {
  await closeNext(caller, now);
  const countTree = String(now.parentId) !== String(was.parentId);
  const back = await writeTask(now, changesBack(now, was), { countTree });
  if (back) await settle(back);
}

/** Undoes a batch, from the last task that it touched to the first, where nobody has changed it since. */
export async function undo(caller: Caller, traces: Traces): Promise<void> {
  for (const [id, { before, version }] of [...traces].toReversed()) {
    const [current] = await tasksNow(caller, [id]);
    if (!before) {
      // What the batch has made, and perhaps deleted.
      await eraseTasks({ _id: objectId(id), ...(version !== undefined && { version }) });
    } else if (!current) {
      await restoreTask(caller, id, unconditional);
      await bringBack(caller, await findTask(caller, id), before);
    } else if (current.version === version) {
      await bringBack(caller, current, before);
    }
  }
}
