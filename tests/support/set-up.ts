import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedDatabase, type EmbeddedDatabase } from '../../src/database/embedded.ts';

declare global {
  var embeddedDatabase: EmbeddedDatabase | undefined;
}

/** One server for all test files; each file has a database of its own on it. */
async function startDatabase(): Promise<void> {
  const given = process.env['TEST_MONGODB_URI'];
  if (given === undefined) {
    const announce = (line: string) => process.stderr.write(`${line}\n`);
    globalThis.embeddedDatabase = await startEmbeddedDatabase({ directory: null, announce });
  }
  process.env['DATABASE_FOR_TESTS'] = given ?? globalThis.embeddedDatabase?.uri;
}

/** For the tests that start processes, which take half as long without a compiler in each. */
async function compile(): Promise<void> {
  const compiler = resolve('node_modules/typescript/bin/tsc');
  const options = ['-p', 'tsconfig.build.json', '--noCheck', '--declaration', 'false'];
  await promisify(execFile)(process.execPath, [compiler, ...options]);
}

export default async function setUp(): Promise<void> {
  await Promise.all([startDatabase(), compile()]);
}
