import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import supertest from 'supertest';
import { createApp } from '../src/app.ts';
import { createDependencies } from '../src/dependencies.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, logIn } from './support/accounts.ts';
import { type Api, jwtSecret, startInstance, useDatabase } from './support/api.ts';
import {
  eventsOf,
  forgetUsedCodes,
  logInWithCode,
  protect,
  holdStep,
} from './support/authenticator.ts';
import { type Member, memberOf, signUp } from './support/factories.ts';

const database = useDatabase();
let api: Api;
let another: Api;
let limited: Api;
beforeAll(async () => {
  api = await startInstance(database());
  another = await startInstance(database());
  limited = await startInstance(database(), { RATE_LIMIT: 'on' });
});
afterAll(() => Promise.all([api, another, limited].map((instance) => instance.close())));
afterEach(() => {
  jest.restoreAllMocks();
});

/** Somebody new with a second factor of which no code was used. */
async function somebody(on = api) {
  const member = await signUp(on);
  const factor = await protect(member);
  await forgetUsedCodes(member);
  return { member, ...factor };
}

async function countSessions(member: Member): Promise<number> {
  const { body } = await member.send('get', '/auth/sessions');
  return (body.data as unknown[]).length;
}

describe('a login to an account with a second factor', () => {
  test('asks for a code after the right password, and starts no session without', async () => {
    const { member } = await somebody();
    const answer = await logIn(api, member.user.email, member.password);
    expectProblem(answer, 403, 'second_factor_required');
    expect(await countSessions(member)).toBe(1);
  });

  test('signs in with the password and a code', async () => {
    const { member, authenticator } = await somebody();
    const answer = await logInWithCode(api, member, authenticator.code());
    expect(answer.status).toBe(200);
    const there = memberOf(api, answer.body, member.password);
    expect((await there.send('get', '/users/me')).body).toEqual(member.user);
  });

  test('refuses a wrong code, and starts no session', async () => {
    const { member, authenticator } = await somebody();
    const answer = await logInWithCode(api, member, authenticator.wrongCode());
    expectProblem(answer, 403, 'wrong_code');
    expect(await countSessions(member)).toBe(1);
  });

  test('does not tell, without the password, of the second factor or of the code', async () => {
    const { member, authenticator } = await somebody();
    const guesser = { ...member, password: 'staple battery horse' };
    for (const code of [undefined, authenticator.wrongCode(), authenticator.code()]) {
      expectProblem(await logInWithCode(api, guesser, code), 401, 'invalid_credentials');
    }
    expect((await logInWithCode(api, member, authenticator.code())).status).toBe(200);
  });

  test('ignores a code that the account does not ask for', async () => {
    const answer = await logInWithCode(api, await signUp(api), '123456');
    expect(answer.status).toBe(200);
  });
});

describe('a code', () => {
  test('works once, on whichever instance', async () => {
    holdStep();
    const { member, authenticator } = await somebody();
    const code = authenticator.code();
    expect((await logInWithCode(api, member, code)).status).toBe(200);
    expectProblem(await logInWithCode(api, member, code), 403, 'wrong_code');
    expectProblem(await logInWithCode(another, member, code), 403, 'wrong_code');
  });

  test('works once for several logins at a time', async () => {
    holdStep();
    const { member, authenticator } = await somebody();
    const code = authenticator.code();
    const answers = await Promise.all(
      [api, another, api, another].map((instance) => logInWithCode(instance, member, code)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403, 403, 403]);
  });

  test('that has confirmed the second factor signs nobody in', async () => {
    holdStep();
    const member = await signUp(api);
    const { authenticator } = await protect(member);
    const answer = await logInWithCode(api, member, authenticator.code());
    expectProblem(answer, 403, 'wrong_code');
  });

  test('works for one step of 30 s longer', async () => {
    holdStep();
    const { member, authenticator } = await somebody();
    expect((await logInWithCode(api, member, authenticator.code(-1))).status).toBe(200);
    expect((await logInWithCode(api, member, authenticator.code())).status).toBe(200);
  });

  test.each([
    ['two steps before', -2],
    ['the next step', 1],
    ['an hour ago', -120],
  ])('of %s is refused', async (_, steps) => {
    holdStep();
    const { member, authenticator } = await somebody();
    expectProblem(await logInWithCode(api, member, authenticator.code(steps)), 403, 'wrong_code');
  });

  test('of before the last one that was used is refused', async () => {
    holdStep();
    const { member, authenticator } = await somebody();
    await logInWithCode(api, member, authenticator.code());
    expectProblem(await logInWithCode(api, member, authenticator.code(-1)), 403, 'wrong_code');
  });

  test('of one account does not open another', async () => {
    holdStep();
    const [one, other] = [await somebody(), await somebody()];
    const answer = await logInWithCode(api, one.member, other.authenticator.code());
    expectProblem(answer, 403, 'wrong_code');
  });
});

