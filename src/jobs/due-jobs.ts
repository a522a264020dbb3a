import mongoose from 'mongoose';

/** The jobs of one name that wait. */
export interface DueJobs {
  readonly job: string;
  readonly count: number;
  /** Seconds for which the oldest has been due; 0 where there is none. */
  readonly oldest: number;
}

/**
 * Counts by name what is due and not yet taken, by any instance.
 * @param patience milliseconds that the database may take
 * @throws Error after that time
 */
export async function countDueJobs(
  collection: string,
  names: readonly string[],
  patience: number,
): Promise<DueJobs[]> {
  const now = new Date();
  const found = await mongoose.connection
    .collection(collection)
    .aggregate<{ _id: string; count: number; oldest: Date }>(
      [
        { $match: { name: { $in: names }, nextRunAt: { $lte: now }, lockedAt: null } },
        { $group: { _id: '$name', count: { $sum: 1 }, oldest: { $min: '$nextRunAt' } } },
      ],
      { maxTimeMS: patience },
    )
    .toArray();
  const byName = new Map(found.map((group) => [group._id, group]));
  return names.map((job) => {
    const { count = 0, oldest = now } = byName.get(job) ?? {};
    return { job, count, oldest: (now.getTime() - oldest.getTime()) / 1000 };
  });
}
