import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, expectUnauthorized, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { enrol, eventsOf, logInWithCode, protect } from './support/authenticator.ts';
import { type Member, memberOf, signUp } from './support/factories.ts';

const api = useApi();

/** Somebody new with a second factor. */
async function somebody() {
  const member = await signUp(api());
  return { member, ...(await protect(member)) };
}

const replace = (member: Member, code?: string, password = member.password) =>
  member.send('post', '/users/me/totp/recovery-codes', { password, code });

async function codesLeft(member: Member): Promise<number> {
  const { body } = await member.send('get', '/users/me/security');
  return body.secondFactor.recoveryCodesLeft as number;
}

describe('a recovery code', () => {
  test('signs in, in place of a code of the authenticator, and tells', async () => {
    const { member, recoveryCodes } = await somebody();
    expect((await logInWithCode(api(), member, recoveryCodes[0])).status).toBe(200);
    expect(await codesLeft(member)).toBe(9);
    expect((await eventsOf(member)).slice(0, 2)).toEqual(['signed_in', 'recovery_code_used']);
  });

  test('works once, and leaves the others', async () => {
    const { member, recoveryCodes } = await somebody();
    for (const code of recoveryCodes) {
      expect((await logInWithCode(api(), member, code)).status).toBe(200);
      expectProblem(await logInWithCode(api(), member, code), 403, 'wrong_code');
    }
    expect(await codesLeft(member)).toBe(0);
  });

  test('works once for several logins at a time', async () => {
    const { member, recoveryCodes } = await somebody();
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => logInWithCode(api(), member, recoveryCodes[3])),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403, 403, 403]);
    expect(await codesLeft(member)).toBe(9);
  });

  test.each<[string, (code: string) => string]>([
    ['in lower case', (code) => code.toLowerCase()],
    ['without hyphens', (code) => code.replaceAll('-', '')],
    ['with spaces for hyphens', (code) => ` ${code.replaceAll('-', ' ')} `],
    ['in other groups', (code) => code.replaceAll('-', '').replaceAll(/.{4}(?!$)/g, '$&-')],
  ])('works %s', async (_, written) => {
    const { member, recoveryCodes } = await somebody();
    const answer = await logInWithCode(api(), member, written(recoveryCodes[0] ?? ''));
    expect(answer.status).toBe(200);
  });

  test('allows a sensitive change', async () => {
    const { member, recoveryCodes } = await somebody();
    const { password } = member;
    const [code] = recoveryCodes;
    expect((await member.send('delete', '/users/me', { password, code })).status).toBe(204);
  });

  test('is not used up by a wrong password', async () => {
    const { member, recoveryCodes } = await somebody();
    const [code] = recoveryCodes;
    const guesser = { ...member, password: 'staple battery horse' };
    expectProblem(await logInWithCode(api(), guesser, code), 401, 'invalid_credentials');
    expect((await logInWithCode(api(), member, code)).status).toBe(200);
  });

  test('of somebody else is refused, and still works for them', async () => {
    const [one, other] = [await somebody(), await somebody()];
    const [code] = other.recoveryCodes;
    expectProblem(await logInWithCode(api(), one.member, code), 403, 'wrong_code');
    expect((await logInWithCode(api(), other.member, code)).status).toBe(200);
  });

  test('that was never made, or is cut short, is refused', async () => {
    const { member, recoveryCodes } = await somebody();
    for (const code of ['AAAAAA-AAAAAA-AAAAAA-AAAAAA', recoveryCodes[0]?.slice(0, -1)]) {
      expectProblem(await logInWithCode(api(), member, code), 403, 'wrong_code');
    }
    expect(await codesLeft(member)).toBe(10);
  });

  test('is stored as a hash only', async () => {
    const { member, recoveryCodes } = await somebody();
    const user = await UserModel.findById(member.user.id).lean();
    const stored = JSON.stringify(user);
    for (const code of recoveryCodes) {
      expect(stored).not.toContain(code);
      expect(stored).not.toContain(code.replaceAll('-', ''));
    }
    const hashes = recoveryCodes.map((code) =>
      createHash('sha256').update(code.replaceAll('-', '')).digest('base64url'),
    );
    expect(user?.secondFactor?.recoveryHashes).toEqual(hashes);
  });
});

describe('POST /users/me/totp/recovery-codes', () => {
  test('200: answers new codes, which are the only ones that work, and tells', async () => {
    const { member, recoveryCodes, unusedCode } = await somebody();
    const answer = await replace(member, await unusedCode());
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const replaced = answer.body.recoveryCodes as string[];
    expect(new Set([...recoveryCodes, ...replaced]).size).toBe(20);
    expect((await eventsOf(member))[0]).toBe('recovery_codes_replaced');
    expectProblem(await logInWithCode(api(), member, recoveryCodes[0]), 403, 'wrong_code');
    expect((await logInWithCode(api(), member, replaced[0])).status).toBe(200);
    expect((await logInWithCode(api(), member, await unusedCode())).status).toBe(200);
  });

  test('200: takes the last of the old codes', async () => {
    const { member, recoveryCodes } = await somebody();
    expect((await replace(member, recoveryCodes[0])).status).toBe(200);
    expect(await codesLeft(member)).toBe(10);
  });

  test('200: takes a code once for several requests at a time', async () => {
    const { member, recoveryCodes } = await somebody();
    // No password is checked in between, which would line the requests up.
    await UserModel.updateOne({ _id: member.user.id }, { $unset: { passwordHash: true } });
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => replace(member, recoveryCodes[0])),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  test('200: ends every other session of the account', async () => {
    const { member, recoveryCodes, unusedCode } = await somebody();
    const { body } = await logInWithCode(api(), member, recoveryCodes[0]);
    const other = memberOf(api(), body, member.password);
    await replace(member, await unusedCode());
    expectUnauthorized(await other.send('get', '/users/me'), 'invalid_token');
    expect((await member.send('get', '/users/me')).status).toBe(200);
  });

  test('403: asks for the password and for a code, and else replaces nothing', async () => {
    const { member, authenticator, recoveryCodes, unusedCode } = await somebody();
    expectProblem(await replace(member), 403, 'second_factor_required');
    expectProblem(await replace(member, authenticator.wrongCode()), 403, 'wrong_code');
    const code = await unusedCode();
    expectProblem(await replace(member, code, 'staple battery'), 403, 'wrong_password');
    expect((await logInWithCode(api(), member, recoveryCodes[0])).status).toBe(200);
  });

  test('404: has no codes to replace where no second factor is on', async () => {
    const member = await signUp(api());
    expectProblem(await replace(member), 404, 'not_found');
    await enrol(member);
    expectProblem(await replace(member), 404, 'not_found');
  });

  test('422: names each violation', async () => {
    const { member } = await somebody();
    const given = { code: '12345', count: 20 };
    const answer = await member.send('post', '/users/me/totp/recovery-codes', given);
    expect(violationsIn(answer)).toEqual(['body.code too_small', 'body.count unrecognized_key']);
  });
});
