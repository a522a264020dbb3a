import { parseArgs } from 'node:util';
import { fill, type Filled } from './model-fill.ts';
import { measureAll } from './model-measures.ts';
import { report } from './model-report.ts';
import { measureShards } from './model-shards.ts';
import { dropDatabase, inPlace } from '../shared/place.ts';
import type { Place } from '../shared/processes.ts';
import { ownChildren, processorTimeOf } from './processor-time.ts';
import { bytesOfAll } from './documents.ts';
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

await inPlace(
  async (place) => {
    // Of a server that runs elsewhere, nobody tells.
    const databaseTime = process.env['MONGODB_URI'] ? () => NaN : processorTimeOf(ownChildren());
    const places = sizes.map((size) => {
      const database = place.database.replace(/\?.*|$/, `-${size}?${patience}`);
      return { ...place, database };
    });
    try {
      return await run(places, databaseTime);
    } finally {
      for (const { database } of places) await dropDatabase(database);
    }
  },
  { announce: note },
);
note('done');
