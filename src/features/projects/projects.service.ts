import type { Caller } from '../../contract/endpoint.ts';
import { allOf, type PageOptions, readPage, type SortField } from '../../database/keyset.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import type { Changes } from '../../database/versioned-records.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions, Versioned } from '../../versions.ts';
import { rankAtEnd } from '../tasks/rank.ts';
import { inboxOf } from './places.service.ts';
import { rankAmong } from './ordered-records.ts';
import {
  maximumProjects,
  type Project,
  type ProjectCreate,
  projectDefaults,
  type ProjectMove,
  type ProjectPatch,
  type ProjectQuery,
} from './projects.contract.ts';
import { ProjectModel, type ProjectRecord } from './projects.model.ts';
import {
  changeProject,
  findProject,
  isInbox,
  nameFields,
  ownProjects,
  requireOther,
  untouchedInbox,
} from './projects.store.ts';

const order: SortField[] = [{ field: 'rank', direction: 1, type: 'string' }];

function show(project: ProjectRecord): Project {
  return {
    id: project._id.toHexString(),
    name: project.name,
    description: project.description,
    colour: project.colour as Project['colour'],
    isInbox: isInbox(project),
    archived: Boolean(project.archivedAt),
    archivedAt: project.archivedAt?.toISOString() ?? null,
    rank: project.rank,
    createdAt: project.createdAt.toISOString(),
    updatedAt: project.updatedAt.toISOString(),
    version: project.version,
  };
}

function versioned(project: ProjectRecord): Versioned<Project> {
  return { value: show(project), version: String(project.version) };
}

/** @throws AppError `limit_reached` */
export async function createProject(
  caller: Caller,
  { name, description, colour }: ProjectCreate,
): Promise<Versioned<Project>> {
  const now = new Date();
  const project = await insertOnce<ProjectRecord>(ProjectModel.collection, {
    _id: newId(),
    ownerId: inboxOf(caller),
    ...nameFields(name),
    description,
    colour,
    rank: rankAtEnd(),
    createdAt: now,
    updatedAt: now,
    version: 1,
  });
  await requireRoom(caller, project);
  return versioned(project);
}

/**
 * Counts once the new project is in, and takes it back if it is one too many: of rivals, the last to
 * come in sees all others.
 */
async function requireRoom(caller: Caller, { _id }: ProjectRecord): Promise<void> {
  const counted = allOf(ownProjects(caller), { _id: { $ne: inboxOf(caller) } });
  if ((await ProjectModel.collection.countDocuments(counted)) <= maximumProjects) return;
  await ProjectModel.collection.deleteOne({ _id });
  const detail = `An account has at most ${maximumProjects} projects: delete one first.`;
  throw new AppError('limit_reached', { detail });
}

const archiveFilters = {
  false: { archivedAt: null },
  true: { archivedAt: { $gt: new Date(0) } },
  all: {},
} as const;

/** A page of the caller's projects, the Inbox first. */
export async function listProjects(caller: Caller, { limit, cursor, archived }: ProjectQuery) {
  const list = ['projects', archived];
  const showsInbox = archived !== 'true' && cursor === undefined;
  const find = async (after: Record<string, unknown>, options: PageOptions) => {
    const filter = allOf(ownProjects(caller), archiveFilters[archived], after);
    const found = await ProjectModel.collection.find<ProjectRecord>(filter, options).toArray();
    const [first] = found;
    if (showsInbox && !(first && isInbox(first))) found.unshift(untouchedInbox(inboxOf(caller)));
    return found;
  };
  return readPage({ limit, cursor, filter: list, order }, find, show);
}

/** @throws AppError `not_found` */
export async function readProject(caller: Caller, id: string): Promise<Versioned<Project>> {
  return versioned(await findProject(caller, id));
}

/** The stored fields that a patch asks for; null stands for the default. */
function changesOf(
  project: ProjectRecord,
  { name, description, colour, archived }: ProjectPatch,
): Changes<ProjectRecord> {
  if (archived) requireOther(project);
  return {
    ...(name !== undefined && nameFields(name)),
    ...(description !== undefined && { description: description ?? projectDefaults.description }),
    ...(colour !== undefined && { colour: colour ?? projectDefaults.colour }),
    ...(archived !== undefined && {
      archivedAt: archived ? (project.archivedAt ?? new Date()) : null,
    }),
  };
}

/**
 * Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is.
 * @throws AppError `not_found`, `inbox_stays`, or `precondition_failed`
 */
export async function updateProject(
  caller: Caller,
  id: string,
  patch: ProjectPatch,
  preconditions: Preconditions,
): Promise<Versioned<Project>> {
  const changed = await changeProject(caller, id, preconditions, (project) =>
    changesOf(project, patch),
  );
  return versioned(changed);
}

/**
 * Moves a project to another place in the order; right behind the Inbox is in front of all others.
 * @throws AppError `not_found`, `inbox_stays`, `precondition_failed`, or `validation_failed` for a
 *   neighbour that the caller does not have
 */
export async function moveProject(
  caller: Caller,
  id: string,
  move: ProjectMove,
  preconditions: Preconditions,
): Promise<Versioned<Project>> {
  const inbox = inboxOf(caller);
  const place = move.after === inbox.toHexString() ? ({ position: 'first' } as const) : move;
  const moved = await changeProject(caller, id, preconditions, async (project) => {
    requireOther(project);
    const others = { ...ownProjects(caller), _id: { $nin: [project._id, inbox] } };
    return { rank: await rankAmong(ProjectModel.collection, others, place, 'another project') };
  });
  return versioned(moved);
}
