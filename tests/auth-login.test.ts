import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import {
  expectProblem,
  logIn,
  refresh,
  register,
  sessionIdOf,
  violationsIn,
} from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { send, signUp } from './support/factories.ts';

const api = useApi();
const newEmail = () => `${randomUUID()}@example.com`;

/** What a caller can tell an answer by, its own time aside. */
function tellable({ status, headers, body }: Response): unknown {
  const { date: _, ...others } = headers as Record<string, string>;
  return { status, headers: others, body };
}

describe('POST /auth/login', () => {
  describe('200', () => {
    test('answers the user and a new pair of tokens', async () => {
      const { user, password } = await signUp(api());
      const answer = await logIn(api(), user.email, password);
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers).not.toHaveProperty('location');
      expect(answer.body).toEqual({
        user,
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 900,
      });
    });

    test('starts a session beside the ones that go on', async () => {
      const member = await signUp(api());
      const { body } = await logIn(api(), member.user.email, member.password);
      expect(sessionIdOf(body)).not.toBe(sessionIdOf(member));
      for (const token of [member.accessToken, body.accessToken]) {
        expect((await send(api(), token, 'get', '/users/me')).status).toBe(200);
      }
      for (const token of [member.refreshToken, body.refreshToken]) {
        expect((await refresh(api(), token)).status).toBe(200);
      }
    });

    test('compares the address without case and without white space around it', async () => {
      const { user, password } = await signUp(api(), { email: `Ada.${newEmail()}` });
      for (const email of [user.email.toUpperCase(), user.email.toLowerCase(), ` ${user.email}`]) {
        const answer = await logIn(api(), email, password);
        expect(answer.body.user).toEqual(user);
      }
    });

    test('tells no hash', async () => {
      const { user, password } = await signUp(api());
      const { text, body } = await logIn(api(), user.email, password);
      const session = await SessionModel.findById(sessionIdOf(body)).lean();
      expect(text).not.toMatch(/\$2[aby]\$/);
      expect(text).not.toContain(session?.lineageHash);
    });

    test('makes a session for each of several logins at once', async () => {
      const { user, password } = await signUp(api());
      const answers = await Promise.all(
        Array.from({ length: 4 }, () => logIn(api(), user.email, password)),
      );
      expect(new Set(answers.map(({ body }) => sessionIdOf(body))).size).toBe(4);
    });
  });

  describe('401', () => {
    test('tells an unknown address and a wrong password alike', async () => {
      const { user } = await signUp(api());
      const answers = await Promise.all(
        [user.email, newEmail()].map((email) =>
          send(api(), undefined, 'post', '/auth/login')
            .set('X-Request-Id', 'the-same-for-both')
            .send({ email, password: 'neither of theirs' }),
        ),
      );
      const [wrongPassword, unknownAddress] = answers.map(tellable);
      expect(wrongPassword).toEqual(unknownAddress);
    });

    test('says that the combination is wrong, and how to authenticate', async () => {
      const answer = await logIn(api(), newEmail(), 'correct horse battery');
      expectProblem(answer, 401, 'invalid_credentials');
      expect(answer.headers['www-authenticate']).toBe('Bearer');
    });

    test('starts no session', async () => {
      const { user } = await signUp(api());
      await logIn(api(), user.email, 'not the password');
      expect(await SessionModel.countDocuments({ userId: user.id })).toBe(1);
    });

    test('refuses the password of somebody else', async () => {
      const [ada, eve] = [await signUp(api()), await signUp(api())];
      expectProblem(await logIn(api(), ada.user.email, eve.password), 401, 'invalid_credentials');
    });

    test.each<[string, string, (password: string) => string]>([
      ['in another case', 'Correct Horse Battery', (password) => password.toLowerCase()],
      [
        'without the white space around it',
        '  padded quartz lagoon  ',
        (password) => password.trim(),
      ],
      ['with white space around it', 'correct horse battery', (password) => `${password} `],
      [
        'with a NUL character and more after it',
        'correct horse battery',
        (password) => `${password}\0x`,
      ],
      ['without its last character', 'correct horse battery', (password) => password.slice(0, -1)],
      // bcrypt itself reads 72 bytes and takes these for the same password.
      ['with a byte more than bcrypt reads', 'æøåßüçñðþ'.repeat(4), (password) => `${password}x`],
      ['with much more than bcrypt reads', 'æøåßüçñðþ'.repeat(4), (password) => password.repeat(9)],
      // bcrypt itself reads a lone surrogate as U+FFFD.
      ['with a lone surrogate', 'quartz lagoon \ufffd', () => 'quartz lagoon \ud800'],
    ])('refuses the password %s', async (_, password, changed) => {
      const email = newEmail();
      expect((await register(api(), { email, password })).status).toBe(201);
      expectProblem(await logIn(api(), email, changed(password)), 401, 'invalid_credentials');
      expect((await logIn(api(), email, password)).status).toBe(200);
    });

    test('tries whatever could be a password, even if nobody could choose it', async () => {
      const { user } = await signUp(api());
      for (const password of ['x', 'x'.repeat(1000)]) {
        expectProblem(await logIn(api(), user.email, password), 401, 'invalid_credentials');
      }
    });
  });

  describe('422', () => {
    test('lists every violation', async () => {
      const answer = await send(api(), undefined, 'post', '/auth/login').send({
        email: 'ada',
        password: '',
        remember: true,
      });
      expect(violationsIn(answer)).toEqual([
        'body.email invalid_format',
        'body.password too_small',
        'body.remember unrecognized_key',
      ]);
    });

    test('refuses query operators in the place of text', async () => {
      const { user, password } = await signUp(api());
      expect(violationsIn(await logIn(api(), { $gt: '' }, password))).toEqual([
        'body.email invalid_type',
      ]);
      expect(violationsIn(await logIn(api(), user.email, { $ne: null }))).toEqual([
        'body.password invalid_type',
      ]);
    });

    test('refuses a list of addresses', async () => {
      const { user, password } = await signUp(api());
      expect(violationsIn(await logIn(api(), [user.email], password))).toEqual([
        'body.email invalid_type',
      ]);
    });

    test('refuses a password of more than 1,000 characters before it is hashed', async () => {
      const { user } = await signUp(api());
      expect(violationsIn(await logIn(api(), user.email, 'x'.repeat(1001)))).toEqual([
        'body.password too_big',
      ]);
    });

    test.each(['__proto__', 'constructor', 'name'])(
      'refuses the unknown member %s',
      async (name) => {
        const { user, password } = await signUp(api());
        const answer = await send(api(), undefined, 'post', '/auth/login')
          .set('Content-Type', 'application/json')
          .send(`{"email":"${user.email}","password":"${password}","${name}":{}}`);
        expect(violationsIn(answer)).toEqual([`body.${name} unrecognized_key`]);
      },
    );

    test('takes credentials from the body only', async () => {
      const { user, password } = await signUp(api());
      const query = new URLSearchParams({ email: user.email, password }).toString();
      const answer = await send(api(), undefined, 'post', `/auth/login?${query}`).send({});
      expect(violationsIn(answer)).toEqual([
        'body.email invalid_type',
        'body.password invalid_type',
        'query.email unrecognized_key',
        'query.password unrecognized_key',
      ]);
      expect(answer.text).not.toContain(password);
    });
  });
});
