import { describe, expect, test } from '@jest/globals';
import { Secret, TOTP, URI } from 'otpauth';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import {
  expectProblem,
  expectUnauthorized,
  instant,
  logIn,
  logInAgain,
  refresh,
  violationsIn,
} from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { enrol, eventsOf, logInWithCode, protect } from './support/authenticator.ts';
import { type Member, memberOf, send, signUp } from './support/factories.ts';

const api = useApi();

const begin = (member: Member, body: object = { password: member.password }) =>
  member.send('post', '/users/me/totp', body);
const confirm = (member: Member, code: unknown) =>
  member.send('post', '/users/me/totp/confirm', { code });
const disable = (member: Member, code?: string) =>
  member.send('delete', '/users/me/totp', { password: member.password, code });
const overview = (member: Member) => member.send('get', '/users/me/security');

/** Fails unless the account asks for no code. */
async function expectUnprotected(member: Member): Promise<void> {
  expect((await logIn(api(), member.user.email, member.password)).status).toBe(200);
  expect((await overview(member)).body.secondFactor).toBeNull();
}

/** Takes the password away, as if the account had come from a provider. */
async function withoutPassword(): Promise<Member> {
  const member = await signUp(api());
  await UserModel.updateOne({ _id: member.user.id }, { $unset: { passwordHash: true } });
  return member;
}

test.each([
  ['get', '/users/me/security'],
  ['post', '/users/me/totp'],
  ['delete', '/users/me/totp'],
  ['post', '/users/me/totp/confirm'],
  ['post', '/users/me/totp/recovery-codes'],
] as const)('%s %s keeps strangers out', async (method, path) => {
  expectUnauthorized(await send(api(), undefined, method, path), 'unauthenticated');
});

describe('POST /users/me/totp', () => {
  test('200: shows one secret as text, as a link and as a picture', async () => {
    const member = await signUp(api(), { email: `o'hara+${Date.now()}@example.com` });
    const answer = await begin(member);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(Object.keys(answer.body)).toEqual(['secret', 'uri', 'qrCode']);
    const { secret, uri, qrCode } = answer.body;
    expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    const totp = URI.parse(uri);
    expect(totp).toBeInstanceOf(TOTP);
    expect(totp).toMatchObject({
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
      issuer: 'Task Manager',
    });
    expect(totp.label).toBe(member.user.email);
    expect(totp.secret.base32).toBe(secret);
    const [, picture = ''] = /^data:image\/svg\+xml;base64,([\w+/]+=*)$/.exec(qrCode) ?? [];
    const svg = Buffer.from(picture, 'base64').toString();
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" viewBox="0 0 (\d+) \1">(<(rect|path)( [a-z]+="[^"<>]*")+\/>)+<\/svg>$/,
    );
  });

  test('200: asks nobody for codes before the first one has come', async () => {
    const member = await signUp(api());
    await begin(member);
    await expectUnprotected(member);
  });

  test('200: asked again, replaces what was begun', async () => {
    const member = await signUp(api());
    const [first, second] = [await enrol(member), await enrol(member)];
    expectProblem(await confirm(member, first.code()), 403, 'wrong_code');
    expect((await confirm(member, second.code())).status).toBe(200);
  });

  test('200: takes a fresh sign-in for a password that the account does not have', async () => {
    expect((await begin(await withoutPassword(), {})).status).toBe(200);
  });

  test('403: refuses a sign-in of long ago in place of a password', async () => {
    const member = await withoutPassword();
    const createdAt = new Date(Date.now() - 301_000);
    await SessionModel.updateMany({ userId: member.user.id }, { $set: { createdAt } });
    expectProblem(await begin(member, {}), 403, 'fresh_sign_in_required');
  });

  test('403: refuses a wrong password, and begins nothing', async () => {
    const member = await signUp(api());
    expectProblem(await begin(member, { password: 'staple battery' }), 403, 'wrong_password');
    expectProblem(await confirm(member, '123456'), 404, 'not_found');
  });

  test('409: leaves a second factor that is on as it is', async () => {
    const member = await signUp(api());
    const { unusedCode } = await protect(member);
    const given = { password: member.password, code: await unusedCode() };
    expectProblem(await begin(member, given), 409, 'second_factor_active');
    expect((await logInWithCode(api(), member, given.code)).status).toBe(200);
  });

  test('422: names a missing password, and whatever is too much', async () => {
    const member = await signUp(api());
    expect(violationsIn(await begin(member, {}))).toEqual(['body.password invalid_type']);
    expect(violationsIn(await begin(member, { secret: 'ABC' }))).toEqual([
      'body.secret unrecognized_key',
    ]);
  });

  test('stores the secret unreadable', async () => {
    const member = await signUp(api());
    const { secret } = (await begin(member)).body;
    const stored = JSON.stringify(await UserModel.findById(member.user.id).lean());
    expect(stored).toContain('"secondFactor":');
    const bytes = Buffer.from(Secret.fromBase32(secret).bytes);
    const forms = (['hex', 'base64', 'base64url', 'latin1'] as const).map((form) =>
      bytes.toString(form),
    );
    for (const form of [secret, ...forms]) expect(stored).not.toContain(form);
  });
});

