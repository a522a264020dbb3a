import type { Types } from 'mongoose';
import { settled } from '../../database/settled.ts';
import { accessibleTasks, trashedTasks } from '../tasks/tasks.access.ts';
import { findTaskIds, replaceLabel, writeTasks } from '../tasks/tasks.store.ts';
import { staleAfter } from './known-labels.ts';
import { keepLabel } from './label-records.service.ts';
import { labelDefaults } from './labels.contract.ts';
import { LabelModel, type LabelRecord } from './labels.model.ts';

/**
 * Milliseconds after which no request can still be under way that has taken a label to be what it was
 * before a change.
 */
const settledEverywhere = staleAfter + settled;
/** How many tasks are changed in one step. */
const batch = 500;
/** How many labels are finished at a time. */
const labelBatch = 100;

/** Some of a user's tasks, those in the trash too; none when there are none left. */
async function someTasks(
  ownerId: Types.ObjectId,
  condition: Record<string, unknown>,
  limit = batch,
): Promise<Types.ObjectId[]> {
  const owner = { userId: ownerId.toHexString() };
  const live = await findTaskIds({ ...accessibleTasks(owner), ...condition }, limit);
  if (live.length > 0) return live;
  return findTaskIds({ ...trashedTasks(owner), ...condition }, limit);
}

function formerNamesOf({ formerNames }: LabelRecord): string[] {
  return (formerNames ?? []).map(({ name }) => name);
}

/** One step; false where there was nothing left to do. */
async function relabelSome(label: LabelRecord, at: Date): Promise<boolean> {
  const formerNames = formerNamesOf(label);
  if (formerNames.length === 0) return false;
  const ids = await someTasks(label.ownerId, { labels: { $in: formerNames } });
  if (ids.length === 0) return false;
  for (const from of formerNames) {
    await replaceLabel({ _id: { $in: ids } }, { from, to: label.name, at });
  }
  return true;
}

/**
 * Gives the tasks that know a label by a former name the one that it has now. The label is read before
 * each step: it may be renamed once more, back again, or deleted, while this goes on.
 */
export async function relabel({
  _id,
  ownerId,
}: Pick<LabelRecord, '_id' | 'ownerId'>): Promise<void> {
  for (;;) {
    const at = new Date();
    const label = await LabelModel.collection.findOne<LabelRecord>({
      _id,
      ownerId,
      deletedAt: null,
    });
    if (!label || !(await relabelSome(label, at))) return;
  }
}

/** Takes a deleted label off the tasks that have had it since before; one that was given it later keeps it. */
export async function strip(label: LabelRecord): Promise<void> {
  const { ownerId, name, deletedAt } = label;
  const labels = { $in: [name, ...formerNamesOf(label)] };
  const givenBefore = {
    labels,
    $or: [
      { labelledAt: { $lte: deletedAt } },
      { labelledAt: null, createdAt: { $lte: deletedAt } },
    ],
  };
  for (;;) {
    const ids = await someTasks(ownerId, givenBefore);
    if (ids.length === 0) return;
    await writeTasks({ _id: { $in: ids }, ...givenBefore }, { pull: { labels } });
  }
}

/** From here on the former names are free. */
async function finishRename(label: LabelRecord, before: Date): Promise<void> {
  const { _id, ownerId, formerNames } = label;
  await relabel(label);
  for (const { name, at } of formerNames ?? []) {
    if (at >= before) continue;
    await LabelModel.updateOne(
      { _id, ownerId, deletedAt: null, formerNames: { $elemMatch: { name, at } } },
      { $pull: { formerNames: { name, at }, holds: name } },
    );
  }
}

/** What tasks were given after the deletion becomes a label again. */
async function finishDeletion(label: LabelRecord): Promise<void> {
  const { _id, ownerId, colour } = label;
  await strip(label);
  for (const name of [label.name, ...formerNamesOf(label)]) {
    const [kept] = await someTasks(ownerId, { labels: name }, 1);
    const colourOfName = name === label.name ? colour : labelDefaults.colour;
    if (kept) await keepLabel({ ownerId, name, colour: colourOfName });
  }
  await LabelModel.deleteOne({ _id, ownerId });
}

async function finishAll(
  filter: Record<string, unknown>,
  finish: (label: LabelRecord) => Promise<void>,
): Promise<void> {
  for (;;) {
    const labels = await LabelModel.collection
      .find<LabelRecord>(filter, { limit: labelBatch })
      .toArray();
    for (const label of labels) await finish(label);
    if (labels.length < labelBatch) return;
  }
}

/** Finishes what changes of labels have left: runs every few seconds on one of the instances. */
export async function finishLabels(): Promise<void> {
  const before = new Date(Date.now() - settledEverywhere);
  await finishAll({ deletedAt: { $lt: before } }, finishDeletion);
  const renamed = { 'formerNames.at': { $lt: before }, deletedAt: null };
  await finishAll(renamed, (label) => finishRename(label, before));
}
