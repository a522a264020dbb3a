import { describe, expect, jest, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { withTables } from '../scripts/readme.ts';
import { comparable, perform, stepsOf } from '../scripts/walk-through.ts';
import { rateLimits } from '../src/http/limits.ts';
import { useApi } from './support/api.ts';
import { typeErrors } from './support/compiler.ts';

// The compiler and the shell take seconds on a busy machine.
jest.setTimeout(60_000);

const api = useApi();
const readme = readFileSync('README.md', 'utf8');

describe('the walk-through of the README', () => {
  test('does what it says, command by command', async () => {
    const steps = stepsOf(readme);
    expect(steps.length).toBeGreaterThanOrEqual(9);
    const outputs = await perform(steps, api().origin);
    for (const [index, step] of steps.entries()) {
      const { expected, actual } = comparable(step, outputs[index] ?? '');
      expect(actual).toEqual(expected);
    }
  });
});

describe('the example of the typed client in the README', () => {
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
  const client = resolve('src/client.ts');

  async function inFile(origin: string, use: (file: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'readme-'));
    const file = join(folder, 'example.mts');
    const program = example
      .replace('task-manager-api/client', client)
      .replace('http://localhost:3000', origin);
    await writeFile(file, program);
    await use(file).finally(() => rm(folder, { recursive: true }));
  }

  test('compiles', async () => {
    await inFile('http://localhost:3000', async (file) => {
      // It stands outside of the clone, from where an import of its source is not a relative one.
      const options = { allowImportingTsExtensions: true, rewriteRelativeImportExtensions: false };
      expect(await typeErrors([file], options)).toBe('');
    });
  });

  test('runs', async () => {
    await inFile(api().origin, async (file) => {
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file]);
      expect(stdout).toMatch(/^Pay rent \d{4}-\d\d-\d\dT.*Z\nnot_found\n$/);
    });
  });
});

test('docs/conventions.md tells the limits that hold', () => {
  const conventions = readFileSync('docs/conventions.md', 'utf8').replaceAll(/\s+/g, ' ');
  const { user, address, credentials } = rateLimits;
  const told = `${user.toLocaleString('en')} for each user, ${address} for each address without a`;
  expect(conventions).toContain(told);
  expect(conventions).toContain(`and ${credentials} for each address on whatever takes a password`);
});

test('the tables of the README are up to date (npm run docs)', () => {
  expect(withTables(readme)).toBe(readme);
});

describe('the documents', () => {
  const documents = [
    'README.md',
    'CHANGELOG.md',
    ...['docs', '.github'].flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.md'))
        .map((name) => join(folder, name)),
    ),
  ].map((path) => ({ path, text: readFileSync(path, 'utf8') }));

  test.each(documents)('$path links only to files that exist', ({ path, text }) => {
    const links = [...text.matchAll(/\]\((?!https?:|mailto:)([^)#]+)/g)].map(
      ([, link = '']) => link,
    );
    const broken = links.filter((link) => !existsSync(join(dirname(path), link)));
    expect(broken).toEqual([]);
  });

  test.each(documents)('$path names only scripts that exist', ({ text }) => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = [...text.matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !(name in scripts))).toEqual([]);
  });
});
