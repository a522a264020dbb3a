import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, instant, logIn, register, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { basePath, send, signUp } from './support/factories.ts';
import { acceptedPasswords, refusedPasswords } from './support/passwords.ts';

const api = useApi();
const newEmail = () => `${randomUUID()}@example.com`;

describe('POST /auth/register', () => {
  describe('201', () => {
    test('creates an account and signs in', async () => {
      const email = newEmail();
      const answer = await register(api(), { email, name: 'Ada Lovelace' });
      expect(answer.status).toBe(201);
      expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.headers['location']).toBe(`${basePath}/users/me`);
      expect(answer.body).toEqual({
        user: {
          id: expect.any(String),
          email,
          name: 'Ada Lovelace',
          timeZone: 'UTC',
          emailVerified: false,
          createdAt: instant,
          updatedAt: answer.body.user.createdAt,
        },
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 900,
      });
    });

    test('gives an access token that reads what Location names', async () => {
      const answer = await register(api(), { email: newEmail() });
      const { accessToken, user } = answer.body;
      const read = await send(api(), accessToken, 'get', String(answer.headers['location']));
      expect(read.status).toBe(200);
      expect(read.body).toEqual(user);
    });

    test('tells neither the password nor its hash, and stores the hash only', async () => {
      const password = `open sesame ${randomUUID()}`;
      const { status, text, body } = await register(api(), { email: newEmail(), password });
      expect(status).toBe(201);
      expect(text).not.toContain(password);
      const stored = await UserModel.findById(body.user.id).lean();
      expect(stored?.passwordHash).toMatch(/^\$2b\$04\$.{53}$/);
      expect(text).not.toContain(stored?.passwordHash);
      const sessions = await SessionModel.find({ userId: body.user.id }).lean();
      expect(JSON.stringify([stored, sessions])).not.toContain(password);
    });

    test('gives two people with one password two hashes', async () => {
      const emails = [newEmail(), newEmail()];
      for (const email of emails) await register(api(), { email, password: 'the same for both' });
      const stored = await UserModel.find({ email: { $in: emails } }).lean();
      expect(new Set(stored.map(({ passwordHash }) => passwordHash)).size).toBe(2);
    });

    test('drops white space around the address and the name, and keeps their letters', async () => {
      const email = `Ada.${newEmail()}`;
      const answer = await register(api(), { email: `  ${email}\n`, name: '\t Åda 🔑  L. ' });
      expect(answer.status).toBe(201);
      expect(answer.body.user).toMatchObject({ email, name: 'Åda 🔑  L.' });
    });

    test('takes a name of 100 characters, however many units they take', async () => {
      const answer = await register(api(), { email: newEmail(), name: '🔑'.repeat(100) });
      expect(answer.body.user).toMatchObject({ name: '🔑'.repeat(100) });
    });

    test.each(acceptedPasswords)(
      'takes a password of %s, which then logs in',
      async (_, password) => {
        const email = newEmail();
        expect((await register(api(), { email, password })).status).toBe(201);
        expect((await logIn(api(), email, password)).status).toBe(200);
      },
    );

    test('takes an address of 254 characters, and no longer one', async () => {
      const domain = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
      const local = randomUUID().padEnd(254 - domain.length - 1, 'd');
      const longest = await register(api(), { email: `${local}@${domain}` });
      expect(longest.body.user.email).toHaveLength(254);
      const longer = await register(api(), { email: `d${local}@${domain}` });
      expect(violationsIn(longer)).toEqual(['body.email too_big']);
    });
  });

  describe('409', () => {
    test.each<[string, (email: string) => string]>([
      ['as it is', (email) => email],
      ['in capitals', (email) => email.toUpperCase()],
      ['with white space around it', (email) => ` ${email} `],
    ])('refuses an address that is taken, %s', async (_, written) => {
      const member = await signUp(api());
      const answer = await register(api(), { email: written(member.user.email) });
      expectProblem(answer, 409, 'email_taken');
      expect((await member.send('get', '/auth/sessions')).body.data).toHaveLength(1);
      expect((await logIn(api(), member.user.email, 'correct horse battery')).status).toBe(401);
    });

    test('makes one account of many registrations at once', async () => {
      const email = newEmail();
      const answers = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          register(api(), { email: index % 2 === 0 ? email : email.toUpperCase() }),
        ),
      );
      const statuses = answers.map(({ status }) => status).toSorted();
      expect(statuses).toEqual([201, ...Array<number>(7).fill(409)]);
      expect(await UserModel.countDocuments({ emailKey: email })).toBe(1);
    });
  });

  describe('422', () => {
    test('lists every violation', async () => {
      const answer = await register(api(), {
        email: 'ada',
        password: 'short',
        name: ' ',
        role: 'admin',
        emailVerified: true,
      });
      expect(violationsIn(answer)).toEqual([
        'body.email invalid_format',
        'body.emailVerified unrecognized_key',
        'body.name too_small',
        'body.password too_small',
        'body.role unrecognized_key',
      ]);
    });

    test('names every missing member', async () => {
      const answer = await send(api(), undefined, 'post', '/auth/register').send({});
      expect(violationsIn(answer)).toEqual([
        'body.email invalid_type',
        'body.name invalid_type',
        'body.password invalid_type',
      ]);
    });

    test('repeats none of the values that it refuses', async () => {
      const answer = await register(api(), { email: 'not-an-address', password: 'p4ssw\0rd' });
      expect(answer.status).toBe(422);
      expect(answer.text).not.toMatch(/not-an-address|p4ssw/);
    });

    test.each(refusedPasswords)('refuses a password of %s', async (_, password, code) => {
      const answer = await register(api(), { email: newEmail(), password });
      expect(violationsIn(answer)).toEqual([`body.password ${code}`]);
    });

    test.each<[string, unknown, string]>([
      ['without @', 'ada.example.com', 'invalid_format'],
      ['without a domain', 'ada@', 'invalid_format'],
      ['with two @', 'ada@home@example.com', 'invalid_format'],
      ['with a line break', 'ada@example.com\r\nBcc: eve@example.com', 'invalid_format'],
      ['with a NUL character', 'ada\0@example.com', 'invalid_format'],
      ['with a display name', 'Ada <ada@example.com>', 'invalid_format'],
      ['that is empty', '', 'invalid_format'],
      ['that is a query operator', { $gt: '' }, 'invalid_type'],
      ['that is a list', ['ada@example.com'], 'invalid_type'],
      ['that is null', null, 'invalid_type'],
    ])('refuses an address %s', async (_, email, code) => {
      expect(violationsIn(await register(api(), { email }))).toEqual([`body.email ${code}`]);
    });

    test.each<[string, unknown, string]>([
      ['that is empty', '', 'too_small'],
      ['of white space', ' \u00a0\t', 'too_small'],
      ['of 101 characters', 'a'.repeat(101), 'too_big'],
      ['with a NUL character', 'Ada\0', 'custom'],
      ['with a lone surrogate', 'Ada \udead', 'custom'],
      ['that is an object', { first: 'Ada' }, 'invalid_type'],
    ])('refuses a name %s', async (_, name, code) => {
      const answer = await register(api(), { email: newEmail(), name });
      expect(violationsIn(answer)).toEqual([`body.name ${code}`]);
    });

    test.each(['__proto__', 'constructor', 'toString', '$where', 'id'])(
      'refuses the unknown member %s',
      async (member) => {
        const body = `{"email":"${newEmail()}","password":"open sesame","name":"Ada","${member}":{}}`;
        const answer = await send(api(), undefined, 'post', '/auth/register')
          .set('Content-Type', 'application/json')
          .send(body);
        expect(violationsIn(answer)).toEqual([`body.${member} unrecognized_key`]);
      },
    );

    test('refuses query parameters', async () => {
      const answer = await send(api(), undefined, 'post', '/auth/register?name=Eve').send({
        email: newEmail(),
        password: 'correct horse battery',
        name: 'Ada',
      });
      expect(violationsIn(answer)).toEqual(['query.name unrecognized_key']);
    });

    test('creates nothing', async () => {
      const email = newEmail();
      await register(api(), { email, role: 'admin' });
      expect(await UserModel.countDocuments({ emailKey: email })).toBe(0);
    });
  });
});
