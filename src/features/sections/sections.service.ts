import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { objectId, parseId } from '../../database/ids.ts';
import { allOf, readPage, type SortField } from '../../database/keyset.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import { type Changes, changeRecord } from '../../database/versioned-records.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions, Versioned } from '../../versions.ts';
import { rankAmong } from '../projects/ordered-records.ts';
import { nameFields } from '../projects/projects.store.ts';
import { inboxOf, placeNamed } from '../projects/places.service.ts';
import { rankAtEnd } from '../tasks/rank.ts';
import {
  maximumSections,
  type Section,
  type SectionCreate,
  type SectionMove,
  type SectionPatch,
  type SectionQuery,
} from './sections.contract.ts';
import { SectionModel, type SectionRecord } from './sections.model.ts';
import { settleSection } from './settling.service.ts';

const order: SortField[] = [{ field: 'rank', direction: 1, type: 'string' }];

function show(section: SectionRecord): Section {
  return {
    id: section._id.toHexString(),
    projectId: section.projectId.toHexString(),
    name: section.name,
    rank: section.rank,
    createdAt: section.createdAt.toISOString(),
    updatedAt: section.updatedAt.toISOString(),
    version: section.version,
  };
}

function versioned(section: SectionRecord): Versioned<Section> {
  return { value: show(section), version: String(section.version) };
}

/** The sections that the caller may see and change. */
function ownSections(caller: Caller) {
  return { ownerId: inboxOf(caller), deletedAt: null };
}

/** How many sections of a project there may be besides a new one: too many make this fail. */
async function requireRoom(caller: Caller, projectId: Types.ObjectId, added: 0 | 1): Promise<void> {
  const counted = { ...ownSections(caller), projectId };
  const count = await SectionModel.collection.countDocuments(counted);
  if (count + added <= maximumSections) return;
  const detail = `A project has at most ${maximumSections} sections: delete one first.`;
  throw new AppError('limit_reached', { detail });
}

/** @throws AppError `limit_reached`, or `validation_failed` for a project that is not the caller's */
export async function createSection(
  caller: Caller,
  { projectId: named, name }: SectionCreate,
): Promise<Versioned<Section>> {
  const { projectId } = await placeNamed(caller, { projectId: named });
  const now = new Date();
  const section = await insertOnce<SectionRecord>(SectionModel.collection, {
    _id: newId(),
    ownerId: inboxOf(caller),
    projectId,
    ...nameFields(name),
    rank: rankAtEnd(),
    createdAt: now,
    updatedAt: now,
    version: 1,
  });
  try {
    // Counted once it is in: of rivals, the last to come in sees all others.
    await requireRoom(caller, projectId, 0);
  } catch (error) {
    await SectionModel.collection.deleteOne({ _id: section._id });
    throw error;
  }
  return versioned(section);
}

/** Text that was never an id is that of no project. */
function inProject(projectId: string | undefined): Record<string, unknown> {
  return projectId === undefined ? {} : { projectId: parseId(projectId) ?? null };
}

/** A page of the caller's sections. */
export async function listSections(caller: Caller, { limit, cursor, projectId }: SectionQuery) {
  const list = ['sections', projectId ?? null];
  const own = { ...ownSections(caller), ...inProject(projectId) };
  return readPage(
    { limit, cursor, filter: list, order },
    (after, options) =>
      SectionModel.collection.find<SectionRecord>(allOf(own, after), options).toArray(),
    show,
  );
}

async function findSection(caller: Caller, id: string): Promise<SectionRecord> {
  const own = { _id: objectId(id), ...ownSections(caller) };
  const section = await SectionModel.collection.findOne<SectionRecord>(own);
  if (!section) throw new AppError('not_found');
  return section;
}

/** @throws AppError `not_found` */
export async function readSection(caller: Caller, id: string): Promise<Versioned<Section>> {
  return versioned(await findSection(caller, id));
}

/** Applies a change to whatever version there is. */
async function changeSection(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
  change: (section: SectionRecord) => Changes<SectionRecord> | Promise<Changes<SectionRecord>>,
): Promise<SectionRecord> {
  const target = { find: () => findSection(caller, id), preconditions };
  const { after } = await changeRecord(SectionModel.collection, target, change);
  return after;
}

/**
 * Applies a JSON Merge Patch. A patch that changes nothing leaves the version as it is.
 * @throws AppError `not_found`, or `precondition_failed`
 */
export async function updateSection(
  caller: Caller,
  id: string,
  { name }: SectionPatch,
  preconditions: Preconditions,
): Promise<Versioned<Section>> {
  const changes = name === undefined ? {} : nameFields(name);
  return versioned(await changeSection(caller, id, preconditions, () => changes));
}

/** The project and the rank that a move asks for. */
async function destinationOf(
  caller: Caller,
  section: SectionRecord,
  { projectId: named, ...place }: SectionMove,
): Promise<Changes<SectionRecord>> {
  const staysIn = named === undefined || named === section.projectId.toHexString();
  const { projectId } = staysIn ? section : await placeNamed(caller, { projectId: named });
  if (staysIn && Object.keys(place).length === 0) return {};
  if (!staysIn) await requireRoom(caller, projectId, 1);
  const others = { ...ownSections(caller), projectId, _id: { $ne: section._id } };
  const kind = 'another section of the project';
  const rank = await rankAmong(SectionModel.collection, others, place, kind);
  return { projectId, rank, ...(!staysIn && { pendingSince: new Date() }) };
}

/**
 * Moves a section to another place, and with it its tasks to another project.
 * @throws AppError `not_found`, `limit_reached`, `precondition_failed`, or `validation_failed` for a
 *   project or a neighbour that the caller does not have
 */
export async function moveSection(
  caller: Caller,
  id: string,
  move: SectionMove,
  preconditions: Preconditions,
): Promise<Versioned<Section>> {
  const moved = await changeSection(caller, id, preconditions, (section) =>
    destinationOf(caller, section, move),
  );
  if (moved.pendingSince) await settleSection(moved);
  return versioned(moved);
}

/**
 * Deletes a section; its tasks stay in the project.
 * @throws AppError `not_found`, or `precondition_failed`
 */
export async function deleteSection(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  const now = new Date();
  const changes = { deletedAt: now, pendingSince: now };
  await settleSection(await changeSection(caller, id, preconditions, () => changes));
}
