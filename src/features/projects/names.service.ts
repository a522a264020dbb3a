import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { SectionModel } from '../sections/sections.model.ts';
import { inboxOf } from './places.service.ts';
import { ProjectModel } from './projects.model.ts';
import { inboxName, ownProjects } from './projects.store.ts';

/** An object that somebody calls by its name. */
export interface NamedObject {
  readonly _id: Types.ObjectId;
  /** The name in lower case. */
  readonly nameKey: string;
}

const inboxKey = inboxName.toLowerCase();
const projection = { nameKey: 1 };

const keysOf = (names: readonly string[]) => names.map((name) => name.toLowerCase());

/** The caller's projects of these names in any case, archived ones too; several can have one name. */
export async function findProjectsByName(
  caller: Caller,
  names: readonly string[],
): Promise<NamedObject[]> {
  const keys = keysOf(names);
  const inbox = inboxOf(caller);
  const found = await ProjectModel.collection
    .find<NamedObject>({ ...ownProjects(caller), nameKey: { $in: keys } }, { projection })
    .toArray();
  if (!keys.includes(inboxKey) || found.some(({ _id }) => _id.equals(inbox))) return found;
  // Nothing is stored of an Inbox that has never been changed; one that is stored has another name.
  const isRenamed = await ProjectModel.collection.findOne(
    { _id: inbox, ownerId: inbox },
    { projection },
  );
  return isRenamed ? found : [...found, { _id: inbox, nameKey: inboxKey }];
}

/** The caller's sections of these names in any case, in whatever project. */
export function findSectionsByName(
  caller: Caller,
  names: readonly string[],
): Promise<NamedObject[]> {
  const named = { ownerId: inboxOf(caller), deletedAt: null, nameKey: { $in: keysOf(names) } };
  return SectionModel.collection.find<NamedObject>(named, { projection }).toArray();
}
