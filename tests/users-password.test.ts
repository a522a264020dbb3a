import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { UserModel } from '../src/features/users/users.model.ts';
import {
  expectProblem,
  expectUnauthorized,
  logIn,
  logInAgain,
  refresh,
  register,
  sessionIdOf,
  untilRefused,
  violationsIn,
} from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { type Member, memberOf, send, signUp } from './support/factories.ts';
import { acceptedPasswords, refusedPasswords } from './support/passwords.ts';

const newPassword = 'staple battery horse';

const database = useDatabase();
let api: Api;
let another: Api;
beforeAll(async () => {
  api = await startInstance(database());
  // Its hashes take long enough for other requests to come in between.
  another = await startInstance(database(), { BCRYPT_COST: '8' });
});
afterAll(() => Promise.all([api.close(), another.close()]));

function change(member: Member, given: object = {}): Promise<Response> {
  return member.send('put', '/users/me/password', {
    currentPassword: member.password,
    newPassword,
    ...given,
  });
}

/** Whether a password logs in. */
async function logsIn({ user }: Member, password: string): Promise<boolean> {
  const { status } = await logIn(api, user.email, password);
  expect([200, 401]).toContain(status);
  return status === 200;
}

describe('PUT /users/me/password', () => {
  describe('204', () => {
    test('changes the password with which the account logs in', async () => {
      const member = await signUp(api);
      const answer = await change(member);
      expect(answer.status).toBe(204);
      expect(answer.text).toBe('');
      expect(await logsIn(member, newPassword)).toBe(true);
      expect(await logsIn(member, member.password)).toBe(false);
    });

    test('stores the hash only', async () => {
      const member = await signUp(api);
      const before = await UserModel.findById(member.user.id).lean();
      await change(member);
      const after = await UserModel.findById(member.user.id).lean();
      expect(after?.passwordHash).toMatch(/^\$2b\$04\$.{53}$/);
      expect(after?.passwordHash).not.toBe(before?.passwordHash);
      expect(JSON.stringify(after)).not.toContain(newPassword);
    });

    test('makes another version of the account', async () => {
      const member = await signUp(api);
      const before = await member.send('get', '/users/me');
      await change(member);
      const after = await member.send('get', '/users/me');
      expect(after.headers['etag']).not.toBe(before.headers['etag']);
      expect(after.body).toEqual({ ...member.user, updatedAt: after.body.updatedAt });
    });

    test('lets the session of the request go on', async () => {
      const member = await signUp(api);
      await change(member);
      expect((await member.send('get', '/users/me')).status).toBe(200);
      expect((await refresh(api, member.refreshToken)).status).toBe(200);
    });

    test('ends every other session of the account, at once, and no session of others', async () => {
      const member = await signUp(api);
      const others = [await logInAgain(api, member), await logInAgain(api, member)];
      const stranger = await signUp(api);
      await change(member);
      for (const other of others) {
        expectUnauthorized(await other.send('get', '/users/me'), 'invalid_token');
        expectProblem(await refresh(api, other.refreshToken), 401, 'invalid_refresh_token');
      }
      const { body } = await member.send('get', '/auth/sessions');
      expect(body.data).toMatchObject([{ id: sessionIdOf(member), current: true }]);
      expect((await stranger.send('get', '/users/me')).status).toBe(200);
    });

    test('ends them on other instances within a second', async () => {
      const member = await signUp(api);
      const other = await logInAgain(api, member);
      const there = memberOf(another, other, other.password);
      expect((await there.send('get', '/users/me')).status).toBe(200);
      await change(member);
      const answer = await untilRefused(() => there.send('get', '/users/me'));
      expectUnauthorized(answer, 'invalid_token');
    });

    test('may be repeated, and may keep the password', async () => {
      const member = await signUp(api);
      await change(member);
      for (const next of [newPassword, member.password]) {
        const answer = await change(member, { currentPassword: newPassword, newPassword: next });
        expect(answer.status).toBe(204);
      }
      expect(await logsIn(member, member.password)).toBe(true);
    });

    test.each(acceptedPasswords)('takes a password of %s', async (_, password) => {
      const member = await signUp(api);
      expect((await change(member, { newPassword: password })).status).toBe(204);
      expect(await logsIn(member, password)).toBe(true);
    });
  });

  test('401: asks for a token, whatever the password', async () => {
    const member = await signUp(api);
    const anonymous = await send(api, undefined, 'put', '/users/me/password').send({
      currentPassword: member.password,
      newPassword,
    });
    expectUnauthorized(anonymous, 'unauthenticated');
    expect(await logsIn(member, member.password)).toBe(true);
  });

  describe('403', () => {
    test('refuses a wrong current password, and changes and ends nothing', async () => {
      const member = await signUp(api);
      const other = await logInAgain(api, member);
      const answer = await change(member, { currentPassword: newPassword });
      expectProblem(answer, 403, 'wrong_password');
      expect(answer.headers).not.toHaveProperty('www-authenticate');
      expect(await logsIn(member, newPassword)).toBe(false);
      expect(await logsIn(member, member.password)).toBe(true);
      expect((await other.send('get', '/users/me')).status).toBe(200);
    });

    test('refuses the password of somebody else', async () => {
      const [member, stranger] = [await signUp(api), await signUp(api)];
      const answer = await change(member, { currentPassword: stranger.password });
      expectProblem(answer, 403, 'wrong_password');
    });

    test('refuses a password that only begins like the current one, for 72 bytes', async () => {
      const password = 'æøåßüçñðþ'.repeat(4);
      const { body } = await register(api, { email: `${Date.now()}@example.com`, password });
      const member = memberOf(api, body, password);
      const answer = await change(member, { currentPassword: `${password}x` });
      expectProblem(answer, 403, 'wrong_password');
    });

    test('lets one of several changes at once win', async () => {
      const member = await signUp(api);
      const passwords = ['the first of them', 'the second of them', 'the third of them'];
      const answers = await Promise.all(
        passwords.map((password) => change(member, { newPassword: password })),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 403, 403]);
      for (const [index, { status }] of answers.entries()) {
        expect(await logsIn(member, passwords[index] ?? '')).toBe(status === 204);
      }
    });
  });

  describe('422', () => {
    test('lists every violation, and changes nothing', async () => {
      const member = await signUp(api);
      const answer = await send(api, member.accessToken, 'put', '/users/me/password?force=1').send({
        currentPassword: '',
        newPassword: 'short',
        password: newPassword,
      });
      expect(violationsIn(answer)).toEqual([
        'body.currentPassword too_small',
        'body.newPassword too_small',
        'body.password unrecognized_key',
        'query.force unrecognized_key',
      ]);
      expect(await logsIn(member, member.password)).toBe(true);
    });

    test('names a missing new password', async () => {
      const member = await signUp(api);
      const answer = await member.send('put', '/users/me/password', {});
      expect(violationsIn(answer)).toEqual(['body.newPassword invalid_type']);
    });

    test('asks for the current password of an account that has one', async () => {
      const member = await signUp(api);
      const answer = await member.send('put', '/users/me/password', { newPassword });
      expect(violationsIn(answer)).toEqual(['body.currentPassword invalid_type']);
      expect(await logsIn(member, member.password)).toBe(true);
    });

    test('refuses a query operator in the place of the current password', async () => {
      const member = await signUp(api);
      const answer = await change(member, { currentPassword: { $ne: null } });
      expect(violationsIn(answer)).toEqual(['body.currentPassword invalid_type']);
    });

    test.each(refusedPasswords)('refuses a new password of %s', async (_, password, code) => {
      const member = await signUp(api);
      const answer = await change(member, { newPassword: password });
      expect(violationsIn(answer)).toEqual([`body.newPassword ${code}`]);
    });
  });
});

describe('a login with the old password during the change', () => {
  test('leaves no session that outlives the change', async () => {
    const signedUp = await signUp(another);
    const member = memberOf(another, signedUp, signedUp.password);
    const { email } = member.user;
    const logins: Promise<Response>[] = [];
    const logInAtOnce = (count: number) => {
      for (let login = 0; login < count; login += 1) {
        logins.push(logIn(another, email, member.password));
      }
    };
    const changing = change(member);
    logInAtOnce(8);
    // The change waits for its new hash by now, so these have the old one, and come after it.
    await Promise.race(logins);
    logInAtOnce(8);
    expect((await changing).status).toBe(204);
    for (const answer of await Promise.all(logins)) {
      if (answer.status === 200) {
        const { accessToken, refreshToken } = answer.body;
        const read = await send(another, accessToken, 'get', '/users/me');
        expectUnauthorized(read, 'invalid_token');
        expectProblem(await refresh(another, refreshToken), 401, 'invalid_refresh_token');
      } else {
        expectProblem(answer, 401, 'invalid_credentials');
      }
    }
  });
});
