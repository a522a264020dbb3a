import { beforeAll, describe, expect, test } from '@jest/globals';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectUnauthorized, logInAgain, sessionIdOf } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { createTask, type Member, send, signUp } from './support/factories.ts';
import { forge } from './support/forged-tokens.ts';

const api = useApi();

const readAs = (token: string | undefined) => send(api(), token, 'get', '/users/me');
const readWith = (header: string, value: string) =>
  api().request.get('/api/v1/users/me').set(header, value);
const nowInSeconds = () => Math.floor(Date.now() / 1000);

/** Nothing of this changes it, so that all may use one account. */
let member: Member;
beforeAll(async () => {
  member = await signUp(api());
});

describe('an access token', () => {
  test('names its holder, its session, its issuer and its end, and nothing personal', () => {
    const [header = '', claims = ''] = member.accessToken
      .split('.')
      .map((part) => Buffer.from(part, 'base64url').toString());
    expect(JSON.parse(header)).toEqual({ alg: 'HS256', typ: 'at+jwt' });
    const issuedAt = JSON.parse(claims).iat as number;
    expect(JSON.parse(claims)).toEqual({
      sub: member.user.id,
      sid: sessionIdOf(member),
      iss: 'task-manager-api',
      aud: 'task-manager-api',
      iat: expect.any(Number),
      exp: issuedAt + 900,
    });
  });

  test('lives for as long as ACCESS_TOKEN_TTL says', async () => {
    const soon = forge(member.accessToken, { claims: { exp: nowInSeconds() + 60 } });
    expect((await readAs(soon)).status).toBe(200);
  });

  test.each(['Bearer', 'bearer', 'BEARER', 'Bearer  '])(
    'is taken after the scheme "%s"',
    async (scheme) => {
      const answer = await readWith('Authorization', `${scheme} ${member.accessToken}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(member.user);
    },
  );
});

describe('a forged token', () => {
  test('would work if it were signed and said as a real one is', async () => {
    expect((await readAs(forge(member.accessToken))).status).toBe(200);
  });

  test.each<[string, Parameters<typeof forge>[1]]>([
    ['is signed with another secret', { secret: 'another secret, which has over 32 bytes' }],
    ['is signed with an empty secret', { secret: '' }],
    ['is signed by HS512 with the right secret', { header: { alg: 'HS512' }, hash: 'sha512' }],
    ['is signed by HS384 with the right secret', { header: { alg: 'HS384' }, hash: 'sha384' }],
    ['says none', { header: { alg: 'none' } }],
    ['says RS256, with the secret for a public key', { header: { alg: 'RS256' } }],
    ['says no algorithm', { header: { alg: undefined } }],
    ['says several algorithms', { header: { alg: ['HS256', 'none'] } }],
    ['brings a key of its own', { header: { jwk: { kty: 'oct', k: 'AA' } }, secret: '\0' }],
    ['is not an access token (typ missing)', { header: { typ: undefined } }],
    ['is not an access token (typ JWT)', { header: { typ: 'JWT' } }],
    ['is of another issuer', { claims: { iss: 'another-api' } }],
    ['is of no issuer', { claims: { iss: undefined } }],
    ['is for another audience', { claims: { aud: 'another-api' } }],
    ['is for no audience', { claims: { aud: undefined } }],
    ['never expires', { claims: { exp: undefined } }],
    ['expires at null', { claims: { exp: null } }],
    ['expires in words', { claims: { exp: '2999-01-01' } }],
    ['has expired', { claims: { exp: 1_700_000_000 } }],
    ['has expired just now', { claims: { exp: nowInSeconds() } }],
    ['is not valid yet', { claims: { nbf: nowInSeconds() + 600 } }],
    ['is of nobody', { claims: { sub: undefined } }],
    ['is of a query operator', { claims: { sub: { $ne: null } } }],
    ['is of a list', { claims: { sub: ['68f1c2a79d3e4b5a6c7d8e90'] } }],
    ['is of a word', { claims: { sub: 'admin' } }],
    ['is of no session', { claims: { sid: undefined } }],
    ['is of a session that is a query operator', { claims: { sid: { $exists: true } } }],
    ['is of a session that is a number', { claims: { sid: 1 } }],
  ])('is refused when it %s', async (_, forgery) => {
    expectUnauthorized(await readAs(forge(member.accessToken, forgery)), 'invalid_token');
  });

  test.each<[string, (token: string) => string]>([
    ['has no signature', (token) => token.replace(/[^.]*$/, '')],
    ['has two parts', (token) => token.replace(/\.[^.]*$/, '')],
    ['has four parts', (token) => `${token}.e30`],
    ['has a shortened signature', (token) => token.slice(0, -4)],
    ['has other claims under its signature', (token) => token.replace(/\.[^.]+\./, '.e30.')],
    ['says none and has no signature', (token) => unsigned(token, 'none')],
    ['says None and has no signature', (token) => unsigned(token, 'None')],
    ['is a refresh token', () => member.refreshToken],
    ['is a word', () => 'null'],
    ['is dots', () => '..'],
    ['is nothing but padding', () => '='],
    ['is two tokens', (token) => `${token}, ${token}`],
    ['has a word after it', (token) => `${token} admin`],
    ['is in quotes', (token) => `"${token}"`],
    ['is missing', () => ''],
  ])('is refused when it %s', async (_, change) => {
    const answer = await readWith('Authorization', `Bearer ${change(member.accessToken)}`);
    expectUnauthorized(answer, 'invalid_token');
  });

  function unsigned(token: string, algorithm: string): string {
    return forge(token, { header: { alg: algorithm } }).replace(/[^.]*$/, '');
  }
});

describe('a token whose session or account is no more', () => {
  test('is refused once its session has ended', async () => {
    const other = await logInAgain(api(), member);
    expect((await readAs(other.accessToken)).status).toBe(200);
    await other.send('post', '/auth/logout');
    expectUnauthorized(await readAs(other.accessToken), 'invalid_token');
    // Nor can its holder prolong it.
    const prolonged = forge(other.accessToken, { claims: { exp: nowInSeconds() + 86_400 } });
    expectUnauthorized(await readAs(prolonged), 'invalid_token');
  });

  test('is refused on every route once its account is deleted', async () => {
    const gone = await signUp(api());
    const task = await createTask(gone);
    expect((await gone.send('delete', '/users/me', { password: gone.password })).status).toBe(204);
    for (const path of ['/users/me', '/auth/sessions', '/tasks', `/tasks/${task.id}`]) {
      expectUnauthorized(await gone.send('get', path), 'invalid_token');
    }
    expectUnauthorized(await gone.send('post', '/tasks', { title: 'Haunt' }), 'invalid_token');
  });

  test('is refused where the account is needed even if the record is gone by other means', async () => {
    const gone = await signUp(api());
    await UserModel.deleteOne({ _id: gone.user.id });
    expectUnauthorized(await gone.send('get', '/users/me'), 'invalid_token');
    expectUnauthorized(await gone.send('patch', '/users/me', { name: 'Eve' }), 'invalid_token');
  });
});

describe('a token in any other place', () => {
  test('is not taken from the query', async () => {
    for (const name of ['access_token', 'accessToken', 'token', 'authorization']) {
      const answer = await send(api(), undefined, 'get', `/users/me?${name}=${member.accessToken}`);
      expectUnauthorized(answer, 'unauthenticated');
      expect(answer.text).not.toContain(member.accessToken);
    }
  });

  test('is not taken from the body', async () => {
    for (const name of ['access_token', 'accessToken', 'token']) {
      const answer = await send(api(), undefined, 'patch', '/users/me').send({
        name: 'Eve',
        [name]: member.accessToken,
      });
      expectUnauthorized(answer, 'unauthenticated');
    }
  });

  test('is not taken from a form', async () => {
    const answer = await send(api(), undefined, 'post', '/tasks')
      .type('form')
      .send({ title: 'Pay rent', access_token: member.accessToken });
    expectUnauthorized(answer, 'unauthenticated');
  });

  test.each(['Cookie', 'X-Access-Token', 'X-Auth-Token', 'Proxy-Authorization'])(
    'is not taken from the header %s',
    async (header) => {
      const value = header === 'Cookie' ? `accessToken=${member.accessToken}` : member.accessToken;
      expectUnauthorized(await readWith(header, value), 'unauthenticated');
    },
  );

  test('is not taken under another scheme, which asks for none', async () => {
    const basic = Buffer.from(`${member.user.email}:${member.password}`).toString('base64');
    for (const value of [
      `Basic ${basic}`,
      `Token ${member.accessToken}`,
      `BearerX ${member.accessToken}`,
      member.accessToken,
    ]) {
      expectUnauthorized(await readWith('Authorization', value), 'unauthenticated');
    }
  });
});

describe('without a token', () => {
  test('the answer asks for one, and says nothing of an error', async () => {
    expectUnauthorized(await readAs(undefined), 'unauthenticated');
  });
});
