import { beforeEach, expect, test } from '@jest/globals';
import mongoose, { type mongo, Types } from 'mongoose';
import { groupInserts } from '../src/database/grouped-inserts.ts';
import { useDatabase } from './support/api.ts';

useDatabase();

interface Thing {
  _id: Types.ObjectId;
  name: string;
}

/** How many documents each write had, in the order of their beginnings. */
let writes: number[];
let release: () => void;
let collection: mongo.Collection;
let inserts: ReturnType<typeof groupInserts>;

/** Each test writes into a collection of its own, where writes of one document wait until they are let go. */
beforeEach(() => {
  writes = [];
  const released = new Promise<void>((done) => {
    release = done;
  });
  collection = mongoose.connection.collection(`things-${new Types.ObjectId().toHexString()}`);
  inserts = groupInserts({
    insertOne: async (...given) => {
      writes.push(1);
      await released;
      return collection.insertOne(...given);
    },
    insertMany: (documents, options) => {
      writes.push(documents.length);
      return collection.insertMany([...documents], options);
    },
    findOne: collection.findOne.bind(collection),
  });
});

function things(count: number): Thing[] {
  return Array.from({ length: count }, (_, number) => ({
    _id: new Types.ObjectId(),
    name: `Thing ${number}`,
  }));
}

const stored = () => collection.find().sort({ _id: 1 }).toArray();
const insertAll = (all: Thing[]) => all.map((thing) => inserts.insertOne(thing));

test('what comes while two writes are under way goes together in the next', async () => {
  const all = things(10);
  const inserted = Promise.all(insertAll(all));
  expect(writes).toEqual([1, 1]);
  release();
  await inserted;
  expect(writes).toEqual([1, 1, 8]);
  expect(await stored()).toEqual(all);
});

test('one write takes a hundred documents at most', async () => {
  const all = things(203);
  const inserted = Promise.all(insertAll(all));
  release();
  await inserted;
  expect(writes.toSorted((one, other) => one - other)).toEqual([1, 1, 1, 100, 100]);
  expect(await stored()).toHaveLength(203);
});

test('a document that is refused fails alone, with its own error', async () => {
  const [first, ...others] = things(6) as [Thing, ...Thing[]];
  const again = { _id: first._id, name: 'Again' };
  const inserting = Promise.allSettled(insertAll([first, ...others, again]));
  release();
  const outcomes = await inserting;
  expect(outcomes.map(({ status }) => status)).toEqual([
    ...[first, ...others].map(() => 'fulfilled'),
    'rejected',
  ]);
  expect(outcomes.at(-1)).toMatchObject({ reason: { code: 11000 } });
  expect(await stored()).toEqual([first, ...others]);
});

test('what follows a failure is inserted', async () => {
  release();
  const [thing] = things(1) as [Thing];
  await inserts.insertOne(thing);
  await expect(inserts.insertOne(thing)).rejects.toMatchObject({ code: 11000 });
  await Promise.all(insertAll(things(5)));
  expect(await stored()).toHaveLength(6);
});