describe('POST /users/me/totp/confirm', () => {
  test('200: turns the second factor on, answers ten recovery codes, and tells', async () => {
    const member = await signUp(api());
    const answer = await confirm(member, (await enrol(member)).code());
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { recoveryCodes } = answer.body;
    expect(answer.body).toEqual({ recoveryCodes });
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes) expect(code).toMatch(/^[A-Z2-7]{6}(-[A-Z2-7]{6}){3}$/);
    expect((await overview(member)).body.secondFactor).toEqual({
      enabledAt: instant,
      recoveryCodesLeft: 10,
    });
    expect((await eventsOf(member))[0]).toBe('second_factor_enabled');
  });

  test('200: takes a code in two groups', async () => {
    const member = await signUp(api());
    const code = (await enrol(member)).code();
    expect((await confirm(member, `${code.slice(0, 3)} ${code.slice(3)}`)).status).toBe(200);
  });

  test('200: ends every other session of the account, and no session of others', async () => {
    const member = await signUp(api());
    const other = await logInAgain(api(), member);
    const stranger = await signUp(api());
    await protect(member);
    expectUnauthorized(await other.send('get', '/users/me'), 'invalid_token');
    expectProblem(await refresh(api(), other.refreshToken), 401, 'invalid_refresh_token');
    expect((await member.send('get', '/users/me')).status).toBe(200);
    expect((await stranger.send('get', '/users/me')).status).toBe(200);
    await expectUnprotected(stranger);
  });

  test('403: refuses a wrong code, and leaves the second factor off', async () => {
    const member = await signUp(api());
    const authenticator = await enrol(member);
    for (const code of [authenticator.wrongCode(), '١٢٣٤٥٦', 'abcdef']) {
      expectProblem(await confirm(member, code), 403, 'wrong_code');
    }
    await expectUnprotected(member);
    expect((await confirm(member, authenticator.code())).status).toBe(200);
  });

  test('403: refuses the code of somebody else’s authenticator', async () => {
    const [member, stranger] = [await signUp(api()), await signUp(api())];
    const theirs = await enrol(stranger);
    await enrol(member);
    expectProblem(await confirm(member, theirs.code()), 403, 'wrong_code');
  });

  test('404: has nothing to confirm where nothing was begun', async () => {
    expectProblem(await confirm(await signUp(api()), '123456'), 404, 'not_found');
  });

  test('409: confirms once, also when asked twice at a time', async () => {
    const member = await signUp(api());
    const code = (await enrol(member)).code();
    const answers = await Promise.all([confirm(member, code), confirm(member, code)]);
    const won = answers.filter(({ status }) => status === 200);
    expect(won).toHaveLength(1);
    expectProblem(await confirm(member, code), 409, 'second_factor_active');
    const [recoveryCode] = won[0]?.body.recoveryCodes ?? [];
    expect((await logInWithCode(api(), member, recoveryCode)).status).toBe(200);
  });

  test('422: refuses what cannot be a code', async () => {
    const member = await signUp(api());
    await enrol(member);
    expect(violationsIn(await confirm(member, '12345'))).toEqual(['body.code too_small']);
    expect(violationsIn(await confirm(member, { $ne: '' }))).toEqual(['body.code invalid_type']);
  });
});

describe('DELETE /users/me/totp', () => {
  test('204: turns the second factor off, and tells', async () => {
    const member = await signUp(api());
    const { unusedCode } = await protect(member);
    const answer = await disable(member, await unusedCode());
    expect(answer.status).toBe(204);
    expect((await eventsOf(member))[0]).toBe('second_factor_disabled');
    await expectUnprotected(member);
  });

  test('204: ends every other session of the account', async () => {
    const member = await signUp(api());
    const { unusedCode } = await protect(member);
    const { body } = await logInWithCode(api(), member, await unusedCode());
    const other = memberOf(api(), body, member.password);
    expect((await disable(member, await unusedCode())).status).toBe(204);
    expectUnauthorized(await other.send('get', '/users/me'), 'invalid_token');
    expect((await member.send('get', '/users/me')).status).toBe(200);
  });

  test('204: lets another authenticator be set up, to which old codes mean nothing', async () => {
    const member = await signUp(api());
    const { unusedCode, recoveryCodes } = await protect(member);
    await disable(member, await unusedCode());
    await protect(member);
    const answer = await logInWithCode(api(), member, recoveryCodes[0]);
    expectProblem(answer, 403, 'wrong_code');
  });

  test('403: asks for the password and for a code, and else leaves it on', async () => {
    const member = await signUp(api());
    const { authenticator, unusedCode } = await protect(member);
    expectProblem(await disable(member), 403, 'second_factor_required');
    expectProblem(await disable(member, authenticator.wrongCode()), 403, 'wrong_code');
    const stolen = { ...member, password: 'staple battery' };
    expectProblem(await disable(stolen, await unusedCode()), 403, 'wrong_password');
    expect((await overview(member)).body.secondFactor).not.toBeNull();
  });

  test('404: has nothing to turn off where nothing is on', async () => {
    const member = await signUp(api());
    expectProblem(await disable(member), 404, 'not_found');
    await enrol(member);
    expectProblem(await disable(member), 404, 'not_found');
  });
});

describe('GET /users/me/security', () => {
  test('200: tells what protects the account, and no secret', async () => {
    const member = await signUp(api());
    const unprotected = await overview(member);
    const expected = { role: 'user', hasPassword: true, secondFactor: null, identityCount: 0 };
    expect(unprotected.body).toEqual(expected);
    expect(unprotected.headers['cache-control']).toBe('private, no-cache');
    await protect(member);
    const secondFactor = { enabledAt: instant, recoveryCodesLeft: 10 };
    expect((await overview(member)).body).toEqual({ ...expected, secondFactor });
  });

  test('200: tells of an account that has no password', async () => {
    expect((await overview(await withoutPassword())).body.hasPassword).toBe(false);
  });
});
