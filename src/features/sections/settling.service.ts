import type { Types } from 'mongoose';
import { settled } from '../../database/settled.ts';
import { writeTasks } from '../tasks/tasks.store.ts';
import { SectionModel, type SectionRecord } from './sections.model.ts';

/** Lets the tasks of a section follow it to its project; where it was deleted they are in none. */
export async function settleSection(section: SectionRecord): Promise<void> {
  const { _id: sectionId, ownerId, projectId, deletedAt } = section;
  if (deletedAt) {
    await writeTasks({ ownerId, sectionId }, { unset: { sectionId: true } });
  } else {
    const elsewhere = { ownerId, sectionId, projectId: { $ne: projectId } };
    await writeTasks(elsewhere, { set: { projectId } });
  }
}

function findPending(filter: Record<string, unknown>): Promise<SectionRecord[]> {
  return SectionModel.collection.find<SectionRecord>(filter).toArray();
}

/** Settles every section of somebody's whose tasks may not have followed it yet; may be repeated. */
export async function followSectionsOf(ownerId: Types.ObjectId): Promise<void> {
  for (const section of await findPending({ ownerId, pendingSince: { $gt: new Date(0) } })) {
    await settleSection(section);
  }
}

/**
 * Settles what changes have left, once nobody who has read the former state is still at work; drops
 * the records of deleted sections last.
 */
export async function settleSections(): Promise<void> {
  const before = new Date(Date.now() - settled);
  for (const section of await findPending({ pendingSince: { $lt: before } })) {
    await settleSection(section);
    const { _id, ownerId, deletedAt, pendingSince } = section;
    if (deletedAt) await SectionModel.collection.deleteOne({ _id, ownerId });
    else {
      // Unless another change has set the mark anew.
      await SectionModel.collection.updateOne(
        { _id, ownerId, pendingSince },
        { $unset: { pendingSince: true } },
      );
    }
  }
}

/** Deletes the sections of a project that is being deleted, whose tasks leave it; may be repeated. */
export async function deleteSectionsIn(
  ownerId: Types.ObjectId,
  projectId: Types.ObjectId,
): Promise<void> {
  await SectionModel.collection.deleteMany({ ownerId, projectId });
}

/** Deletes every section of an account that is being deleted; may be repeated. */
export async function deleteSectionsOf(ownerId: Types.ObjectId): Promise<void> {
  await SectionModel.collection.deleteMany({ ownerId });
}
