/**
 * Sends the API whatever its own document allows and forbids, and holds the answers to the document:
 * `npm run fuzz -- seed=7 seconds=600`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import mongoose from 'mongoose';
import { inPlace } from '../../bench/shared/place.ts';
import { startApi } from '../../bench/shared/processes.ts';
import type { SignIn } from '../../src/features/auth/auth.contract.ts';
import { makeAdministrator } from '../../tests/support/administrators.ts';
import { installSchemathesis } from './schemathesis.ts';

/** As in the examples of the document, so that these succeed. */
const account = { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' };

function option(name: string, standard: number): number {
  const given = process.argv.find((argument) => argument.startsWith(`${name}=`));
  const value = given === undefined ? standard : Number(given.slice(name.length + 1));
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name}=: give a whole number`);
  return value;
}

async function signUp(origin: string, email: string): Promise<SignIn> {
  const answer = await fetch(`${origin}/api/v1/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...account, email }),
  });
  if (answer.status !== 201) throw new Error(`no account: ${await answer.text()}`);
  return (await answer.json()) as SignIn;
}

/** Outside of production, so that the API itself holds its answers to their declarations, too. */
const settings = {
  NODE_ENV: 'test',
  RATE_LIMIT: 'off',
  BCRYPT_COST: '4',
  ACCESS_TOKEN_TTL: '1d',
  LOG_LEVEL: 'error',
};

async function senders(origin: string, uri: string): Promise<Record<string, string>> {
  const member = await signUp(origin, account.email);
  const administrator = await signUp(origin, 'administrator@example.com');
  await mongoose.connect(uri);
  await makeAdministrator(administrator);
  await mongoose.disconnect();
  return {
    FUZZ_ORIGIN: origin,
    FUZZ_MEMBER_TOKEN: member.accessToken,
    FUZZ_ADMINISTRATOR_TOKEN: administrator.accessToken,
    FUZZ_KEPT_IDS: [member.user.id, administrator.user.id].join(),
  };
}

/** @returns whether nothing was found */
async function fuzz(python: string, environment: Record<string, string>): Promise<boolean> {
  const options = ['--seed', String(seed), '--max-time', String(seconds)];
  const config = ['--config-file', 'scripts/fuzz/schemathesis.toml'];
  const document = `${environment['FUZZ_ORIGIN']}/openapi.json`;
  const child = spawn(python, ['-m', 'schemathesis.cli', ...config, 'run', document, ...options], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      ...environment,
      PYTHONPYCACHEPREFIX: join(dirname(python), 'pycache'),
      // It would leave a folder here.
      HYPOTHESIS_STORAGE_DIRECTORY: join(dirname(python), 'hypothesis'),
    },
    // It ends by itself; a request that hangs must not hold everything up.
    timeout: (seconds + 60) * 1000,
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

const seed = option('seed', 1);
const seconds = option('seconds', 120);
const python = await installSchemathesis();
await inPlace(async (place) => {
  const api = await startApi(place, settings);
  try {
    const isRight = await fuzz(python, await senders(api.origin, place.database));
    console.log(`seed ${seed}: ${isRight ? 'nothing' : 'something'} was found`);
    return isRight;
  } finally {
    await api.stop();
  }
});
