import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { fields, predicates } from '../src/features/filters/fields.ts';
import { expressionOf, filterTextSchema } from '../src/features/filters/filter-schema.ts';
import { filterBounds, parseFilter } from '../src/features/filters/parser.ts';
import { maximumFilters } from '../src/features/filters/filters.contract.ts';
import { expressions } from './support/filter-expressions.ts';
import { printFilter } from './support/filter-printer.ts';

function errorIn(filter: string): string {
  const parsed = parseFilter(filter);
  if (parsed.ok) throw new Error(`was understood as ${printFilter(parsed.expression)}`);
  const { position, length, message } = parsed.error;
  return `${position}+${length} ${message}`;
}

/** What docs/filters.md calls the values of a kind of field. */
const valuesInWords: Readonly<Record<string, string>> = {
  calendar: 'a date or a time',
  instant: 'a date or a time',
  names: 'a name',
  project: 'a name or an id',
  section: 'a name or an id',
  task: 'an id',
  search: 'words',
};

/** As it was understood, in the canonical spelling. */
const understood = (filter: string) => printFilter(expressionOf(filter));

describe('parseFilter', () => {
  test.each([
    // `!` binds closer than `&`, and `&` closer than `|`.
    ['overdue | today & !recurring', 'overdue | today & !recurring'],
    ['(overdue | today) & recurring', '(overdue | today) & recurring'],
    ['!(overdue | today)', '!(overdue | today)'],
    ['!overdue | today', '!overdue | today'],
    ['((overdue & today) & (recurring))', 'overdue & today & recurring'],
    ['overdue AND Not today Or recurring', 'overdue & !today | recurring'],
    ['  Status=TODO\n', 'status = todo'],
    ['priority>=high', 'priority >= high'],
    ['label in(a,"b c",none)', 'label in (a, "b c", none)'],
    ['label = "none"', 'label = "none"'],
    [String.raw`label = "a \"b\" \\ c"`, String.raw`label = "a \"b\" \\ c"`],
    ['label = not', 'label = "not"'],
    ['label = $gt', 'label = "$gt"'],
    ['project = " Büro "', 'project = Büro'],
    [
      'due = +0d | due = +1D | due = -1d | due = +0h',
      'due = today | due = tomorrow | due = yesterday | due = now',
    ],
    ['due = -0d', 'due = today'],
    ['due < 2w & due > -3m | due <= +1y', 'due < +2w & due > -3m | due <= +1y'],
    ['due < 2026-12-01T09:30', 'due < 2026-12-01T09:30:00'],
    ['due < 2026-12-01T09:30:00+01:00', 'due < 2026-12-01T08:30:00.000Z'],
    ['due = "today"', 'due = today'],
    ['due = NONE', 'due = none'],
    ['text ~ "pay rent"', 'text ~ "pay rent"'],
  ])('understands %s', (filter, canonical) => {
    expect(understood(filter)).toBe(canonical);
  });

  test.each([
    ['', '1+0 expected a condition, such as priority = high'],
    ['   ', '4+0 expected a condition, such as priority = high'],
    ['status = todo &', '16+0 expected a condition, such as priority = high'],
    ['= todo', '1+1 expected a condition, such as priority = high'],
    ['"rent"', '1+6 expected a condition, such as priority = high'],
    [
      'status = todo | priority = hi',
      '28+2 expected a value of priority (low, medium, high, urgent)',
    ],
    ['lable = a', '1+5 there is no field "lable"; did you mean label?'],
    ['deu = today', '1+3 there is no field "deu"; did you mean due?'],
    ['overdeu', '1+7 there is no field "overdeu"; did you mean overdue?'],
    [
      'colour = red',
      `1+6 there is no field "colour"; the fields are ${Object.keys(fields).join(', ')}`,
    ],
    [
      'constructor = a',
      `1+11 there is no field "constructor"; the fields are ${Object.keys(fields).join(', ')}`,
    ],
    ['label < a', '7+1 expected an operator of label (= != in)'],
    ['label', '6+0 expected an operator of label (= != in)'],
    ['title = a', '7+1 expected an operator of title (~)'],
    [
      'project = Spring cleaning',
      '18+8 expected & or | between conditions; put text with spaces in quotes',
    ],
    ['(overdue', '9+0 expected & or | or a closing parenthesis'],
    ['overdue)', '8+1 expected & or | between conditions; put text with spaces in quotes'],
    ['label in a', '10+1 expected a list in parentheses after in'],
    ['label in (a b)', '13+1 expected a comma or a closing parenthesis'],
    [
      'label = ""',
      '9+2 expected a name for label, in quotes if it has spaces; or none or any, with = and !=',
    ],
    ['project = =', '11+1 expected a name for project, in quotes if it has spaces'],
    ['text ~', '7+0 expected words for text, in quotes if there are several'],
    ['parent =', '9+0 expected the id of a task for parent; or none or any, with = and !='],
    [
      'label = "a',
      String.raw`9+2 expected a closing quote; inside quotes write \" for a quote and \\ for a backslash`,
    ],
    [
      String.raw`label = "a\n"`,
      String.raw`9+5 expected a closing quote; inside quotes write \" for a quote and \\ for a backslash`,
    ],
    // Two UTF-16 units each, and one character.
    [
      'label = 😀 😀 today',
      '11+1 expected & or | between conditions; put text with spaces in quotes',
    ],
  ])('says what is wrong with %p, and where', (filter, error) => {
    expect(errorIn(filter)).toBe(error);
  });

  test.each([
    'soon',
    '2026-02-30',
    '1026-01-01',
    '+1000d',
    '+3',
    '3 d',
    '-d',
    '+3q',
    '2026-12-01T25:00',
    '2026-12-01T09:30Z',
    'none x',
  ])('takes no %p for a date', (date) => {
    expect(errorIn(`created < ${date}`)).toMatch(
      /^11\+\d+ expected a date for created, such as today/,
    );
  });

  test('sees the same in all ways of writing it', () => {
    const today = expressionOf('due = today');
    for (const date of ['+0d', '-0d', '0D']) expect(expressionOf(`due = ${date}`)).toEqual(today);
    expect(expressionOf('(overdue) & (today & recurring)')).toEqual(
      expressionOf('overdue and today and recurring'),
    );
  });

  test('compares only for equality with none and any', () => {
    expect(errorIn('due < none')).toMatch(
      /^7\+4 expected a date for due.*; or none or any, with = and !=$/,
    );
    expect(errorIn('status = none')).toMatch(/^10\+4 expected a value of status/);
  });

  test('stops at its bounds, and not before', () => {
    const many = (count: number) => Array.from({ length: count }, () => 'today').join('|');
    expect(parseFilter(many(50))).toMatchObject({ ok: true });
    expect(errorIn(many(51))).toBe('301+5 more than 50 conditions');
    const names = (count: number) =>
      `label in (${Array.from({ length: count }, () => 'a').join()})`;
    expect(parseFilter(names(50))).toMatchObject({ ok: true });
    expect(errorIn(names(51))).toBe('111+1 more than 50 conditions');
    const nested = (depth: number) => `${'('.repeat(depth)}today${')'.repeat(depth)}`;
    expect(parseFilter(nested(10))).toMatchObject({ ok: true });
    expect(errorIn(nested(11))).toBe('11+1 nested more than 10 deep');
    expect(parseFilter(`${'!'.repeat(10)}today`)).toMatchObject({ ok: true });
    expect(errorIn(`${'!'.repeat(11)}today`)).toBe('11+1 nested more than 10 deep');
    const long = (length: number) => `label = ${'😀'.repeat(length - 8)}`;
    expect(parseFilter(long(500))).toMatchObject({ ok: true });
    expect(errorIn(long(501))).toBe('501+1 more than 500 characters');
    expect(errorIn('('.repeat(1_000_000))).toBe('501+1 more than 500 characters');
  });

  test('is what its schema checks', () => {
    const issuesOf = (filter: string) => filterTextSchema.safeParse(filter).error?.issues ?? [];
    expect(filterTextSchema.parse(' Overdue ')).toBe(' Overdue ');
    expect(issuesOf('lable = a')).toMatchObject([
      { code: 'custom', message: 'at 1: there is no field "lable"; did you mean label?' },
    ]);
    expect(issuesOf('label = "\ud800"')).toHaveLength(1);
    expect(issuesOf('')).toMatchObject([{ code: 'too_small' }]);
    expect(issuesOf(`label = ${'a'.repeat(493)}`)).toMatchObject([{ code: 'too_big' }]);
  });
});

