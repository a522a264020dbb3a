import type { Types } from 'mongoose';
import { upgradeOnce } from '../../database/upgrades.ts';
import { ensureLabels } from '../labels/label-records.service.ts';
import { rankAt } from './rank.ts';
import { textFields } from './task-texts.ts';
import { TaskModel } from './tasks.model.ts';

/** How many tasks are read at a time. */
const batch = 500;

/** A task as it was stored before there were projects, an order and words to search. */
interface FormerTask {
  _id: Types.ObjectId;
  ownerId: Types.ObjectId;
  title: string;
  description: string;
  labels: string[];
  createdAt: Date;
}

async function upgrade(task: FormerTask): Promise<void> {
  const { _id, ownerId, title, description, labels, createdAt } = task;
  await ensureLabels({ userId: ownerId.toHexString() }, labels);
  await TaskModel.collection.updateOne(
    { _id, rank: { $exists: false } },
    {
      $set: {
        projectId: ownerId,
        rank: rankAt(createdAt.getTime()),
        ...textFields(title, description),
      },
    },
  );
}

/** Puts the tasks of an earlier version into the Inboxes of their owners, the oldest first. */
export async function upgradeTasks(): Promise<void> {
  await upgradeOnce('tasks have places', async () => {
    for (;;) {
      const tasks = await TaskModel.collection
        .find<FormerTask>({ rank: { $exists: false } }, { limit: batch })
        .toArray();
      for (const task of tasks) await upgrade(task);
      if (tasks.length < batch) return;
    }
  });
}
