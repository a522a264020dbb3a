import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { settled } from '../../database/settled.ts';
import type { Preconditions } from '../../versions.ts';
import {
  deleteSectionsIn,
  followSectionsOf,
  settleSections,
} from '../sections/settling.service.ts';
import { findTasks } from '../tasks/tasks.store.ts';
import { trashTasksOfProject } from '../trash/trash.service.ts';
import { ProjectModel, type ProjectRecord } from './projects.model.ts';
import { changeProject, requireOther } from './projects.store.ts';

/**
 * Deletes a project with its sections; its tasks go to the trash. Marking it is the one write that
 * decides; the rest is repeatable, and repeated by a job that drops the record last: after a crash, and
 * for whatever a request that was under way has put there meanwhile.
 * @throws AppError `not_found`, `inbox_stays`, or `precondition_failed`
 */
export async function deleteProject(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  const deleted = await changeProject(caller, id, preconditions, (project) => {
    requireOther(project);
    return { deletedAt: new Date() };
  });
  await takeApart(deleted);
}

async function takeApart({ _id, ownerId, deletedAt }: ProjectRecord): Promise<void> {
  // What has moved elsewhere with its section is not the project's any more.
  await followSectionsOf(ownerId);
  await deleteSectionsIn(ownerId, _id);
  await trashTasksOfProject(ownerId, _id, deletedAt ?? new Date());
}

/** Finishes what changes have left: runs every few seconds on one of the instances. */
export async function settleProjects(): Promise<void> {
  await settleSections();
  const before = new Date(Date.now() - settled);
  const deleted = ProjectModel.collection.find<ProjectRecord>({ deletedAt: { $lt: before } });
  for (const project of await deleted.toArray()) {
    await takeApart(project);
    const { _id, ownerId } = project;
    // A subtask that is still to follow its parent elsewhere names the project for a moment.
    const [left] = await findTasks({ ownerId, projectId: _id }, { limit: 1 });
    if (!left) await ProjectModel.collection.deleteOne({ _id, ownerId });
  }
}

/** Deletes every project of an account that is being deleted; may be repeated. */
export async function deleteProjectsOf(ownerId: Types.ObjectId): Promise<void> {
  await ProjectModel.collection.deleteMany({ ownerId });
}
