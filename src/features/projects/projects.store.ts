import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { objectId } from '../../database/ids.ts';
import { type Changes, changeRecord } from '../../database/versioned-records.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions } from '../../versions.ts';
import { inboxOf } from './places.service.ts';
import { projectDefaults } from './projects.contract.ts';
import { ProjectModel, type ProjectRecord } from './projects.model.ts';

/** Before all other ranks, as those begin with a letter. */
const inboxRank = '0';

/** The name of the Inbox until its owner gives it another one. */
export const inboxName = 'Inbox';

/** What is stored of a name. */
export function nameFields(name: string) {
  return { name, nameKey: name.toLowerCase() };
}

/**
 * The Inbox as it is until somebody changes it. Nothing is stored before: the Inbox is there without
 * anybody having to make it, and so it cannot be made twice.
 */
export function untouchedInbox(_id: Types.ObjectId): ProjectRecord {
  const createdAt = _id.getTimestamp();
  return {
    _id,
    ownerId: _id,
    ...nameFields(inboxName),
    description: projectDefaults.description,
    colour: projectDefaults.colour,
    rank: inboxRank,
    createdAt,
    updatedAt: createdAt,
    version: 1,
  };
}

/** Whether a project is the Inbox of its owner. */
export function isInbox({ _id, ownerId }: Pick<ProjectRecord, '_id' | 'ownerId'>): boolean {
  return _id.equals(ownerId);
}

/** @throws AppError `inbox_stays` for the Inbox */
export function requireOther(project: ProjectRecord): void {
  if (isInbox(project)) throw new AppError('inbox_stays');
}

/** The projects that the caller may see and change. */
export function ownProjects(caller: Caller) {
  return { ownerId: inboxOf(caller), deletedAt: null };
}

/** @throws AppError `not_found` */
export async function findProject(caller: Caller, id: string): Promise<ProjectRecord> {
  const _id = objectId(id);
  const found = await ProjectModel.collection.findOne<ProjectRecord>({
    _id,
    ...ownProjects(caller),
  });
  if (found) return found;
  if (_id.equals(inboxOf(caller))) return untouchedInbox(_id);
  throw new AppError('not_found');
}

/** Stores the Inbox as it is shown, so that it can be changed; once, whoever else does so too. */
async function storeInbox(inbox: ProjectRecord): Promise<void> {
  try {
    await ProjectModel.collection.insertOne(inbox);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/**
 * Applies a change to whatever version there is.
 * @throws AppError `not_found`, or `precondition_failed` where the preconditions do not allow a version
 */
export async function changeProject(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
  change: (project: ProjectRecord) => Changes<ProjectRecord> | Promise<Changes<ProjectRecord>>,
): Promise<ProjectRecord> {
  const target = { find: () => findProject(caller, id), preconditions };
  const { after } = await changeRecord(ProjectModel.collection, target, async (project) => {
    const changes = await change(project);
    if (isInbox(project) && project.version === 1) await storeInbox(project);
    return changes;
  });
  return after;
}
