import { describe, expect, test } from '@jest/globals';
import { assert, property, string } from 'fast-check';
import { parseSearch, searchCondition, tiersOf } from '../src/features/search/search.ts';
import { searchFieldsOf, wordsOf } from '../src/features/search/words.ts';

describe('the words of a text', () => {
  test.each([
    ['Pay the rent, pay it NOW', ['pay', 'the', 'rent', 'it', 'now']],
    ['e-mail bob@example.com (2 files)', ['e', 'mail', 'bob', 'example', 'com', '2', 'files']],
    ['Café CAFÉ cafe\u0301', ['cafe']],
    ['Straße Łódź Ærø smørrebrød', ['strasse', 'lodz', 'aero', 'smorrebrod']],
    ['İstanbul ISPARTA ısparta', ['istanbul', 'isparta']],
    ['ΟΔΟΣ οδός', ['οδοσ']],
    ['Ёлка елка', ['елка']],
    ['２０２６ ﬁnal', ['2026', 'final']],
    ['שָׁלוֹם مُحَمَّد', ['שלום', 'محمد']],
    ['हिन्दी', ['हिन्दी']],
    ['한국어 문서', ['한국어', '문서']],
    ['が か', ['が', 'か']],
    ['会議室', ['会議', '議室', '室']],
    ['2026年の', ['2026', '年の', 'の']],
    ['ภาษาไทย', expect.arrayContaining(['ภา', 'ไท', 'ย'])],
    ['🎉 — !', []],
    ['', []],
  ])('%s', (text, words) => {
    expect(wordsOf(text)).toEqual(words);
  });

  test('are cut after 40 characters, and never inside one', () => {
    expect(wordsOf('a'.repeat(50))).toEqual(['a'.repeat(40)]);
    const [word = ''] = wordsOf(`a${'𝔸𐐀'.repeat(30)}`);
    expect(word.isWellFormed()).toBe(true);
  });

  test('are at most 1,000 of a task, those of the title first', () => {
    const description = Array.from({ length: 1500 }, (_, index) => `d${index}`).join(' ');
    const { words } = searchFieldsOf({ title: 'Pay rent', description });
    expect(words.slice(0, 3)).toEqual(['pay', 'rent', 'd0']);
    expect(words.slice(-3)).toEqual(['d997', '=pay', '=rent']);
    expect(words).toHaveLength(1002);
  });

  test('mark those of the title', () => {
    expect(searchFieldsOf({ title: 'Rent', description: 'pay rent' })).toEqual({
      words: ['rent', 'pay', '=rent'],
    });
  });

  test('are the same however a text is written, and hold no operator', () => {
    assert(
      property(string({ unit: 'grapheme' }), (text) => {
        expect(wordsOf(text.normalize('NFD'))).toEqual(wordsOf(text.normalize('NFC')));
        for (const word of wordsOf(text)) expect(word).toMatch(/^[\p{L}\p{N}][\p{L}\p{N}\p{M}]*$/u);
      }),
    );
  });
});

describe('what somebody looks for', () => {
  test('is the beginning of each word', () => {
    expect(searchCondition(parseSearch('Ren CAFÉ'))).toEqual({
      $and: [{ words: { $regex: '^ren' } }, { words: { $regex: '^cafe' } }],
    });
  });

  test('is a whole word in quotes, and none after a minus', () => {
    expect(searchCondition(parseSearch('"rent" -flat'))).toEqual({
      $and: [{ words: 'rent' }],
      $nor: [{ words: 'flat' }],
    });
  });

  test('may be an exclusion alone', () => {
    expect(tiersOf(parseSearch('-flat'))).toEqual([{ $nor: [{ words: 'flat' }] }]);
  });

  test('is first looked for in the title', () => {
    expect(tiersOf(parseSearch('rent'))).toEqual([
      { $and: [{ words: { $regex: '^=rent' } }] },
      {
        $and: [{ words: { $regex: '^rent' } }],
        $nor: [{ $and: [{ words: { $regex: '^=rent' } }] }],
      },
    ]);
  });

  test.each(['a - b', 'a – b', 'a-b', '"" a b', 'a, b!'])('is two words in %s', (text) => {
    expect(parseSearch(text).terms).toHaveLength(2);
    expect(parseSearch(text).excluded).toHaveLength(0);
  });

  test('is never an operator', () => {
    const conditions = JSON.stringify(tiersOf(parseSearch('$where "{$ne: 1}" .* [a-z] ^(x+)+$')));
    expect(conditions).not.toMatch(/where\b.*function|\$ne|\.\*"|a-z\]|\(x/);
    assert(
      property(string({ unit: 'binary', maxLength: 30 }), (text) => {
        for (const { $regex } of patternsIn(searchCondition(parseSearch(`a "${text} b"`)))) {
          expect($regex.replace(/\\p\{[LNM]\}/g, '')).toMatch(
            /^(?:\(\?<!\[\]\)|\(\?!\[\]\)|\[\^\][+*]|\(\?:|[[\]()|*^]|[\p{L}\p{N}\p{M}])*$/u,
          );
        }
      }),
    );
  });

  test.each(['', '   ', '!!!', '-', '""'])('cannot be "%s"', (text) => {
    expect(() => parseSearch(text)).toThrow('must have a letter or a digit');
  });

  test('is at most ten things', () => {
    expect(parseSearch('a b c d e f g h "i j" -k').terms).toHaveLength(9);
    expect(() => parseSearch('a b c d e f g h i "j k" -l')).toThrow('at most 10');
  });
});

function patternsIn(condition: unknown): { $regex: string }[] {
  if (typeof condition !== 'object' || condition === null) return [];
  if ('$regex' in condition) return [condition as { $regex: string }];
  return Object.values(condition).flatMap(patternsIn);
}
