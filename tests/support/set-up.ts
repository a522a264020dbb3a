import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { hasRedis } from './redis-server.ts';
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

function sayWhatIsLeftOut(): void {
  if (hasRedis) return;
  process.stderr.write('redis-server is not on PATH: the tests of REDIS_URL are left out\n');
}

export default async function setUp(): Promise<void> {
  sayWhatIsLeftOut();
  await Promise.all([startDatabase(), compile()]);
}