describe('whatever is written', () => {
  const words = [
    ...Object.keys(fields),
    ...Object.keys(predicates),
    'and',
    'or',
    'not',
    'in',
    'none',
    'today',
    '+3d',
    'high',
    'a',
  ];
  const signs = ['(', ')', '&', '|', '!', '=', '!=', '<', '~', ',', '"', '"b c"', '\\', '😀'];
  const soups = fc
    .array(fc.constantFrom(...words, ...signs), { maxLength: 30 })
    .map((pieces) => pieces.join(' '));

  test('is understood, or refused at a place in it', () => {
    fc.assert(
      fc.property(fc.oneof(soups, fc.string({ unit: 'binary' })), (filter) => {
        const parsed = parseFilter(filter);
        if (parsed.ok) {
          expect(expressionOf(printFilter(parsed.expression))).toEqual(parsed.expression);
          return;
        }
        const { position, length, message } = parsed.error;
        expect(message).toMatch(/^(expected|there is no field|nested|more than) ?/);
        expect(position).toBeGreaterThanOrEqual(1);
        expect(position + length).toBeLessThanOrEqual(Array.from(filter).length + 1);
      }),
      { numRuns: 1000 },
    );
  });

  test('is understood again as what it was, however it is printed', () => {
    fc.assert(
      fc.property(
        expressions({ names: fc.string({ unit: 'grapheme', maxLength: 12 }) }),
        (expression) => {
          const filter = printFilter(expression);
          fc.pre(filter.length <= 500);
          expect(parseFilter(filter)).toEqual({ ok: true, expression });
          expect(printFilter(expression)).toBe(filter);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('docs/filters.md', () => {
  const text = readFileSync('docs/filters.md', 'utf8');

  /** The rows of the table below a heading, cell by cell. */
  function tableBelow(heading: string): string[][] {
    const [, below = ''] = text.split(`\n## ${heading}\n`);
    const [table = ''] = below.match(/^\|.*(?:\n\|.*)*/m) ?? [];
    return table
      .split('\n')
      .slice(2)
      .map((row) =>
        [...row.matchAll(/(?<=\| )(?:\\\||[^|])*(?= \|)/g)].map(([cell]) => cell.trim()),
      );
  }

  test('has every field, with its operators, its values and an example', () => {
    const rows = Object.entries(fields).map(([name, field]) => [
      `\`${name}\``,
      field.operators.map((operator) => `\`${operator}\``).join(' '),
      [
        valuesInWords[field.kind] ?? field.choices?.map((choice) => `\`${choice}\``).join(', '),
        ...(field.optional ? ['`none`, `any`'] : []),
      ].join(', '),
      field.meaning,
      `\`${field.example}\``,
    ]);
    expect(tableBelow('Fields')).toEqual(rows);
  });

  test('has every word that is a condition by itself', () => {
    const rows = Object.entries(predicates).map(([name, { meaning, filter }]) => [
      `\`${name}\``,
      meaning,
      filter === undefined ? '' : `\`${filter}\``,
    ]);
    expect(tableBelow('Conditions of one word')).toEqual(rows);
  });

  test('shows nothing but filters that can be read, and states the bounds', () => {
    const [, examples = ''] = text.match(/## Examples\n([\s\S]*?)(?=\n## )/) ?? [];
    const filters = [...examples.matchAll(/^\| `((?:\\\||[^|`])*)` +\|/gm)].map(([, filter = '']) =>
      filter.replaceAll(String.raw`\|`, '|'),
    );
    expect(filters.length).toBeGreaterThan(5);
    const shown = [...filters, ...Object.values(fields).map(({ example }) => example)];
    for (const filter of shown) expect(parseFilter(filter)).toMatchObject({ ok: true });
    expect(text).toContain(
      `at most ${filterBounds.length} characters and ${filterBounds.conditions} conditions, nested at most ${filterBounds.nesting} deep`,
    );
    expect(text).toContain(`You can have ${maximumFilters} of them.`);
  });
});
