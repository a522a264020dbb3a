import { describe, expect, test } from '@jest/globals';
import mongoose, { Types } from 'mongoose';
import { sortOf } from '../src/database/keyset.ts';
import { listByRelevance, relevanceOrder } from '../src/features/search/relevance.ts';
import { parseSearch, searchCondition } from '../src/features/search/search.ts';
import { searchFieldsOf } from '../src/features/search/words.ts';
import { useDatabase } from './support/api.ts';

useDatabase();

type Written = {
  _id: Types.ObjectId;
  title: string;
  description: string;
  createdAt: Date;
  words: string[];
};

/** Stores texts, title and description with a bar between, each made later than the one before. */
async function store(texts: readonly string[]) {
  const collection = mongoose.connection.collection<Written>(
    `search-${new Types.ObjectId().toHexString()}`,
  );
  let queries = 0;
  const write = (text: string, at: number) => {
    const [title = '', description = ''] = text.split('|');
    const fields = searchFieldsOf({ title, description });
    return collection.insertOne({
      _id: new Types.ObjectId(),
      title,
      description,
      createdAt: new Date(at),
      ...fields,
    });
  };
  await Promise.all(texts.map(write));
  return {
    write,
    async find(search: string): Promise<string[]> {
      const condition = searchCondition(parseSearch(search));
      const found = await collection.find(condition, { sort: { createdAt: 1 } }).toArray();
      return found.map(({ title }) => title);
    },
    async page(search: string, limit: number, cursor?: string, asked = {}) {
      queries = 0;
      const page = await listByRelevance<Written, string>(parseSearch(search), {
        asked,
        written: [search, asked],
        cursor,
        limit,
        find: (condition, size) => {
          queries += 1;
          return collection
            .find(condition, { sort: sortOf(relevanceOrder), limit: size })
            .toArray();
        },
        show: ({ title }) => title,
      });
      return { ...page, queries };
    },
  };
}

describe('a search finds', () => {
  test.each([
    ['ren', ['Rent', 'Rental', 'Pay']],
    ['RENT pay', ['Pay']],
    ['pay rent', ['Pay']],
    ['"rent"', ['Rent', 'Pay']],
    ['"pay the rent"', ['Pay']],
    ['"the pay"', []],
    ['rent -pay', ['Rent', 'Rental']],
    ['ren -"the rent"', ['Rent', 'Rental']],
    ['cafe', ['Café']],
    ['café', ['Café']],
    ['"cafe creme"', ['Café']],
    ['"CAFÉ CRÈME"', ['Café']],
    ['"afe creme"', []],
    ['strasse', ['Hauptstraße', 'Straße']],
    ['"strasse 5"', ['Straße']],
    ['"STRASSE 5"', ['Straße']],
    ['会議', ['会議室を予約']],
    ['議室', ['会議室を予約']],
    ['室を予', ['会議室を予約']],
    ['会予', []],
    ['約', ['会議室を予約']],
    ['-rent -rental -cafe', ['Hauptstraße', 'Straße', '会議室を予約']],
    ['r.nt', []],
  ])('%s', async (search, titles) => {
    const tasks = await store([
      'Rent',
      'Rental',
      'Pay|we pay the  rent, monthly',
      'Café|une cafe\u0301-crème',
      'Hauptstraße|strasse',
      'Straße|Straße 5',
      '会議室を予約',
    ]);
    expect(await tasks.find(search)).toEqual(titles);
  });
});

test('a phrase begins and ends with whole words', async () => {
  const tasks = await store(['Ren|he pays the rent']);
  expect(await tasks.find('"he rent"')).toEqual([]);
  expect(await tasks.find('"the ren"')).toEqual([]);
  expect(await tasks.find('"the rent"')).toEqual(['Ren']);
});

describe('a list by relevance', () => {
  const texts = ['a1|x', 'b1|rent', 'rent 1', 'b2|the rent', 'rent 2', 'other', 'rent 3|rent'];

  test('has titles before descriptions, and the newest first among equals', async () => {
    const tasks = await store(texts);
    const { data, nextCursor } = await tasks.page('rent', 10);
    expect(data).toEqual(['rent 3', 'rent 2', 'rent 1', 'b2', 'b1']);
    expect(nextCursor).toBeNull();
  });

  test.each([1, 2, 3, 4, 5])('visits each task once in pages of %i', async (limit) => {
    const tasks = await store(texts);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await tasks.page('rent', limit, cursor);
      expect(page.queries).toBeLessThanOrEqual(2);
      expect(page.data.length).toBeLessThanOrEqual(limit);
      seen.push(...page.data);
      // Written while somebody reads: must neither repeat nor hide what was there.
      await tasks.write('rent new|rent', 1000 + seen.length);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(['rent 3', 'rent 2', 'rent 1', 'b2', 'b1']);
  });

  test('has one tier for exclusions alone', async () => {
    const tasks = await store(texts);
    const { data, nextCursor } = await tasks.page('-rent', 1);
    expect(data).toEqual(['other']);
    expect((await tasks.page('-rent', 1, nextCursor ?? '')).data).toEqual(['a1']);
  });

  test('refuses a cursor of another search, another filter or another list', async () => {
    const tasks = await store(texts);
    const { nextCursor } = await tasks.page('rent', 1);
    const cursor = nextCursor ?? '';
    for (const [search, given, asked] of [
      ['flat', cursor, {}],
      ['rent', cursor, { status: 'todo' }],
      ['rent', `1${cursor.slice(1)}`, {}],
      ['-rent', `1${cursor.slice(1)}`, {}],
      ['rent', cursor.slice(1), {}],
      ['rent', '', {}],
    ] as const) {
      await expect(tasks.page(search, 1, given, asked)).rejects.toMatchObject({
        code: 'validation_failed',
      });
    }
  });
});
