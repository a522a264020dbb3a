import { mongo, type Types } from 'mongoose';

/** How many writes are under way at a time; what comes meanwhile waits for one of them, and goes together. */
const lanes = 2;
/** How many documents one write takes. */
const maximumTogether = 100;

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
 * Inserts what comes at the same time in one write, as a write takes about as long, here and in the database,
 * for one document as for ten. Alone, a document goes at once. Each call resolves when its own document is
 * acknowledged, and fails as it would have failed alone. All calls give the same options.
 */
export function groupInserts(collection: Collection) {
  let waiting: Waiting[] = [];
  let underWay = 0;

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

  async function insertWaiting(): Promise<void> {
    underWay += 1;
    while (waiting.length > 0) {
      const group = waiting.slice(0, maximumTogether);
      waiting = waiting.slice(maximumTogether);
      const [alone] = group;
      await (alone && group.length === 1 ? insertAlone(alone) : insertTogether(group));
    }
    underWay -= 1;
  }

  return {
    insertOne(document: mongo.Document, options?: mongo.InsertOneOptions): Promise<void> {
      return new Promise((stored, failed) => {
        waiting.push({ document, options, stored, failed });
        if (underWay < lanes) void insertWaiting();
      });
    },
    findOne: (filter: { _id: Types.ObjectId }) => collection.findOne(filter),
  };
}
