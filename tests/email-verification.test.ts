import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, expectUnauthorized, violationsIn } from './support/accounts.ts';
import { type Api, startInstance } from './support/api.ts';
import { type Member, memberOf, send, signUp } from './support/factories.ts';
import { linkIn, mailJobs, untilMailsAreSent, useMailedApi } from './support/mail-server.ts';

const { api, database, mailServer } = useMailedApi({ PUBLIC_URL: 'https://tasks.example.com' });

const verify = (token: unknown) =>
  send(api(), undefined, 'post', '/auth/verify-email').send({ token });

const sendAgain = (member: Member) => member.send('post', '/users/me/email/verification');

async function mailedLink({ user }: Member) {
  return linkIn(await mailServer().take(user.email, /Verify your e-mail address/));
}

async function isVerified(member: Member): Promise<boolean> {
  const { body } = await member.send('get', '/users/me');
  return body.emailVerified;
}

const disable = ({ user }: Member) =>
  UserModel.updateOne({ _id: user.id }, { $set: { disabledAt: new Date() } });

describe('the e-mail after a registration', () => {
  test('has a link to the page of this server, with the token in its fragment', async () => {
    const { user } = await signUp(api());
    const mail = await mailServer().take(user.email);
    expect(mail).toMatchObject({ from: 'no-reply@tasks.example.com', to: [user.email] });
    expect(mail.headers).toMatchObject({
      subject: 'Task Manager: Verify your e-mail address',
      'content-type': expect.stringMatching(/^text\/plain; charset=utf-8/),
      'auto-submitted': 'auto-generated',
    });
    const { link, token } = linkIn(mail);
    expect(link).toBe(`https://tasks.example.com/verify-email#token=${token}`);
    expect(token).toMatch(new RegExp(`^${user.id}\\.[\\w-]{43}$`));
  });

  test('has nothing in it that a user wrote', async () => {
    const name = 'Prize!\r\nBcc: victim@example.com\r\n\r\nhttps://evil.example.com';
    const { user } = await signUp(api(), { name });
    const mail = await mailServer().take(user.email);
    expect(JSON.stringify(mail)).not.toMatch(/Prize|victim|evil/);
    expect(mail.headerNames).not.toContain('bcc');
    expect(mail.to).toEqual([user.email]);
  });

  test('leaves its token nowhere in the database', async () => {
    const member = await signUp(api());
    const { token } = await mailedLink(member);
    const [, secret = ''] = token.split('.');
    const collections = await mongoose.connection.db?.collections();
    for (const collection of collections ?? []) {
      expect(JSON.stringify(await collection.find().toArray())).not.toContain(secret);
    }
  });

  test('is not sent to an account that is disabled by then', async () => {
    const waiting = await startInstance(database(), { SMTP_URL: mailServer().url });
    const { dependencies } = api();
    await dependencies.jobs.stop();
    const member = await signUp(waiting);
    await disable(member);
    await dependencies.jobs.start();
    await untilMailsAreSent();
    await waiting.close();
    expect(mailServer().mails.filter(({ to }) => to.includes(member.user.email))).toEqual([]);
  });
});

