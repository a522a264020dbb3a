import { mongo, type Types } from 'mongoose';
import { inGroups } from './in-groups.ts';

interface Waiting {
  readonly document: mongo.Document;
  readonly options: mongo.InsertOneOptions | undefined;
  readonly stored: () => void;
  readonly failed: (error: unknown) => void;
}

type Collection = Pick<mongo.Collection, 'insertOne' | 'insertMany' | 'findOne'>;

/** The documents that were refused, each for a reason of its own; undefined where the write itself has failed. */
function refusedIn(error: unknown): Set<number> | undefined {
  if (!(error instanceof mongo.MongoBulkWriteError)) return undefined;
  const refused = [error.writeErrors].flat();
  if (refused.length === 0 || error.result.getWriteConcernError()) return undefined;
  return new Set(refused.map(({ index }) => index));
}

/**
 * Inserts what comes at the same time in one write. Each call resolves when its own document is
 * acknowledged, and fails as it would have failed alone. All calls give the same options.
 */
export function groupInserts(collection: Collection) {
  async function insertAlone({ document, options, stored, failed }: Waiting): Promise<void> {
    try {
      await collection.insertOne(document, options);
      stored();
    } catch (error) {
      failed(error);
    }
  }

  async function insertTogether(group: readonly Waiting[]): Promise<void> {
    const documents = group.map(({ document }) => document);
    try {
      await collection.insertMany(documents, { ...group[0]?.options, ordered: false });
      for (const { stored } of group) stored();
    } catch (error) {
      const refused = refusedIn(error);
      const settle = async (one: Waiting, index: number) => {
        if (!refused) one.failed(error);
        // Its error is told best by a write of its own.
        else if (refused.has(index)) await insertAlone(one);
        else one.stored();
      };
      await Promise.all(group.map(settle));
    }
  }

  const insert = inGroups<Waiting>((group) => {
    const [alone] = group;
    return alone && group.length === 1 ? insertAlone(alone) : insertTogether(group);
  });

  return {
    insertOne(document: mongo.Document, options?: mongo.InsertOneOptions): Promise<void> {
      return new Promise((stored, failed) => {
        insert({ document, options, stored, failed });
      });
    },
    findOne: (filter: { _id: Types.ObjectId }) => collection.findOne(filter),
  };
}
