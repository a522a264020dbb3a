import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import bcrypt from 'bcrypt';
import type { Response } from 'supertest';
import { UserModel } from '../src/features/users/users.model.ts';
import { logIn, register, violationsIn } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { signUp } from './support/factories.ts';
import { useServers } from './support/serving.ts';

const database = useDatabase();
const serve = useServers();
const breached = 'quartz lagoon violin';
let api: Api;
let checking: Api;
let costly: Api;
beforeAll(async () => {
  const hash = createHash('sha1').update(breached).digest('hex').toUpperCase();
  const ranges = createServer((_req, res) => res.end(`${hash.slice(5)}:42\r\n${'0'.repeat(35)}:0`));
  api = await startInstance(database());
  checking = await startInstance(database(), { BREACHED_PASSWORDS_URL: await serve(ranges) });
  costly = await startInstance(database(), { BCRYPT_COST: '5' });
});
afterAll(() => Promise.all([api, checking, costly].map((instance) => instance.close())));

const newEmail = () => `${randomUUID()}@example.com`;

/** The one hint of a refusal. */
function hintIn(answer: Response): string {
  const { errors } = answer.body as { errors: { message: string }[] };
  return errors[0]?.message ?? '';
}

describe('A new password', () => {
  test.each([
    ['among the common ones', 'password123', 'common_password'],
    ['a common one in disguise', 'P@ssw0rd1', 'common_password'],
    ['a row of keys', 'qwertyuiop', 'common_password'],
    ['one letter again and again', 'aaaaaaaaaaaa', 'weak_password'],
    ['a sequence', 'abcdefghijk', 'weak_password'],
    ['a single word', 'government', 'weak_password'],
    ['a date', '1984-06-17', 'weak_password'],
    ['the name of this service', 'taskmanager', 'personal_password'],
  ])('is refused when it is %s, with a hint', async (_, password, code) => {
    const answer = await register(api, { email: newEmail(), password });
    expect(violationsIn(answer)).toEqual([`body.password ${code}`]);
    expect(hintIn(answer)).toMatch(/^must .+: .*join several unrelated words/);
    expect(answer.text).not.toContain(password);
  });

  test.each([
    ['the e-mail address', 'augusta.lovelace'],
    ['the e-mail address backwards', 'ecalevol.atsugua'],
    ['the name', 'KingByron1815'],
    ['the domain of the address', 'notes-of-babbage'],
  ])('is refused when it is built from %s', async (_, password) => {
    const email = `augusta.lovelace@notes-of-babbage.example`;
    const answer = await register(api, { email, name: 'King Byron', password });
    expect(violationsIn(answer)).toEqual(['body.password personal_password']);
  });

  test('is not held to rules of composition', async () => {
    for (const password of [
      'correct horse battery',
      'kx7#vQ2m',
      'çağrı öykü ırmak',
      '🔑🦊🎻🌋🧵🛶🍇🪁',
    ]) {
      expect((await register(api, { email: newEmail(), password })).status).toBe(201);
    }
  });

  test('is held to the same when an old one is changed', async () => {
    const member = await signUp(api);
    const answer = await member.send('put', '/users/me/password', {
      currentPassword: member.password,
      newPassword: 'password123',
    });
    expect(violationsIn(answer)).toEqual(['body.newPassword common_password']);
    expect((await logIn(api, member.user.email, member.password)).status).toBe(200);
  });

  test('creates no account when it is refused', async () => {
    const email = newEmail();
    await register(api, { email, password: 'password123' });
    expect((await register(api, { email })).status).toBe(201);
  });
});

describe('A password from a breach', () => {
  test('is refused where breaches are asked about', async () => {
    const answer = await register(checking, { email: newEmail(), password: breached });
    expect(violationsIn(answer)).toEqual(['body.password breached_password']);
    const other = await register(checking, { email: newEmail(), password: 'another fine lagoon' });
    expect(other.status).toBe(201);
  });

  test('is taken where they are not', async () => {
    expect((await register(api, { email: newEmail(), password: breached })).status).toBe(201);
  });

  test('still logs in: a refusal would tell whoever guesses it', async () => {
    const email = newEmail();
    await register(api, { email, password: breached });
    expect((await logIn(checking, email, breached)).status).toBe(200);
  });
});

describe('A hash of a lower cost', () => {
  const hashOf = async (id: string) => (await UserModel.findById(id).lean())?.passwordHash ?? '';

  test('is replaced at the next login, which the password survives', async () => {
    const { user, password } = await signUp(api);
    expect(bcrypt.getRounds(await hashOf(user.id))).toBe(4);
    expect((await logIn(costly, user.email, password)).status).toBe(200);
    expect(bcrypt.getRounds(await hashOf(user.id))).toBe(5);
    expect((await logIn(api, user.email, password)).status).toBe(200);
    expect(bcrypt.getRounds(await hashOf(user.id))).toBe(5);
  });

  test('stays after a wrong password', async () => {
    const { user } = await signUp(api);
    const before = await hashOf(user.id);
    expect((await logIn(costly, user.email, 'not the password')).status).toBe(401);
    expect(await hashOf(user.id)).toBe(before);
  });

  test('may be replaced by several logins at once, all of which succeed', async () => {
    const { user, password } = await signUp(api);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => logIn(costly, user.email, password)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(bcrypt.getRounds(await hashOf(user.id))).toBe(5);
  });
});
