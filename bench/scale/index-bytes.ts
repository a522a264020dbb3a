import mongoose, { type IndexDefinition, type IndexOptions, mongo, Types } from 'mongoose';

/** In WiredTiger: what an entry has besides its values (the place of the document, the end, the cell). */
const entryOverhead = 9;
/** What is left of a key's first field, which it shares with its neighbours, once that is left out. */
const sharedField = 2;
/** How full the pages of an index are where entries come in between others. */
const fullness = 0.75;

/** Bytes of a value in a key of an index (MongoDB's KeyString), its kind included. */
function keyBytes(value: unknown): number {
  if (value === undefined || value === null || typeof value === 'boolean') return 1;
  if (typeof value === 'string') return Buffer.byteLength(value) + 2;
  if (typeof value === 'number') return 3;
  if (value instanceof Types.ObjectId) return 13;
  if (value instanceof Date) return 9;
  throw new Error(`no key has a ${typeof value} yet`);
}

/** The values at a path; one for each element where there is a list on the way. */
function valuesAt(document: unknown, path: string): unknown[] {
  const [name = '', ...rest] = path.split('.');
  const found = (document as Record<string, unknown> | undefined)?.[name];
  const each = Array.isArray(found) ? found : [found];
  if (each.length === 0) return [undefined];
  return rest.length === 0 ? each : each.flatMap((one) => valuesAt(one, rest.join('.')));
}

const isThere = (document: object, path: string) =>
  valuesAt(document, path).some((value) => value !== undefined);

/** Whether the index has an entry for a document at all. */
function contains(
  { sparse, partialFilterExpression }: IndexOptions,
  paths: string[],
  document: object,
) {
  if (partialFilterExpression) {
    return Object.keys(partialFilterExpression).every((path) => isThere(document, path));
  }
  return !sparse || paths.some((path) => isThere(document, path));
}

/** The entries of one document in one index, and their bytes on disk. */
function entriesOf([key, options]: [IndexDefinition, IndexOptions], document: object) {
  const paths = Object.keys(key);
  if (!contains(options, paths, document)) return { entries: 0, bytes: 0 };
  const fields = paths.map((path) => valuesAt(document, path));
  const entries = fields.reduce((product, values) => product * values.length, 1);
  const widths = fields.map(
    (values) => values.reduce<number>((sum, value) => sum + keyBytes(value), 0) / values.length,
  );
  const [first = 0, ...others] = widths;
  // With one field, neighbours still have about half of it in common.
  const shortened = others.length > 0 ? Math.min(first, sharedField) : first / 2;
  const width = others.reduce((sum, one) => sum + one, shortened + entryOverhead);
  return { entries, bytes: (entries * width) / fullness };
}

export interface Bytes {
  /** BSON, before any compression. */
  document: number;
  /** All indexes together, the one of the ids included. */
  indexes: number;
  entries: number;
}

/** What documents of a model take, on average. */
export function bytesOf(schema: mongoose.Schema, documents: readonly object[]): Bytes {
  const all: [IndexDefinition, IndexOptions][] = [[{ _id: 1 }, {}], ...schema.indexes()];
  const sum = { document: 0, indexes: 0, entries: 0 };
  for (const document of documents) {
    sum.document += mongo.BSON.calculateObjectSize(document);
    for (const index of all) {
      const { entries, bytes } = entriesOf(index, document);
      sum.entries += entries;
      sum.indexes += bytes;
    }
  }
  const count = documents.length;
  return {
    document: sum.document / count,
    indexes: sum.indexes / count,
    entries: sum.entries / count,
  };
}
