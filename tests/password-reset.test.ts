import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { UserModel } from '../src/features/users/users.model.ts';
import {
  expectProblem,
  expectUnauthorized,
  logIn,
  logInAgain,
  refresh,
  violationsIn,
} from './support/accounts.ts';
import { startInstance } from './support/api.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { linkIn, untilMailsAreSent, useMailedApi } from './support/mail-server.ts';
import { refusedPasswords } from './support/passwords.ts';

const { api, database, mailServer } = useMailedApi();
const newPassword = 'staple battery horse';

const forgot = (email: unknown) =>
  send(api(), undefined, 'post', '/auth/forgot-password').send({ email });

const reset = (token: unknown, password: unknown = newPassword) =>
  send(api(), undefined, 'post', '/auth/reset-password').send({ token, newPassword: password });

const resetMail = (email: string) => mailServer().take(email, /Reset your password/);

async function forgottenBy({ user }: Member): Promise<string> {
  await forgot(user.email);
  return linkIn(await resetMail(user.email)).token;
}

const logsIn = async ({ user }: Member, password: string) =>
  (await logIn(api(), user.email, password)).status === 200;

/** An API token of somebody's. */
async function apiTokenOf(member: Member): Promise<string> {
  const { password } = member;
  const given = { name: 'backup', scopes: ['account:read'], expiresInDays: 1, password };
  const { body } = await member.send('post', '/users/me/api-tokens', given);
  return body.token;
}

const set = ({ user }: Member, changes: object) =>
  UserModel.updateOne({ _id: user.id }, { $set: changes });

