import { randomUUID } from 'node:crypto';
import { type BenchedServer, startApi } from '../shared/processes.ts';
import { median } from '../shared/figures.ts';
import { inPlace } from '../shared/place.ts';

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

await inPlace(async (place) => {
  const api = await startApi(place, { RATE_LIMIT: 'off' });
  return run(api).finally(() => api.stop());
});
