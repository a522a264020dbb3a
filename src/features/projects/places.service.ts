import { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { parseId } from '../../database/ids.ts';
import { AppError } from '../../errors.ts';
import { SectionModel } from '../sections/sections.model.ts';
import { ProjectModel } from './projects.model.ts';

/** Where a task stands, apart from the task that it is a part of. */
export interface Place {
  readonly projectId: Types.ObjectId;
  readonly sectionId: Types.ObjectId | null;
}

/**
 * The id of the caller's Inbox is that of the caller: a task gets there without a look, and there is
 * exactly one, which nobody has to make first.
 */
export function inboxOf(caller: Caller): Types.ObjectId {
  return new Types.ObjectId(caller.userId);
}

/** A member of the body that names what the caller does not have. */
export function unknownObject(member: string, kind: string): AppError {
  return AppError.violations([
    { path: `body.${member}`, code: 'not_found', message: `must be the id of ${kind} of yours` },
  ]);
}

/** Whether tasks can be put into the project. */
export async function isOpenProject(caller: Caller, _id: Types.ObjectId): Promise<boolean> {
  if (_id.equals(caller.userId)) return true;
  const found = await ProjectModel.collection.findOne(
    { _id, ownerId: inboxOf(caller), deletedAt: null, archivedAt: null },
    { projection: { _id: 1 } },
  );
  return found !== null;
}

/** Where a section is; undefined where it is gone, or its project is. */
export async function findSectionPlace(
  caller: Caller,
  _id: Types.ObjectId,
): Promise<Place | undefined> {
  const section = await SectionModel.collection.findOne<{ projectId: Types.ObjectId }>(
    { _id, ownerId: inboxOf(caller), deletedAt: null },
    { projection: { projectId: 1 } },
  );
  if (!section || !(await isOpenProject(caller, section.projectId))) return undefined;
  return { projectId: section.projectId, sectionId: _id };
}

/**
 * The place that these ids name: the Inbox where they name none.
 * @throws AppError `validation_failed` for a project or a section that the caller does not have, that
 *   is archived, or a section of another project
 */
export async function placeNamed(
  caller: Caller,
  named: { projectId?: string | undefined; sectionId?: string | null | undefined },
): Promise<Place> {
  const { projectId, sectionId } = named;
  const project = projectId === undefined ? undefined : parseId(projectId);
  if (projectId !== undefined && (!project || !(await isOpenProject(caller, project)))) {
    throw unknownObject('projectId', 'a project');
  }
  if (sectionId === undefined || sectionId === null) {
    return { projectId: project ?? inboxOf(caller), sectionId: null };
  }
  const section = parseId(sectionId);
  const place = section && (await findSectionPlace(caller, section));
  if (!place || (project && !place.projectId.equals(project))) {
    throw unknownObject('sectionId', project ? 'a section of the project' : 'a section');
  }
  return place;
}