describe('POST /auth/forgot-password', () => {
  test('204: sends a link to the account with this address, in any case', async () => {
    const { user } = await signUp(api());
    const answer = await forgot(` ${user.email.toUpperCase()} `);
    expect([answer.status, answer.text]).toEqual([204, '']);
    const { link } = linkIn(await resetMail(user.email));
    expect(link).toMatch(/^http:\/\/localhost:3000\/reset-password#token=[0-9a-f]{24}\.[\w-]{43}$/);
  });

  test('204: answers alike for an address that nobody has, and mails nobody', async () => {
    const { user } = await signUp(api());
    await mailServer().take(user.email);
    const unknown = `${randomUUID()}@example.com`;
    const [known, nobody] = [await forgot(user.email), await forgot(unknown)];
    const told = ({ status, text, headers }: typeof known) => {
      const { date: _, 'x-request-id': __, ...others } = headers;
      return { status, text, others };
    };
    expect(told(nobody)).toEqual(told(known));
    await resetMail(user.email);
    await untilMailsAreSent();
    expect(mailServer().mails.flatMap(({ to }) => to)).not.toContain(unknown);
  });

  test('is a security event of the account', async () => {
    const member = await signUp(api());
    await forgottenBy(member);
    await untilMailsAreSent();
    const { body } = await member.send('get', '/users/me/security-events');
    expect(body.data[0]).toMatchObject({ type: 'password_reset_requested', address: '127.0.0.1' });
  });

  test('204: sends nothing to an account that is disabled', async () => {
    const member = await signUp(api());
    await mailServer().take(member.user.email);
    await set(member, { disabledAt: new Date() });
    expect((await forgot(member.user.email)).status).toBe(204);
    await untilMailsAreSent();
    const mails = mailServer().mails.filter(({ to }) => to.includes(member.user.email));
    expect(mails).toHaveLength(1);
  });

  test('204: answers alike after five mails within an hour, and sends no more', async () => {
    const member = await signUp(api());
    await api().dependencies.jobs.stop();
    const settings = { SMTP_URL: mailServer().url, RATE_LIMIT: 'on' };
    const limited = await startInstance(database(), settings);
    await limited.dependencies.jobs.start();
    const { email } = member.user;
    for (let count = 1; count <= 7; count += 1) {
      const answer = await send(limited, undefined, 'post', '/auth/forgot-password').send({
        email,
      });
      expect([answer.status, answer.text]).toEqual([204, '']);
    }
    await untilMailsAreSent();
    await limited.dependencies.jobs.stop();
    await limited.close();
    await api().dependencies.jobs.start();
    const isReset = (headers: Record<string, string>) => headers['subject']?.includes('Reset');
    const sent = mailServer().mails.filter(
      ({ to, headers }) => to.includes(email) && isReset(headers),
    );
    expect(sent).toHaveLength(5);
  });

  test('422: wants an e-mail address', async () => {
    expect(violationsIn(await forgot('ada'))).toEqual(['body.email invalid_format']);
    expect(violationsIn(await forgot({ $ne: null }))).toEqual(['body.email invalid_type']);
    const inject = await forgot('ada@example.com\r\nBcc: eve@example.com');
    expect(violationsIn(inject)).toEqual(['body.email invalid_format']);
  });
});

describe('POST /auth/reset-password', () => {
  describe('204', () => {
    test('sets the password, and verifies the address', async () => {
      const member = await signUp(api());
      const answer = await reset(await forgottenBy(member));
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(await logsIn(member, member.password)).toBe(false);
      const { body } = await logIn(api(), member.user.email, newPassword);
      expect(body.user).toMatchObject({ id: member.user.id, emailVerified: true });
    });

    test('ends all sessions at once, and deletes all API tokens', async () => {
      const member = await signUp(api());
      const other = await logInAgain(api(), member);
      const stranger = await signUp(api());
      const apiToken = await apiTokenOf(member);
      expect((await send(api(), apiToken, 'get', '/users/me')).status).toBe(200);
      await reset(await forgottenBy(member));
      for (const { accessToken, refreshToken } of [member, other]) {
        const read = await send(api(), accessToken, 'get', '/users/me');
        expectUnauthorized(read, 'invalid_token');
        expectProblem(await refresh(api(), refreshToken), 401, 'invalid_refresh_token');
      }
      const scripted = await send(api(), apiToken, 'get', '/users/me');
      expectUnauthorized(scripted, 'invalid_token');
      expect((await stranger.send('get', '/users/me')).status).toBe(200);
    });

    test('is told to the owner, with the address from which it was done', async () => {
      const member = await signUp(api());
      await reset(await forgottenBy(member));
      const { text } = await mailServer().take(member.user.email, /Your password was reset/);
      expect(text).toMatch(
        /^Your password was reset, on \d{4}-\d\d-\d\d \d\d:\d\d UTC, from the IP address 127\.0\.0\.1\./,
      );
      const again = { ...member, password: newPassword };
      const { body } = await (
        await logInAgain(api(), again)
      ).send('get', '/users/me/security-events');
      expect(body.data.map(({ type }: { type: string }) => type)).toContain('password_reset');
    });

    test('is given once, to ten at the same time', async () => {
      const member = await signUp(api());
      const token = await forgottenBy(member);
      const passwords = Array.from({ length: 10 }, (_, index) => `${newPassword} ${index}`);
      const answers = await Promise.all(passwords.map((password) => reset(token, password)));
      const statuses = answers.map(({ status }) => status);
      expect(statuses.toSorted()).toEqual([204, ...Array(9).fill(401)]);
      expect(await logsIn(member, passwords[statuses.indexOf(204)] ?? '')).toBe(true);
    });

    test('leaves the second factor, and does not sign in', async () => {
      const member = await signUp(api());
      const secondFactor = {
        secret: 'unreadable',
        enabledAt: new Date(),
        lastStep: 0,
        recoveryHashes: [],
      };
      await set(member, { secondFactor });
      await reset(await forgottenBy(member));
      const answer = await logIn(api(), member.user.email, newPassword);
      expectProblem(answer, 403, 'second_factor_required');
    });

    test('voids the link to another address that a thief has asked for', async () => {
      const member = await signUp(api());
      const email = `${randomUUID()}@example.com`;
      await member.send('put', '/users/me/email', { email, password: member.password });
      const { token } = linkIn(await mailServer().take(email));
      await reset(await forgottenBy(member));
      const answer = await send(api(), undefined, 'post', '/auth/verify-email').send({ token });
      expectProblem(answer, 401, 'invalid_email_token');
    });

    test.each([
      ['unlinks the identities where the address was never verified', false],
      ['keeps the identities where the address was verified', true],
    ])('%s', async (_, emailVerified) => {
      const member = await signUp(api());
      const key = `test:${randomUUID()}`;
      const identities = [{ provider: 'test', subject: key, linkedAt: new Date() }];
      await set(member, { identities, identityKeys: [key], emailVerified });
      await reset(await forgottenBy(member));
      const stored = await UserModel.findById(member.user.id).lean();
      expect(stored?.identityKeys ?? []).toEqual(emailVerified ? [key] : []);
      expect(stored?.identities ?? []).toHaveLength(emailVerified ? 1 : 0);
    });
  });

  describe('401', () => {
    test('refuses a token for the second time', async () => {
      const member = await signUp(api());
      const token = await forgottenBy(member);
      await reset(token);
      expectProblem(await reset(token, member.password), 401, 'invalid_email_token');
      expect(await logsIn(member, newPassword)).toBe(true);
    });

    test('refuses a token that has expired', async () => {
      const member = await signUp(api());
      const token = await forgottenBy(member);
      const stored = await UserModel.findById(member.user.id).lean();
      const left = (stored?.passwordLink?.expiresAt.getTime() ?? 0) - Date.now();
      expect(left / 3_600_000).toBeCloseTo(1, 1);
      await set(member, { 'passwordLink.expiresAt': new Date() });
      expectProblem(await reset(token), 401, 'invalid_email_token');
      expect((await member.send('get', '/users/me')).status).toBe(200);
    });

    test('refuses a token that a newer one has replaced', async () => {
      const member = await signUp(api());
      const [older, newer] = [await forgottenBy(member), await forgottenBy(member)];
      expectProblem(await reset(older), 401, 'invalid_email_token');
      expect((await reset(newer)).status).toBe(204);
    });

    test('refuses a token from before a change of the password', async () => {
      const member = await signUp(api());
      const token = await forgottenBy(member);
      const change = { currentPassword: member.password, newPassword };
      expect((await member.send('put', '/users/me/password', change)).status).toBe(204);
      expectProblem(await reset(token), 401, 'invalid_email_token');
    });

    test('refuses a token of an account that is disabled, or for another purpose', async () => {
      const member = await signUp(api());
      const { token } = linkIn(await mailServer().take(member.user.email, /Verify/));
      expectProblem(await reset(token), 401, 'invalid_email_token');
      const own = await forgottenBy(member);
      await set(member, { disabledAt: new Date() });
      expectProblem(await reset(own), 401, 'invalid_email_token');
    });
  });

  describe('422', () => {
    test.each(refusedPasswords)('refuses a new password of %s', async (_, password, code) => {
      expect(violationsIn(await reset('x', password))).toEqual([`body.newPassword ${code}`]);
    });

    test('refuses a password that is easy to guess, and the token still works', async () => {
      const member = await signUp(api());
      const token = await forgottenBy(member);
      const answer = await reset(token, 'password123');
      expect(violationsIn(answer)).toEqual([expect.stringMatching(/^body\.newPassword /)]);
      expect((await member.send('get', '/users/me')).status).toBe(200);
      expect((await reset(token)).status).toBe(204);
    });

    test('names what is missing and what is not known', async () => {
      const answer = await send(api(), undefined, 'post', '/auth/reset-password').send({ code: 1 });
      expect(violationsIn(answer)).toEqual([
        'body.code unrecognized_key',
        'body.newPassword invalid_type',
        'body.token invalid_type',
      ]);
    });
  });
});
