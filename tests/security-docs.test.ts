import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const text = readFileSync('docs/security.md', 'utf8');

/**
 * How many requirements of level 1 and 2 each section of ASVS 5.0.0 has, by chapter. Those of level 3
 * come last in their section.
 */
const requirements = [
  [2, 9, 11, 3, 2],
  [3, 3, 4, 1],
  [0, 2, 4, 6, 5, 0, 2],
  [3, 1, 2, 4],
  [1, 3, 2, 3],
  [3, 12, 4, 4, 5, 3, 0, 4],
  [3, 4, 2, 5, 2, 2],
  [2, 3, 1, 1],
  [3, 4],
  [2, 2, 4, 11, 5, 2, 3],
  [2, 3, 3, 4, 1, 1],
  [3, 2, 4],
  [1, 5, 2, 5],
  [2, 4, 3],
  [3, 3, 7],
  [1, 5, 4, 3, 3],
  [1, 4, 2],
];
const demanded = requirements.flatMap((sections, chapter) =>
  sections.flatMap((count, section) =>
    Array.from({ length: count }, (_, index) => `${chapter + 1}.${section + 1}.${index + 1}`),
  ),
);

interface Row {
  heading: string;
  key: string;
  proof: string;
}

/** The body rows of every table that says what proves something, by the heading above it. */
function rowsOf(markdown: string): Row[] {
  const rows: Row[] = [];
  let heading = '';
  let proves = false;
  for (const line of markdown.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
    if (!line.startsWith('|')) {
      proves = false;
      continue;
    }
    const cells = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [key = ''] = cells;
    const proof = cells.at(-1) ?? '';
    if (proof === 'Proof') proves = true;
    else if (proves && !/^:?-+:?$/.test(key)) rows.push({ heading, key, proof });
  }
  return rows;
}

/** `1` and `1.2` stand for all that is in them, `1.2.3–1.2.5` for a range; commas between. */
function numbersIn(key: string): string[] {
  return key.split(', ').flatMap((item) => {
    const [first = '', last = first] = item.split('–');
    const from = demanded.indexOf(first);
    if (from !== -1) return demanded.slice(from, demanded.indexOf(last) + 1);
    const inside = demanded.filter((number) => number.startsWith(`${first}.`));
    return inside.length > 0 ? inside : [first];
  });
}

function anchorsOf(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Whether a file of tests has this title, of a test or of what describes several. */
function hasTitle(source: string, title: string): boolean {
  return ["'", '"', '`'].some((quote) => source.includes(quote + title + quote));
}

/** What is wrong with the place where a row sees its proof. */
function missingIn(proof: string): string[] {
  const tests = [...proof.matchAll(/`([^`]+\.test\.ts) › ([^`]+)`/g)];
  const links = [...proof.matchAll(/\]\(([^)#]*)#?([^)]*)\)/g)];
  const argued = /^Argued: .{20,}/.test(proof);
  if (tests.length === 0 && links.length === 0 && !argued) return ['neither test nor argument'];
  const untested = tests.flatMap(([, file = '', titles = '']) => {
    const path = join('tests', file);
    if (!existsSync(path)) return [`${file} does not exist`];
    const source = readFileSync(path, 'utf8');
    const absent = titles.split(' › ').filter((title) => !hasTitle(source, title));
    return absent.map((title) => `${file} has no test "${title}"`);
  });
  const unwritten = links.flatMap(([, file = '', anchor = '']) => {
    const path = join('docs', file === '' ? 'security.md' : file);
    if (!existsSync(path)) return [`${file} does not exist`];
    const known = anchor === '' || anchorsOf(readFileSync(path, 'utf8')).includes(anchor);
    return known ? [] : [`${path} has no heading #${anchor}`];
  });
  return [...untested, ...unwritten];
}

const rows = rowsOf(text);

describe('docs/security.md', () => {
  test.each(rows)('$heading, $key: has a proof that exists', ({ proof }) => {
    expect(missingIn(proof)).toEqual([]);
  });

  test('leaves out no requirement of level 1 or 2, and names none that does not exist', () => {
    expect(demanded).toHaveLength(253);
    const named = rows
      .filter(({ heading }) => /^V\d|^What does not apply/.test(heading))
      .flatMap(({ key }) => numbersIn(key));
    expect(demanded.filter((number) => !named.includes(number))).toEqual([]);
    expect(named.filter((number) => !demanded.includes(number))).toEqual([]);
    expect(named.filter((number, index) => named.indexOf(number) !== index)).toEqual([]);
  });

  test('answers each item of the API Security Top 10, and each practice for JWTs', () => {
    const keysOf = (title: string) =>
      rows.filter(({ heading }) => heading.startsWith(title)).map(({ key }) => key);
    const items = Array.from({ length: 10 }, (_, index) => `API${index + 1}`);
    expect(keysOf('API Security Top 10')).toEqual(items);
    const practices = Array.from({ length: 12 }, (_, index) => `3.${index + 1}`);
    expect(keysOf('RFC 8725').flatMap((key) => key.split(', '))).toEqual(practices);
  });
});
