import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import {
  expectProblem,
  expectUnauthorized,
  logIn,
  logInAgain,
  violationsIn,
} from './support/accounts.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { linkIn, untilMailsAreSent, useMailedApi } from './support/mail-server.ts';

const { api, mailServer } = useMailedApi();

const newAddress = () => `${randomUUID()}@example.org`;

const change = (member: Member, given: object) =>
  member.send('put', '/users/me/email', { password: member.password, ...given });

const verify = (token: string) =>
  send(api(), undefined, 'post', '/auth/verify-email').send({ token });

const tokenFor = async (email: string) =>
  linkIn(await mailServer().take(email, /Verify your new e-mail address/)).token;

/** Has asked for a new address, and has the token of its link. */
async function asked(member: Member): Promise<{ email: string; token: string }> {
  const email = newAddress();
  await change(member, { email });
  return { email, token: await tokenFor(email) };
}

const addressOf = async (member: Member) => (await member.send('get', '/users/me')).body.email;

describe('PUT /users/me/email', () => {
  describe('204', () => {
    test('changes nothing before the link in the new mailbox is used', async () => {
      const member = await signUp(api());
      const email = newAddress();
      const answer = await change(member, { email });
      expect([answer.status, answer.text]).toEqual([204, '']);
      const token = await tokenFor(email);
      expect(await addressOf(member)).toBe(member.user.email);
      expect((await verify(token)).status).toBe(204);
      const { body } = await member.send('get', '/users/me');
      expect(body).toMatchObject({ id: member.user.id, email, emailVerified: true });
      expect((await logIn(api(), email, member.password)).status).toBe(200);
      const old = await logIn(api(), member.user.email, member.password);
      expectProblem(old, 401, 'invalid_credentials');
    });

    test('is told to the present address when it is asked for', async () => {
      const member = await signUp(api());
      const { email } = await asked(member);
      const mail = await mailServer().take(member.user.email, /A change of your e-mail address/);
      expect(mail.text).toContain('from the IP address 127.0.0.1.');
      expect(mail.text).not.toContain(email);
    });

    test('is told to both addresses when it is done', async () => {
      const member = await signUp(api());
      const { email, token } = await asked(member);
      await verify(token);
      for (const address of [member.user.email, email]) {
        const mail = await mailServer().take(address, /address of your account was changed/);
        expect(mail.text).not.toContain(email);
      }
    });

    test('is two security events of the account', async () => {
      const member = await signUp(api());
      await verify((await asked(member)).token);
      const { body } = await member.send('get', '/users/me/security-events');
      const types = body.data.map(({ type }: { type: string }) => type);
      expect(types.slice(0, 2)).toEqual(['email_changed', 'email_change_requested']);
    });

    test('lets all sessions go on', async () => {
      const member = await signUp(api());
      const other = await logInAgain(api(), member);
      await verify((await asked(member)).token);
      expect((await member.send('get', '/users/me')).status).toBe(200);
      expect((await other.send('get', '/users/me')).status).toBe(200);
    });

    test('voids a link to a new password in the old mailbox', async () => {
      const member = await signUp(api());
      const { token } = await asked(member);
      const { email } = member.user;
      await send(api(), undefined, 'post', '/auth/forgot-password').send({ email });
      const old = linkIn(await mailServer().take(email, /Reset your password/));
      await verify(token);
      const newPassword = 'staple battery horse';
      const reset = send(api(), undefined, 'post', '/auth/reset-password');
      const answer = await reset.send({ token: old.token, newPassword });
      expectProblem(answer, 401, 'invalid_email_token');
    });

    test('may change the case of the address', async () => {
      const member = await signUp(api());
      const email = member.user.email.replace(/^[^@]+/, (local) => local.toUpperCase());
      expect((await change(member, { email })).status).toBe(204);
      await verify(await tokenFor(email));
      expect(await addressOf(member)).toBe(email);
    });

    test('sends the verification again for the address that the account has', async () => {
      const member = await signUp(api());
      const { email } = member.user;
      await mailServer().take(email, /Verify your e-mail address/);
      expect((await change(member, { email })).status).toBe(204);
      const { token } = linkIn(await mailServer().take(email, /Verify your e-mail address/));
      expect((await verify(token)).status).toBe(204);
    });

    test('the newest address that was asked for wins', async () => {
      const member = await signUp(api());
      const [first, second] = [await asked(member), await asked(member)];
      expectProblem(await verify(first.token), 401, 'invalid_email_token');
      await verify(second.token);
      expect(await addressOf(member)).toBe(second.email);
    });

    test('is given up by asking for the verification of the present address', async () => {
      const member = await signUp(api());
      const { token } = await asked(member);
      await member.send('post', '/users/me/email/verification');
      expectProblem(await verify(token), 401, 'invalid_email_token');
    });

    test('works once, for ten who use the link at the same time', async () => {
      const member = await signUp(api());
      const { token } = await asked(member);
      const answers = await Promise.all(Array.from({ length: 10 }, () => verify(token)));
      const statuses = answers.map(({ status }) => status).toSorted();
      expect(statuses).toEqual([204, ...Array(9).fill(401)]);
    });
  });

  test('401: asks for a session', async () => {
    const body = { email: newAddress(), password: 'open sesame' };
    const answer = await send(api(), undefined, 'put', '/users/me/email').send(body);
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('401: refuses a link that has expired', async () => {
    const member = await signUp(api());
    const { token } = await asked(member);
    await UserModel.updateOne(
      { _id: member.user.id },
      { $set: { 'emailLink.expiresAt': new Date() } },
    );
    expectProblem(await verify(token), 401, 'invalid_email_token');
    expect(await addressOf(member)).toBe(member.user.email);
  });

  describe('403', () => {
    test('refuses a wrong password, and sends nothing', async () => {
      const member = await signUp(api());
      const email = newAddress();
      const answer = await change(member, { email, password: 'staple battery horse' });
      expectProblem(answer, 403, 'wrong_password');
      await untilMailsAreSent();
      expect(mailServer().mails.flatMap(({ to }) => to)).not.toContain(email);
    });

    test('asks for a code where there is a second factor', async () => {
      const member = await signUp(api());
      const enabledAt = new Date();
      const secondFactor = { secret: 'unreadable', enabledAt, lastStep: 0, recoveryHashes: [] };
      await UserModel.updateOne({ _id: member.user.id }, { $set: { secondFactor } });
      const answer = await change(member, { email: newAddress() });
      expectProblem(answer, 403, 'second_factor_required');
    });

    test('asks an account without a password for a fresh sign-in', async () => {
      const member = await signUp(api());
      await UserModel.updateOne({ _id: member.user.id }, { $unset: { passwordHash: true } });
      const email = newAddress();
      expect((await member.send('put', '/users/me/email', { email })).status).toBe(204);
      const before = new Date(Date.now() - 301_000);
      await SessionModel.updateMany({ userId: member.user.id }, { $set: { createdAt: before } });
      const answer = await member.send('put', '/users/me/email', { email });
      expectProblem(answer, 403, 'fresh_sign_in_required');
    });
  });

  describe('409', () => {
    test('refuses an address that another account has, in any case', async () => {
      const [member, holder] = [await signUp(api()), await signUp(api())];
      const answer = await change(member, { email: holder.user.email.toUpperCase() });
      expectProblem(answer, 409, 'email_taken');
    });

    test('refuses the link when another account has taken the address meanwhile', async () => {
      const member = await signUp(api());
      const { email, token } = await asked(member);
      await signUp(api(), { email });
      expectProblem(await verify(token), 409, 'email_taken');
      expect(await addressOf(member)).toBe(member.user.email);
    });

    test('lets one of two accounts that ask for the same address win', async () => {
      const members = [await signUp(api()), await signUp(api())];
      const email = newAddress();
      const tokens: string[] = [];
      for (const member of members) {
        await change(member, { email });
        tokens.push(await tokenFor(email));
      }
      const answers = await Promise.all(tokens.map((token) => verify(token)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 409]);
    });
  });

  test('422: wants an address and the password, and nothing else', async () => {
    const member = await signUp(api());
    const answer = await member.send('put', '/users/me/email', { email: 'ada', verified: true });
    expect(violationsIn(answer)).toEqual([
      'body.email invalid_format',
      'body.verified unrecognized_key',
    ]);
    const without = await member.send('put', '/users/me/email', { email: newAddress() });
    expect(violationsIn(without)).toEqual(['body.password invalid_type']);
  });
});