describe('a sensitive change', () => {
  const newPassword = 'staple battery horse';

  test('of the password asks for a code again', async () => {
    const { member, authenticator, unusedCode } = await somebody();
    const change = (code?: string) =>
      member.send('put', '/users/me/password', {
        currentPassword: member.password,
        newPassword,
        code,
      });
    expectProblem(await change(), 403, 'second_factor_required');
    expectProblem(await change(authenticator.wrongCode()), 403, 'wrong_code');
    expect((await change(await unusedCode())).status).toBe(204);
    const changed = { ...member, password: newPassword };
    expect((await logInWithCode(api, changed, await unusedCode())).status).toBe(200);
  });

  test('such as the deletion of the account asks for a code again', async () => {
    const { member, authenticator, unusedCode } = await somebody();
    const { password } = member;
    const remove = (code?: string) => member.send('delete', '/users/me', { password, code });
    expectProblem(await remove(), 403, 'second_factor_required');
    expectProblem(await remove(authenticator.wrongCode()), 403, 'wrong_code');
    expect((await member.send('get', '/users/me')).status).toBe(200);
    expect((await remove(await unusedCode())).status).toBe(204);
  });

  test('does not take the code that has just signed in', async () => {
    holdStep();
    const { member, authenticator } = await somebody();
    const code = authenticator.code();
    await logInWithCode(api, member, code);
    const answer = await member.send('delete', '/users/me', { password: member.password, code });
    expectProblem(answer, 403, 'wrong_code');
  });
});

describe('whoever guesses codes', () => {
  test('is stopped after ten, also at another prompt, but others are not', async () => {
    holdStep();
    const { member, authenticator, recoveryCodes } = await somebody();
    const stranger = await somebody();
    for (let guess = 0; guess < 10; guess += 1) {
      const answer = await logInWithCode(limited, member, authenticator.wrongCode());
      expectProblem(answer, 403, 'wrong_code');
    }
    for (const code of [authenticator.code(), recoveryCodes[0]]) {
      const answer = await logInWithCode(limited, member, code);
      expectProblem(answer, 429, 'rate_limited');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(900);
    }
    const there = memberOf(limited, member, member.password);
    const proof = { password: member.password, code: authenticator.code() };
    expectProblem(await there.send('delete', '/users/me', proof), 429, 'rate_limited');
    const answer = await logInWithCode(limited, stranger.member, stranger.authenticator.code());
    expect(answer.status).toBe(200);
  });

  test('is forgiven after a right one', async () => {
    holdStep();
    const { member, authenticator, unusedCode } = await somebody();
    for (let round = 0; round < 2; round += 1) {
      for (let guess = 0; guess < 6; guess += 1) {
        const answer = await logInWithCode(limited, member, authenticator.wrongCode());
        expectProblem(answer, 403, 'wrong_code');
      }
      expect((await logInWithCode(limited, member, await unusedCode())).status).toBe(200);
    }
  });

  test('is stopped while the second factor is being confirmed as well', async () => {
    holdStep();
    const member = await signUp(limited);
    const { body } = await member.send('post', '/users/me/totp', { password: member.password });
    expect(body.secret).toBeDefined();
    const confirm = () => member.send('post', '/users/me/totp/confirm', { code: 'no code' });
    for (let guess = 0; guess < 10; guess += 1) expectProblem(await confirm(), 403, 'wrong_code');
    expectProblem(await confirm(), 429, 'rate_limited');
  });
});

test('a secret that was changed in the database lets nobody in', async () => {
  const { member, authenticator } = await somebody();
  const stored = await UserModel.findById(member.user.id).lean();
  const sealed = stored?.secondFactor?.secret ?? '';
  const changed = sealed.slice(0, -1) + (sealed.endsWith('A') ? 'B' : 'A');
  await UserModel.updateOne({ _id: member.user.id }, { 'secondFactor.secret': changed });
  const answer = await logInWithCode(api, member, authenticator.code());
  expectProblem(answer, 500, 'internal_error');
  expect(await countSessions(member)).toBe(1);
});

describe('after a restart', () => {
  /** The same server, started again with other secrets. */
  function restarted(secrets: { JWT_SECRET?: string; ENCRYPTION_SECRET?: string }) {
    const { ENCRYPTION_SECRET } = secrets;
    const { config, logger } = api.dependencies;
    const dependencies = createDependencies({
      config: { ...config, ENCRYPTION_SECRET },
      database: database(),
      logger,
      jwtSecret: secrets.JWT_SECRET ?? jwtSecret,
      mailTransport: undefined,
    });
    return { request: supertest(createApp(dependencies, { stopping: false })) };
  }

  const other = 'another secret, which has more than 32 bytes';

  test.each([
    ['with the same secret', {}],
    [
      'with a new JWT_SECRET and the old one as ENCRYPTION_SECRET',
      { JWT_SECRET: other, ENCRYPTION_SECRET: jwtSecret },
    ],
  ])('%s, codes work on', async (_, secrets) => {
    const { member, authenticator } = await somebody();
    const answer = await logInWithCode(restarted(secrets), member, authenticator.code());
    expect(answer.status).toBe(200);
  });

  test('with a new secret only, recovery codes work on, and lead to a new authenticator', async () => {
    const { member, authenticator, recoveryCodes } = await somebody();
    const server = restarted({ JWT_SECRET: other });
    const lost = await logInWithCode(server, member, authenticator.code());
    expectProblem(lost, 500, 'internal_error');
    const { body, status } = await logInWithCode(server, member, recoveryCodes[0]);
    expect(status).toBe(200);
    const there = memberOf(server as Api, body, member.password);
    const proof = { password: member.password, code: recoveryCodes[1] };
    expect((await there.send('delete', '/users/me/totp', proof)).status).toBe(204);
    await protect(there);
    expect((await eventsOf(there))[0]).toBe('second_factor_enabled');
  });
});
