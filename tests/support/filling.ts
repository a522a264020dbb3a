import { TaskModel } from '../../src/features/tasks/tasks.model.ts';
import { createTask, type Member } from './factories.ts';

/** Tasks of a size, past the API, which would take a while to make them one by one. */
export async function fill(member: Member, count: number, length: number): Promise<void> {
  const { _id: _, ...task } =
    (await TaskModel.findById((await createTask(member)).id).lean()) ?? {};
  const description = 'x'.repeat(length);
  const tasks = Array.from({ length: count - 1 }, (__, index) => ({
    ...task,
    title: `task ${index}`,
    description,
  }));
  await TaskModel.collection.insertMany(tasks);
}