describe('POST /auth/verify-email', () => {
  describe('204', () => {
    test('verifies the address, and lets the session go on', async () => {
      const member = await signUp(api());
      expect(await isVerified(member)).toBe(false);
      const before = await member.send('get', '/users/me');
      const answer = await verify((await mailedLink(member)).token);
      expect([answer.status, answer.text]).toEqual([204, '']);
      const after = await member.send('get', '/users/me');
      expect(after.body).toMatchObject({ email: member.user.email, emailVerified: true });
      expect(after.headers['etag']).not.toBe(before.headers['etag']);
    });

    test('is a security event of the account', async () => {
      const member = await signUp(api());
      await verify((await mailedLink(member)).token);
      const { body } = await member.send('get', '/users/me/security-events');
      expect(body.data[0]).toMatchObject({ type: 'email_verified', address: '127.0.0.1' });
    });

    test('is given once, to ten at the same time', async () => {
      const member = await signUp(api());
      const { token } = await mailedLink(member);
      const answers = await Promise.all(Array.from({ length: 10 }, () => verify(token)));
      const statuses = answers.map(({ status }) => status).toSorted();
      expect(statuses).toEqual([204, ...Array(9).fill(401)]);
    });
  });

  describe('401', () => {
    test('refuses a token for the second time', async () => {
      const member = await signUp(api());
      const { token } = await mailedLink(member);
      await verify(token);
      expectProblem(await verify(token), 401, 'invalid_email_token');
    });

    test('refuses a token that has expired', async () => {
      const member = await signUp(api());
      const { token } = await mailedLink(member);
      const stored = await UserModel.findById(member.user.id).lean();
      const left = (stored?.emailLink?.expiresAt.getTime() ?? 0) - Date.now();
      expect(left / 3_600_000).toBeCloseTo(24, 1);
      await UserModel.updateOne(
        { _id: member.user.id },
        { $set: { 'emailLink.expiresAt': new Date() } },
      );
      expectProblem(await verify(token), 401, 'invalid_email_token');
      expect(await isVerified(member)).toBe(false);
    });

    test('refuses a token that a newer one has replaced', async () => {
      const member = await signUp(api());
      const older = await mailedLink(member);
      await sendAgain(member);
      const newer = await mailedLink(member);
      expectProblem(await verify(older.token), 401, 'invalid_email_token');
      expect((await verify(newer.token)).status).toBe(204);
    });

    test('refuses a token of another account or for another purpose', async () => {
      const [member, stranger] = [await signUp(api()), await signUp(api())];
      const [, secret] = (await mailedLink(member)).token.split('.');
      expectProblem(await verify(`${stranger.user.id}.${secret}`), 401, 'invalid_email_token');
      const { email } = member.user;
      await send(api(), undefined, 'post', '/auth/forgot-password').send({ email });
      const reset = linkIn(await mailServer().take(email, /Reset your password/));
      expectProblem(await verify(reset.token), 401, 'invalid_email_token');
      expect(await isVerified(member)).toBe(false);
    });

    test('refuses a token of an account that is disabled', async () => {
      const member = await signUp(api());
      const { token } = await mailedLink(member);
      await disable(member);
      expectProblem(await verify(token), 401, 'invalid_email_token');
    });

    test.each([
      'x',
      '.',
      `${'f'.repeat(24)}.${randomBytes(32).toString('base64url')}`,
      `${'f'.repeat(24)}.`,
      '{"$ne":null}',
      'ü'.repeat(100),
    ])('refuses %s', async (token) => {
      expectProblem(await verify(token), 401, 'invalid_email_token');
    });
  });

  test('422: wants a text as the token, and nothing else', async () => {
    expect(violationsIn(await verify({ $ne: null }))).toEqual(['body.token invalid_type']);
    expect(violationsIn(await verify(''))).toEqual(['body.token too_small']);
    expect(violationsIn(await verify('x'.repeat(201)))).toEqual(['body.token too_big']);
    const answer = await send(api(), undefined, 'post', '/auth/verify-email').send({ userId: 'x' });
    expect(violationsIn(answer)).toEqual([
      'body.token invalid_type',
      'body.userId unrecognized_key',
    ]);
  });
});

describe('POST /users/me/email/verification', () => {
  test('204: sends the link again', async () => {
    const member = await signUp(api());
    await mailedLink(member);
    const answer = await sendAgain(member);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await verify((await mailedLink(member)).token)).status).toBe(204);
  });

  test('204: sends nothing once the address is verified', async () => {
    const member = await signUp(api());
    await verify((await mailedLink(member)).token);
    expect((await sendAgain(member)).status).toBe(204);
    expect(await mailJobs()).toEqual([]);
  });

  test('401: asks for a session', async () => {
    const answer = await send(api(), undefined, 'post', '/users/me/email/verification');
    expectUnauthorized(answer, 'unauthenticated');
  });

  describe('with rate limits', () => {
    let limited: Api;
    beforeAll(async () => {
      await api().dependencies.jobs.stop();
      const settings = { SMTP_URL: mailServer().url, RATE_LIMIT: 'on' };
      limited = await startInstance(database(), settings);
      await limited.dependencies.jobs.start();
    });
    afterAll(async () => {
      await limited.dependencies.jobs.stop();
      await limited.close();
      await api().dependencies.jobs.start();
    });

    test('sends five mails within an hour, and leaves the last link as it is', async () => {
      const signedUp = await signUp(limited);
      const member = memberOf(limited, signedUp, signedUp.password);
      let last = await mailedLink(member);
      for (let count = 2; count <= 5; count += 1) {
        await sendAgain(member);
        last = await mailedLink(member);
      }
      for (let count = 6; count <= 8; count += 1) {
        expect((await sendAgain(member)).status).toBe(204);
      }
      await untilMailsAreSent();
      const sent = mailServer().mails.filter(({ to }) => to.includes(member.user.email));
      expect(sent).toHaveLength(5);
      expect((await verify(last.token)).status).toBe(204);
    });
  });

  describe('without a mail server', () => {
    let silent: Api;
    beforeAll(async () => {
      const { dependencies } = api();
      silent = await startInstance(database(), {
        NODE_ENV: 'production',
        MONGODB_URI: 'mongodb://localhost/unused',
        JWT_SECRET: 'unused'.repeat(8),
        BCRYPT_COST: '10',
        ENFORCE_HTTPS: 'off',
      });
      expect(dependencies.mail.isAvailable).toBe(true);
    });
    afterAll(() => silent.close());

    test('503: says that no mail can be sent', async () => {
      const member = await signUp(silent);
      expectProblem(await sendAgain(member), 503, 'mail_unavailable');
      const { email, password } = { ...member.user, ...member };
      const change = await member.send('put', '/users/me/email', { email, password });
      expectProblem(change, 503, 'mail_unavailable');
      const forgot = send(silent, undefined, 'post', '/auth/forgot-password').send({ email });
      expectProblem(await forgot, 503, 'mail_unavailable');
    });
  });
});
