import { jest } from '@jest/globals';
import { type Label, maximumLabels } from '../../src/features/labels/labels.contract.ts';
import { LabelModel } from '../../src/features/labels/labels.model.ts';
import { finishLabels } from '../../src/features/labels/relabelling.service.ts';
import type { Task } from '../../src/features/tasks/tasks.schemas.ts';
import type { Member } from './factories.ts';
import { listed } from './projects.ts';

/** A label of somebody's. */
export async function createLabel(member: Member, given: object = {}): Promise<Label> {
  const answer = await member.send('post', '/labels', { name: 'home', ...given });
  if (answer.status !== 201) throw new Error(`no label: ${answer.text}`);
  return answer.body as Label;
}

/** Gives somebody labels without asking for them one by one, until there is room for so many more. */
export async function leaveRoom(member: Member, room: number): Promise<void> {
  const now = new Date();
  const labels = Array.from({ length: maximumLabels - room }, (_, index) => ({
    ownerId: member.user.id,
    name: `other ${index}`,
    holds: [`other ${index}`, `,${index}`],
    colour: 'grey',
    rank: 'a0',
    createdAt: now,
    updatedAt: now,
    version: 1,
  }));
  await LabelModel.insertMany(labels);
}

/** All of somebody's labels, in their order. */
async function labelsOf(member: Member): Promise<Label[]> {
  return listed<Label>(member, '/labels');
}

export async function namesOf(member: Member): Promise<string[]> {
  return (await labelsOf(member)).map(({ name }) => name);
}

/** @throws where there is none of this name */
export async function labelNamed(member: Member, name: string): Promise<Label> {
  const found = (await labelsOf(member)).find((label) => label.name === name);
  if (!found) throw new Error(`no label ${name}`);
  return found;
}

export async function readTask(member: Member, { id }: Pick<Task, 'id'>): Promise<Task> {
  return (await member.send('get', `/tasks/${id}`)).body as Task;
}

/** Does what the job does once nothing can be under way any more that began before now. */
export async function finishLater(): Promise<void> {
  const later = Date.now() + 10_001;
  const clock = jest.spyOn(Date, 'now').mockReturnValue(later);
  try {
    await finishLabels();
  } finally {
    clock.mockRestore();
  }
}

/** What a process leaves behind that is killed right after the deciding write of a deletion. */
export async function plantDeletion({ id }: Label): Promise<void> {
  const changes = { deletedAt: new Date(), holds: [`,${id}`] };
  await LabelModel.updateOne({ _id: id }, { $set: changes, $inc: { version: 1 } });
}

/** Likewise of a new name. */
export async function plantRename({ id, name: former }: Label, name: string): Promise<void> {
  await LabelModel.updateOne(
    { _id: id },
    {
      $set: { name },
      $push: { holds: name, formerNames: { name: former, at: new Date() } },
      $inc: { version: 1 },
    },
  );
}
