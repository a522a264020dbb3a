import { LRUCache } from 'lru-cache';
import type { Types } from 'mongoose';
import { LabelModel, type LabelRecord } from './labels.model.ts';

/** Milliseconds for which a label that was there is taken to be there still, whatever other instances do. */
export const staleAfter = 5000;
/** Milliseconds after which the changes are read again, in the background. */
const refreshAfter = 2000;

/** The names that were found to be those of labels, by their owner; about 150 bytes each. */
const known = new LRUCache<string, true>({ max: 10_000 });
/** When the last reading of the changes began. */
let readAt = Number.NEGATIVE_INFINITY;
let reading: Promise<void> | undefined;

const keyOf = (ownerId: Types.ObjectId | string, name: string) => `${String(ownerId)} ${name}`;

/** Makes a change of a label hold here at once, and elsewhere once `staleAfter` is over. */
export function forgetLabel({ ownerId, name, formerNames }: ChangedLabel): void {
  known.delete(keyOf(ownerId, name));
  for (const former of formerNames ?? []) known.delete(keyOf(ownerId, former.name));
}

type ChangedLabel = Pick<LabelRecord, 'ownerId' | 'name' | 'formerNames'>;

/**
 * Forgets the labels of all users that are being renamed or deleted. They are few, and can be read for
 * twice as long as two readings may lie apart, so that none is missed.
 */
async function readChanges(): Promise<void> {
  const startedAt = performance.now();
  if (startedAt - readAt > staleAfter) known.clear();
  const ever = { $gt: new Date(0) };
  const projection = { ownerId: 1, name: 1, formerNames: 1 };
  const readings = [{ deletedAt: ever }, { 'formerNames.at': ever }].map((filter) =>
    LabelModel.collection.find<ChangedLabel>(filter, { projection }).toArray(),
  );
  for (const label of (await Promise.all(readings)).flat()) forgetLabel(label);
  readAt = startedAt;
}

/** A failure is not lost: what is known becomes stale, and the next request asks the database. */
function refresh(): void {
  reading ??= readChanges()
    .catch(() => undefined)
    .finally(() => {
      reading = undefined;
    });
}

/** Remembers a label that a query has found which began at `askedAt`. */
export function rememberLabel(ownerId: Types.ObjectId, name: string, askedAt: number): void {
  if (askedAt > readAt) known.set(keyOf(ownerId, name), true);
}

/** Those of the names that a label is not known of; a name that is unknown may still have one. */
export function unknownNames(userId: string, names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const age = performance.now() - readAt;
  if (age > refreshAfter) refresh();
  if (age > staleAfter) return [...names];
  return names.filter((name) => !known.has(keyOf(userId, name)));
}
