import { startEmbeddedDatabase, type EmbeddedDatabase } from '../../src/database/embedded.ts';

declare global {
  var embeddedDatabase: EmbeddedDatabase | undefined;
}

/** One server for all test files; each file has a database of its own on it. */
export default async function startDatabase(): Promise<void> {
  const given = process.env['TEST_MONGODB_URI'];
  if (given === undefined) {
    const announce = (line: string) => process.stderr.write(`${line}\n`);
    globalThis.embeddedDatabase = await startEmbeddedDatabase({ directory: null, announce });
  }
  process.env['DATABASE_FOR_TESTS'] = given ?? globalThis.embeddedDatabase?.uri;
}
