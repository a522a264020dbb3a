import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { startEmbeddedDatabase } from '../src/database/embedded.ts';
import { type BenchedServer, startApi } from './processes.ts';
import { median } from './report.ts';

/** Logins of each kind; they take turns, so that whatever else the machine does meets both. */
const logins = 100;
/** More than this, and the time of an answer would tell who has an account. */
const bound = 0.05;

async function post(api: BenchedServer, path: string, body: object): Promise<number> {
  const answer = await fetch(`${api.origin}/api/v1/auth/${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  await answer.arrayBuffer();
  return answer.status;
}

/** Milliseconds until a login with a wrong password is refused. */
async function timeOfRefusal(api: BenchedServer, email: string): Promise<number> {
  const startedAt = performance.now();
  const status = await post(api, 'login', { email, password: 'not the password' });
  if (status !== 401) throw new Error(`a login was answered with ${status}`);
  return performance.now() - startedAt;
}

const newEmail = () => `${randomUUID()}@example.com`;

/** @returns whether the medians are close enough */
async function run(api: BenchedServer): Promise<boolean> {
  const email = newEmail();
  const account = { email, password: 'correct horse battery', name: 'Ada' };
  if ((await post(api, 'register', account)) !== 201) throw new Error('no account');
  await timeOfRefusal(api, newEmail());
  const known: number[] = [];
  const unknown: number[] = [];
  for (let login = 0; login < logins; login += 1) {
    known.push(await timeOfRefusal(api, email));
    unknown.push(await timeOfRefusal(api, newEmail()));
  }
  const [one, other] = [median(known), median(unknown)];
  const apart = Math.abs(one - other) / Math.max(one, other);
  console.log(`${2 * logins} interleaved logins with a wrong password, medians in milliseconds`);
  console.log(`known address    ${one.toFixed(1)}`);
  console.log(`unknown address  ${other.toFixed(1)}`);
  console.log(`apart by         ${(apart * 100).toFixed(1)} % (bound ${bound * 100} %)`);
  return apart <= bound;
}

const directory = await mkdtemp(join(tmpdir(), 'task-manager-logins-'));
const given = process.env['MONGODB_URI'];
const announce = (line: string) => console.log(line);
const embedded = given ? undefined : await startEmbeddedDatabase({ directory: null, announce });
const uri = given || embedded?.uri || '';
// In the place of whatever database the address names, so that no data can be lost.
const database = uri.replace(/^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/, `$1/bench-${randomUUID()}`);
const jwtSecret = randomBytes(32).toString('base64url');
const api = await startApi({ database, jwtSecret, directory }, { RATE_LIMIT: 'off' });
try {
  process.exitCode = (await run(api)) ? 0 : 1;
} finally {
  await api.stop();
  await mongoose.connect(database, { autoIndex: false, autoCreate: false });
  await mongoose.connection.dropDatabase();
  await mongoose.disconnect();
  await embedded?.stop();
  await rm(directory, { recursive: true });
}
