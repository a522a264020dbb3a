import { createHash } from 'node:crypto';
import type { Types } from 'mongoose';

/** The number of ObjectIds among the kinds of values, in MongoDB's order of them. */
const kindOfObjectIds = 35;

/**
 * What MongoDB hashes an ObjectId to for a hashed index (`hash64` of its `hasher.cpp`, with the seed 0): it
 * decides on the shard. From -2^63 up to but without 2^63.
 */
export function hashedKey(id: Types.ObjectId): bigint {
  const before = Buffer.alloc(8);
  before.writeInt32LE(kindOfObjectIds, 4);
  return createHash('md5').update(before).update(id.id).digest().readBigInt64LE();
}

/** In how many parts, of the same length, the hashes are divided at first: two for each shard. */
const chunksEach = 2;

/** Which of the shards has this key, as long as nothing was moved between them. */
export function shardOf(id: Types.ObjectId, shards: number): number {
  const chunks = BigInt(shards * chunksEach);
  const chunk = ((hashedKey(id) + 2n ** 63n) * chunks) / 2n ** 64n;
  return Number(chunk / BigInt(chunksEach));
}
