import { randomUUID } from 'node:crypto';
import { expect, test } from '@jest/globals';
import mongoose, { Types } from 'mongoose';
import { connectDatabase } from '../src/database/connection.ts';
import { noDeadline, TaskModel } from '../src/features/tasks/tasks.model.ts';
import { upgradeTasks } from '../src/features/tasks/upgrade.service.ts';
import { createLogger } from '../src/logger.ts';
import { startInstance } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';

/** A task as version 0.1.0 has stored it. */
function formerTask(ownerId: string, title: string, minute: number) {
  const createdAt = new Date(Date.UTC(2026, 0, 1, 0, minute));
  return {
    ownerId: new Types.ObjectId(ownerId),
    title,
    titleKey: title.toLowerCase(),
    description: 'to the landlord',
    status: 'todo',
    priority: 1,
    deadline: noDeadline,
    allDay: false,
    labels: ['home'],
    completedAt: null,
    createdAt,
    updatedAt: createdAt,
    version: 1,
  };
}

test('tasks of an earlier version get a place, an order, labels and words, once', async () => {
  const uri = `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`;
  const logger = createLogger('silent');
  const first = connectDatabase(uri, logger);
  await first.ready;
  const api = await startInstance(first);
  const member = await signUp(api);
  await TaskModel.collection.insertMany([
    formerTask(member.user.id, 'Second', 2),
    formerTask(member.user.id, 'First', 1),
  ]);
  await api.close();
  await first.close();

  const second = connectDatabase(uri, logger, { prepare: upgradeTasks });
  await second.ready;
  const again = await startInstance(second);
  try {
    const listed = await again.request
      .get('/api/v1/tasks?sort=rank&q=landlord')
      .set('Authorization', `Bearer ${member.accessToken}`);
    expect(listed.body.data).toMatchObject([
      { title: 'First', projectId: member.user.id, labels: ['home'], version: 1 },
      { title: 'Second', projectId: member.user.id },
    ]);
    const labels = await again.request
      .get('/api/v1/labels')
      .set('Authorization', `Bearer ${member.accessToken}`);
    expect(labels.body.data).toMatchObject([{ name: 'home' }]);
    // A start later finds nothing to do, and leaves what it finds.
    const task = await createTask(await signUp(again));
    await TaskModel.collection.updateOne(
      { _id: new Types.ObjectId(task.id) },
      { $unset: { rank: 1 } },
    );
    await upgradeTasks();
    expect(await TaskModel.collection.countDocuments({ rank: { $exists: false } })).toBe(1);
  } finally {
    await again.close();
    await mongoose.connection.dropDatabase();
    await second.close();
  }
});
