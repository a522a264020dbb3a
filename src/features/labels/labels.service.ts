import type { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage, type SortField } from '../../database/keyset.ts';
import { insertOnce, newId } from '../../database/new-id.ts';
import { type Changes, changeRecord } from '../../database/versioned-records.ts';
import { AppError } from '../../errors.ts';
import type { Preconditions, Versioned } from '../../versions.ts';
import { rankAmong } from '../projects/ordered-records.ts';
import { forgetLabel } from './known-labels.ts';
import { freePlaces, newLabel } from './label-records.service.ts';
import {
  type Label,
  type LabelCreate,
  labelDefaults,
  type LabelMove,
  type LabelPatch,
  type LabelQuery,
} from './labels.contract.ts';
import { LabelModel, type LabelRecord } from './labels.model.ts';
import { relabel, strip } from './relabelling.service.ts';

const order: SortField[] = [{ field: 'rank', direction: 1, type: 'string' }];

/** How many names a label may have had within a few seconds, and the seconds until they are free. */
const maximumFormerNames = 20;
const untilFree = 20;

function show(label: LabelRecord): Label {
  return {
    id: label._id.toHexString(),
    name: label.name,
    colour: label.colour as Label['colour'],
    rank: label.rank,
    createdAt: label.createdAt.toISOString(),
    updatedAt: label.updatedAt.toISOString(),
    version: label.version,
  };
}

function versioned(label: LabelRecord): Versioned<Label> {
  return { value: show(label), version: String(label.version) };
}

function ownLabels(caller: Caller) {
  return { ownerId: objectId(caller.userId), deletedAt: null };
}

async function findLabel(caller: Caller, id: string): Promise<LabelRecord> {
  const own = { _id: objectId(id), ...ownLabels(caller) };
  const label = await LabelModel.collection.findOne<LabelRecord>(own);
  if (!label) throw new AppError('not_found');
  return label;
}

/** @throws AppError `name_taken`, or `limit_reached` */
export async function createLabel(
  caller: Caller,
  { name, colour }: LabelCreate,
): Promise<Versioned<Label>> {
  const _id = newId();
  const ownerId = objectId(caller.userId);
  for (;;) {
    const holder = await LabelModel.collection.findOne<LabelRecord>({ ownerId, holds: name });
    if (holder && !holder._id.equals(_id)) throw new AppError('name_taken');
    if (holder) return versioned(holder);
    const [place = ''] = await freePlaces(ownerId, 1);
    try {
      const label = newLabel({ _id, ownerId, name, colour }, place);
      return versioned(await insertOnce(LabelModel.collection, label));
    } catch (error) {
      // Somebody else was quicker to take the name or the place.
      if (!isDuplicateKey(error)) throw error;
    }
  }
}

/** A page of the caller's labels, in their order. */
export async function listLabels(
  caller: Caller,
  { limit, cursor }: Pick<LabelQuery, 'limit'> & { cursor?: string | undefined },
) {
  return readPage(
    { limit, cursor, filter: 'labels', order },
    (after, options) =>
      LabelModel.collection.find<LabelRecord>(allOf(ownLabels(caller), after), options).toArray(),
    show,
  );
}

/** @throws AppError `not_found`, also for a label of somebody else's */
export async function readLabel(caller: Caller, id: string): Promise<Versioned<Label>> {
  return versioned(await findLabel(caller, id));
}

/**
 * Applies a change to whatever version there is.
 * @throws AppError `not_found`, or `precondition_failed`
 */
async function changeLabel(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
  change: (label: LabelRecord) => Changes<LabelRecord> | Promise<Changes<LabelRecord>>,
): Promise<LabelRecord> {
  const target = { find: () => findLabel(caller, id), preconditions };
  const { before, after } = await changeRecord(LabelModel.collection, target, change);
  forgetLabel(before);
  return after;
}

/** The one write that decides on a new name: it holds the former one until no task has it. */
function renamed(label: LabelRecord, name: string): Changes<LabelRecord> {
  if (name === label.name) return {};
  const formerNames = (label.formerNames ?? []).filter((former) => former.name !== name);
  const [oldest] = formerNames;
  if (oldest && formerNames.length >= maximumFormerNames) {
    throw AppError.rateLimited(new Date(oldest.at.getTime() + untilFree * 1000));
  }
  return {
    name,
    holds: [...new Set([name, ...label.holds])],
    formerNames: [...formerNames, { name: label.name, at: new Date() }],
  };
}

/**
 * Applies a JSON Merge Patch. A new name reaches every task before this returns; a job goes on where
 * it was interrupted, and once more when nobody can be using the former name.
 * @throws AppError `not_found`, `precondition_failed`, or `name_taken`
 */
export async function updateLabel(
  caller: Caller,
  id: string,
  { name, colour }: LabelPatch,
  preconditions: Preconditions,
): Promise<Versioned<Label>> {
  try {
    const label = await changeLabel(caller, id, preconditions, (current) => ({
      ...(colour !== undefined && { colour: colour ?? labelDefaults.colour }),
      ...renamed(current, name ?? current.name),
    }));
    if (label.formerNames?.length) await relabel(label);
    return versioned(label);
  } catch (error) {
    throw isDuplicateKey(error) ? new AppError('name_taken', { cause: error }) : error;
  }
}

/** @throws AppError `not_found`, `precondition_failed`, or `validation_failed` for an unknown neighbour */
export async function moveLabel(
  caller: Caller,
  id: string,
  move: LabelMove,
  preconditions: Preconditions,
): Promise<Versioned<Label>> {
  const label = await changeLabel(caller, id, preconditions, async ({ _id }) => {
    const others = { ...ownLabels(caller), _id: { $ne: _id } };
    return { rank: await rankAmong(LabelModel.collection, others, move, 'another label') };
  });
  return versioned(label);
}

/**
 * Deletes a label. From the one write that decides on, its name is free; the tasks lose it before this
 * returns, and a job goes on where it was interrupted.
 * @throws AppError `not_found`, or `precondition_failed`
 */
export async function deleteLabel(
  caller: Caller,
  id: string,
  preconditions: Preconditions,
): Promise<void> {
  const label = await changeLabel(caller, id, preconditions, ({ _id }) => ({
    deletedAt: new Date(),
    holds: [`,${_id.toHexString()}`],
  }));
  await strip(label);
}

/** Deletes every label of an account that is being deleted; may be repeated. */
export async function deleteLabelsOf(ownerId: Types.ObjectId): Promise<void> {
  await LabelModel.deleteMany({ ownerId });
}
