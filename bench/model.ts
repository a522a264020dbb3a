import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import mongoose from 'mongoose';
import { startEmbeddedDatabase } from '../src/database/embedded.ts';
import { fill, type Filled } from './model-fill.ts';
import { measureAll } from './model-measures.ts';
import { report } from './model-report.ts';
import { measureShards } from './model-shards.ts';
import type { Place } from './processes.ts';
import { ownChildren, processorTimeOf } from './processor-time.ts';
import { bytesOfAll } from './scale-documents.ts';
import { balancesOf } from './shard-balance.ts';

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10000,100000,1000000' },
    turns: { type: 'string', default: '12' },
    shards: { type: 'string', default: '4' },
    users: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '1' },
  },
});
const sizes = values.sizes.split(',').map(Number);
const [turns, shards, users, seed] = [values.turns, values.shards, values.users, values.seed].map(
  Number,
) as [number, number, number, number];

/** A database that has just taken a million tasks may be slow to answer for a while. */
const patience = 'connectTimeoutMS=30000&serverSelectionTimeoutMS=30000';

const startedAt = performance.now();
/** What is no figure goes to the other output. */
const note = (line: string) =>
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${line}`);

/** @returns whether all bounds are kept */
async function run(places: readonly Place[], databaseTime: () => number): Promise<boolean> {
  console.log(`seed=${seed}\n`);
  const filled: Filled[] = [];
  for (const [index, place] of places.entries()) {
    note(`filling a database of ${sizes[index]} tasks`);
    filled.push(await fill(place, sizes[index] ?? 0, seed));
  }
  report.storage(filled, bytesOfAll().tasks);
  note('measuring');
  const measured = await measureAll(filled, turns, databaseTime);
  report.byTotal(filled, measured);
  report.byOwn(filled, measured);
  const middle = filled.at(-2) ?? filled.at(-1);
  if (middle && shards > 1) {
    note(`dealing ${middle.sizes.total} tasks out to ${shards} shards`);
    report.shards(await measureShards(middle, shards, databaseTime));
  }
  note(`simulating ${users} users`);
  report.balances(users, balancesOf(users, [4, 16, 64], seed));
  return report.isKept();
}

async function drop(places: readonly Place[]): Promise<void> {
  await mongoose.disconnect();
  for (const { database } of places) {
    await mongoose.connect(database, { autoIndex: false, autoCreate: false });
    await mongoose.connection.dropDatabase();
    await mongoose.disconnect();
  }
}

// An interrupt ends the servers, and so the run; this process stays to clean up.
process.on('SIGINT', () => {});

const directory = await mkdtemp(join(tmpdir(), 'task-manager-model-'));
const given = process.env['MONGODB_URI'];
const embedded = given
  ? undefined
  : await startEmbeddedDatabase({ directory: null, announce: note });
// Of a server that runs elsewhere, nobody tells.
const databaseTime = embedded ? processorTimeOf(ownChildren()) : () => NaN;
const uri = given || embedded?.uri || '';
const places = sizes.map((size) => ({
  // In the place of whatever database the address names, so that no data can be lost.
  database: uri.replace(
    /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/,
    `$1/bench-${randomUUID().slice(0, 8)}-${size}?${patience}`,
  ),
  jwtSecret: randomBytes(32).toString('base64url'),
  directory,
}));
try {
  process.exitCode = (await run(places, databaseTime)) ? 0 : 1;
} finally {
  await drop(places);
  await embedded?.stop();
  await rm(directory, { recursive: true });
  note('done');
}
