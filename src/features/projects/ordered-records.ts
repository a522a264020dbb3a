import type { mongo } from 'mongoose';
import { parseId } from '../../database/ids.ts';
import { rankAtEnd, rankBetween } from '../tasks/rank.ts';
import type { Order } from './order.schemas.ts';
import { unknownObject } from './places.service.ts';

interface Ranked {
  readonly rank: string;
}

/**
 * The rank of a place among these others, which the record itself is not one of; at the end unless told.
 * @param kind what they are, for a caller who has named something else
 * @throws AppError `validation_failed` where what `before` or `after` names is none of them
 */
export async function rankAmong(
  collection: Pick<mongo.Collection, 'findOne'>,
  others: Record<string, unknown>,
  { before, after, position }: Order,
  kind: string,
): Promise<string> {
  const neighbour = async (direction: 1 | -1, beyond?: string) => {
    const further = beyond !== undefined && {
      rank: { [direction === 1 ? '$gt' : '$lt']: beyond },
    };
    const found = await collection.findOne(
      { ...others, ...further },
      { sort: { rank: direction, _id: direction }, projection: { rank: 1 } },
    );
    return (found as Ranked | null)?.rank;
  };
  const named = before ?? after;
  if (named === undefined) {
    if (position === 'first') return rankBetween(undefined, await neighbour(1));
    return position === 'last' ? rankBetween(await neighbour(-1), undefined) : rankAtEnd();
  }
  const _id = parseId(named);
  const own = { $and: [others, { _id }] };
  const beside = _id && (await collection.findOne(own, { projection: { rank: 1 } }));
  if (!beside) throw unknownObject(before === undefined ? 'after' : 'before', kind);
  const { rank } = beside as unknown as Ranked;
  return before === undefined
    ? rankBetween(rank, await neighbour(1, rank))
    : rankBetween(await neighbour(-1, rank), rank);
}
