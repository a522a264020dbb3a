import { isDeepStrictEqual } from 'node:util';
import type { mongo, Types } from 'mongoose';
import { parseId } from '../../database/ids.ts';
import { rankAtEnd, rankBetween } from '../tasks/rank.ts';
import type { Order } from './order.schemas.ts';

/** A versioned record with a place among others of its kind. */
interface OrderedRecord {
  readonly _id: Types.ObjectId;
  readonly rank: string;
  readonly version: number;
  readonly updatedAt: Date;
}

/** The members of a record that a change may set; null takes one away. */
export type Changes<Stored> = { [Name in keyof Stored]?: Stored[Name] | null | undefined };

type Collection = Pick<mongo.Collection, 'findOne' | 'updateOne'>;

/**
 * Writes the changes to this very version of a record.
 * @returns the record as it is now: unchanged where nothing differs, undefined where somebody was quicker
 */
export async function writeRecord<Stored extends OrderedRecord>(
  collection: Collection,
  record: Stored,
  changes: Changes<Stored>,
): Promise<Stored | undefined> {
  const differing = Object.entries(changes).filter(
    ([name, value]) => !isDeepStrictEqual(value ?? null, record[name as keyof Stored] ?? null),
  );
  if (differing.length === 0) return record;
  const { _id, version } = record;
  const set = {
    ...Object.fromEntries(differing),
    updatedAt: new Date(),
    version: version + 1,
  };
  const { modifiedCount } = await collection.updateOne({ _id, version }, { $set: set });
  return modifiedCount === 0 ? undefined : { ...record, ...set };
}

/**
 * The rank of a place among these others, which the record itself is not one of; at the end unless told.
 * @returns undefined where the record that `before` or `after` names is none of them
 */
export async function rankAmong(
  collection: Collection,
  others: Record<string, unknown>,
  { before, after, position }: Order,
): Promise<string | undefined> {
  const neighbour = async (direction: 1 | -1, beyond?: string) => {
    const further = beyond !== undefined && {
      rank: { [direction === 1 ? '$gt' : '$lt']: beyond },
    };
    const found = await collection.findOne(
      { ...others, ...further },
      { sort: { rank: direction, _id: direction }, projection: { rank: 1 } },
    );
    return (found as OrderedRecord | null)?.rank;
  };
  const named = before ?? after;
  if (named === undefined) {
    if (position === 'first') return rankBetween(undefined, await neighbour(1));
    return position === 'last' ? rankBetween(await neighbour(-1), undefined) : rankAtEnd();
  }
  const _id = parseId(named);
  if (!_id) return undefined;
  const beside = await collection.findOne({ $and: [others, { _id }] }, { projection: { rank: 1 } });
  if (!beside) return undefined;
  const { rank } = beside as unknown as OrderedRecord;
  return before === undefined
    ? rankBetween(rank, await neighbour(1, rank))
    : rankBetween(await neighbour(-1, rank), rank);
}
