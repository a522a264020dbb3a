import { parseArgs } from 'node:util';
import mongoose, { Types } from 'mongoose';
import { inPlace } from '../shared/place.ts';
import { type Place, startApi } from '../shared/processes.ts';
import { signUp, type Somebody } from './accounts.ts';
import { fillAtScale, type Places, type Sizes } from './dataset.ts';
import { buildIndexes, type MeasuredUser, measureAll, type Row } from './measures.ts';
import { queriesFor } from './queries.ts';

const { values } = parseArgs({
  options: {
    total: { type: 'string', default: '1000000' },
    large: { type: 'string', default: '100000' },
  },
});
const sizes: Sizes = { total: Number(values.total), large: Number(values.large), small: 1000 };

function userOf({ id, token, savedFilter }: Somebody, tasks: number, places: Places): MeasuredUser {
  return { id, token, tasks, queries: queriesFor(places, savedFilter) };
}

const shown = (count: number) => count.toLocaleString('en');
const milliseconds = (time: number | undefined) => (time === undefined ? '' : time.toFixed(1));

function printRow({ what, small, smallDeep, large, largeDeep }: Row): void {
  const ratio = largeDeep === undefined ? '' : (largeDeep / large).toFixed(2);
  const cells = [small, smallDeep, large, largeDeep].map(milliseconds);
  console.log(`| ${[what, ...cells, ratio].join(' | ')} |`);
}

const startedAt = performance.now();
/** What is no part of the table goes to the other output. */
const note = (line: string) =>
  console.error(`${((performance.now() - startedAt) / 1000).toFixed(0)} s: ${line}`);

const settings = { RATE_LIMIT: 'off', ACCESS_TOKEN_TTL: '12h' };

/**
 * Tasks first and their indexes then, which takes the embedded database less than half the time. The
 * accounts come before, from a server of their own.
 */
async function run(place: Place): Promise<boolean> {
  await mongoose.connect(place.database, { autoIndex: false, autoCreate: false });
  const clerk = await startApi(place, settings);
  const people = await Promise.all([signUp(clerk), signUp(clerk)]).finally(() => clerk.stop());
  await mongoose.connection.dropCollection('tasks');
  const [small, large] = people;
  note('filling the database');
  const ids = { small: new Types.ObjectId(small.id), large: new Types.ObjectId(large.id) };
  const places = await fillAtScale(ids, sizes);
  note('building the indexes');
  await buildIndexes();
  const api = await startApi(place, settings);
  try {
    note('measuring');
    const [few, many] = [shown(sizes.small), shown(sizes.large)];
    console.log(
      `| Milliseconds | ${few} tasks: first page | last page | ${many} tasks: first page | thousandth page | ratio |`,
    );
    console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
    const ofSmall = userOf(small, sizes.small, places.small);
    const ofLarge = userOf(large, sizes.large, places.large);
    for await (const row of measureAll(api.origin, ofSmall, ofLarge)) printRow(row);
    return true;
  } finally {
    await api.stop();
  }
}

await inPlace(run, { announce: note });
note('done');
