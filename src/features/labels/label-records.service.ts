import { randomInt } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Types } from 'mongoose';
import type { Caller } from '../../contract/endpoint.ts';
import { isDuplicateKey } from '../../database/duplicate-key.ts';
import { objectId } from '../../database/ids.ts';
import { AppError } from '../../errors.ts';
import { rankAtEnd } from '../tasks/rank.ts';
import { rememberLabel, unknownNames } from './known-labels.ts';
import { labelDefaults, maximumLabels } from './labels.contract.ts';
import { LabelModel, type LabelRecord } from './labels.model.ts';

const everyPlace = Array.from({ length: maximumLabels }, (_, index) => `,${index}`);

/**
 * Places that no label of this owner has, at least so many. They begin at a random one, so that rivals
 * seldom choose the same.
 * @throws AppError `limit_reached`
 */
export async function freePlaces(ownerId: Types.ObjectId, count: number): Promise<string[]> {
  const found = await LabelModel.collection
    .find<Pick<LabelRecord, 'holds'>>({ ownerId }, { projection: { holds: 1 } })
    .toArray();
  const taken = new Set(found.flatMap(({ holds }) => holds));
  const free = everyPlace.filter((place) => !taken.has(place));
  if (free.length < count) {
    const detail = `An account has at most ${maximumLabels} labels: delete one first.`;
    throw new AppError('limit_reached', { detail });
  }
  const start = randomInt(free.length);
  return [...free.slice(start), ...free.slice(0, start)];
}

/** A label that is to stand behind the others. */
export function newLabel(
  { _id, ownerId, name, colour }: Pick<LabelRecord, '_id' | 'ownerId' | 'name' | 'colour'>,
  place: string,
): LabelRecord {
  const now = new Date();
  return {
    _id,
    ownerId,
    name,
    holds: [name, place],
    colour,
    rank: rankAtEnd(),
    createdAt: now,
    updatedAt: now,
    version: 1,
  };
}

/** Somebody else may have been quicker to take the name or the place. */
async function insertUnlessTaken(label: LabelRecord): Promise<void> {
  try {
    await LabelModel.collection.insertOne(label);
  } catch (error) {
    if (!isDuplicateKey(error)) throw error;
  }
}

/** Makes a label of a name that tasks have kept, unless there is one: whatever the limit is. */
export async function keepLabel(
  label: Pick<LabelRecord, 'ownerId' | 'name' | 'colour'>,
): Promise<void> {
  const _id = new Types.ObjectId();
  await insertUnlessTaken(newLabel({ ...label, _id }, `,${_id.toHexString()}`));
}

/** @throws AppError `limit_reached` unless there is room for all of them */
async function makeLabels(ownerId: Types.ObjectId, names: readonly string[]): Promise<void> {
  const places = await freePlaces(ownerId, names.length);
  // Not by `newId`: a repetition of the request finds them, and must not count them again.
  const labels = names.map((name, index) =>
    newLabel({ _id: new Types.ObjectId(), ownerId, name, ...labelDefaults }, places[index] ?? ''),
  );
  await Promise.all(labels.map(insertUnlessTaken));
}

/** The names that the labels of these names have now; those that there are none of are made. */
async function currentNames(
  ownerId: Types.ObjectId,
  names: readonly string[],
): Promise<Map<string, string>> {
  for (;;) {
    const askedAt = performance.now();
    const found = await LabelModel.collection
      .find<Pick<LabelRecord, 'name' | 'holds'>>(
        { ownerId, holds: { $in: names } },
        { projection: { name: 1, holds: 1 } },
      )
      .toArray();
    for (const { name } of found) rememberLabel(ownerId, name, askedAt);
    const current = new Map(found.flatMap(({ name, holds }) => holds.map((held) => [held, name])));
    const missing = names.filter((name) => !current.has(name));
    if (missing.length === 0) return current;
    await makeLabels(ownerId, missing);
  }
}

/**
 * Sees to it that there is a label of each name, before a task is given them. Of a label that is being
 * renamed, the former name means the new one.
 * @returns the names to store
 * @throws AppError `limit_reached` where there is no room for the new ones
 */
export async function ensureLabels(caller: Caller, names: string[]): Promise<string[]> {
  const unknown = unknownNames(caller.userId, names);
  if (unknown.length === 0) return names;
  const current = await currentNames(objectId(caller.userId), unknown);
  return [...new Set(names.map((name) => current.get(name) ?? name))];
}

/**
 * What a task stores when it is given these labels instead of those that it has: nothing new where
 * they are the same, or undefined.
 * @throws AppError as `ensureLabels`
 */
export async function labelChanges(
  caller: Caller,
  task: { readonly labels: readonly string[] },
  asked: string[] | null | undefined,
): Promise<{ labels?: string[]; labelledAt?: Date }> {
  const names = asked ?? [];
  if (asked === undefined || isDeepStrictEqual(names, task.labels)) return {};
  return { labels: await ensureLabels(caller, names), labelledAt: new Date() };
}
