import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { startEmbeddedDatabase } from '../../src/database/embedded.ts';
import type { Place } from './processes.ts';

interface Options {
  /** Whether the embedded database is as careful with its data as where it keeps them for good. */
  durable?: boolean;
  /** Gets lines that are no figures; they go to the error output unless told otherwise. */
  announce?: (line: string) => void;
}

/**
 * Gives a script a folder and a database of its own (on the server of MONGODB_URI, or else on an embedded
 * one), and leaves nothing of them behind. The process ends with 1 unless all bounds are kept.
 * @param run answers whether they are
 */
export async function inPlace(
  run: (place: Place) => Promise<boolean>,
  { durable = false, announce = (line) => console.error(line) }: Options = {},
): Promise<void> {
  // An interrupt ends the other processes, and so the run; this one stays to clean up.
  process.on('SIGINT', () => {});
  const directory = await mkdtemp(join(tmpdir(), 'task-manager-bench-'));
  const given = process.env['MONGODB_URI'];
  const data = { directory: durable ? join(directory, 'data') : null, announce };
  const embedded = given ? undefined : await startEmbeddedDatabase(data);
  const uri = given || embedded?.uri || '';
  // In the place of whatever database the address names, so that no data can be lost.
  const name = `bench-${randomUUID().slice(0, 8)}`;
  const database = uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/${name}`);
  const jwtSecret = randomBytes(32).toString('base64url');
  process.exitCode = 1;
  try {
    if (await run({ database, jwtSecret, directory })) process.exitCode = 0;
  } finally {
    await mongoose.disconnect();
    if (given) await dropDatabase(database);
    await embedded?.stop();
    await rm(directory, { recursive: true });
  }
}

/** Removes a database and leaves its server as it was found. */
export async function dropDatabase(uri: string): Promise<void> {
  const connection = await mongoose.createConnection(uri).asPromise();
  await connection.dropDatabase();
  await connection.close();
}
