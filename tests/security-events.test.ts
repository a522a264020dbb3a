import { beforeAll, describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { SecurityEventModel } from '../src/features/security-events/security-events.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import {
  expectUnauthorized,
  instant,
  logIn,
  logInAgain,
  refresh,
  sessionIdOf,
  violationsIn,
} from './support/accounts.ts';
import { signUpAdministrator } from './support/account-records.ts';
import { createToken } from './support/api-tokens.ts';
import { useApi } from './support/api.ts';
import { protect } from './support/authenticator.ts';
import { type Member, send, signUp } from './support/factories.ts';

const api = useApi();

interface Event {
  id: string;
  type: string;
  at: string;
}

/** What the owner reads of an account, the newest first. */
async function eventsOf(member: Member, query = 'limit=100'): Promise<Event[]> {
  const answer = await member.send('get', `/users/me/security-events?${query}`);
  expect(answer.status).toBe(200);
  return answer.body.data as Event[];
}

const typesOf = async (member: Member) => (await eventsOf(member)).map(({ type }) => type);

/** What has happened besides the making of the account, the oldest first. */
async function since(member: Member): Promise<string[]> {
  const types = (await typesOf(member)).toReversed();
  expect(types.slice(0, 2)).toEqual(['account_created', 'signed_in']);
  return types.slice(2);
}

describe('what is recorded', () => {
  test('making an account, and signing in', async () => {
    const member = await signUp(api());
    await logInAgain(api(), member);
    expect(await since(member)).toEqual(['signed_in']);
  });

  test('a sign-in that failed, for the owner of the address alone', async () => {
    const member = await signUp(api());
    await logIn(api(), member.user.email.toUpperCase(), 'not the password');
    expect(await since(member)).toEqual(['sign_in_failed']);
    const recorded = await SecurityEventModel.countDocuments();
    await logIn(api(), 'nobody@example.com', 'not the password');
    expect(await SecurityEventModel.countDocuments()).toBe(recorded);
  });

  test('signing out, and ending a session', async () => {
    const member = await signUp(api());
    const second = await logInAgain(api(), member);
    const third = await logInAgain(api(), member);
    await second.send('post', '/auth/logout');
    await member.send('delete', `/auth/sessions/${sessionIdOf(third)}`);
    expect(await since(member)).toEqual(['signed_in', 'signed_in', 'signed_out', 'session_ended']);
  });

  test('the replay of a refresh token', async () => {
    const member = await signUp(api());
    const reader = await logInAgain(api(), member);
    const { body } = await refresh(api(), member.refreshToken);
    await refresh(api(), body.refreshToken);
    await refresh(api(), member.refreshToken);
    expect(await since(reader)).toEqual(['signed_in', 'refresh_token_replayed']);
  });

  test('another password', async () => {
    const member = await signUp(api());
    const passwords = { currentPassword: member.password, newPassword: 'staple battery horse' };
    const { status } = await member.send('put', '/users/me/password', passwords);
    expect(status).toBe(204);
    expect(await since(member)).toEqual(['password_changed']);
  });

  test('making and deleting an API token', async () => {
    const member = await signUp(api());
    const { id } = await createToken(member);
    await member.send('delete', `/users/me/api-tokens/${id}`);
    expect(await since(member)).toEqual(['api_token_created', 'api_token_deleted']);
  });

  test('an export', async () => {
    const member = await signUp(api());
    await member.send('get', '/users/me/export');
    expect(await since(member)).toEqual(['account_exported']);
  });

  test('what administrators do to the account, and nothing of them', async () => {
    const [member, admin] = [await signUp(api()), await signUpAdministrator(api())];
    const path = `/admin/users/${member.user.id}`;
    for (const disabled of [true, false]) await admin.send('patch', path, { disabled });
    await admin.send('delete', `${path}/sessions`);
    const again = await logInAgain(api(), member);
    expect(await since(again)).toEqual([
      'account_disabled',
      'account_enabled',
      'sessions_ended_by_administrator',
      'signed_in',
    ]);
    expect(await since(admin)).toEqual([]);
  });

  test('a password and a code that were refused', async () => {
    const member = await signUp(api());
    const { authenticator } = await protect(member);
    const removeFactor = (password: string) =>
      member.send('delete', '/users/me/totp', { password, code: authenticator.wrongCode() });
    await removeFactor('not the password');
    await removeFactor(member.password);
    expect((await since(member)).slice(-2)).toEqual(['password_refused', 'code_refused']);
  });

  test('nothing of what was asked for in vain', async () => {
    const member = await signUp(api());
    await member.send('delete', `/auth/sessions/${'f'.repeat(24)}`);
    await member.send('get', '/admin/users');
    expect(await since(member)).toEqual([]);
  });

  test('when, from which address and with which client', async () => {
    const member = await signUp(api());
    const { email } = member.user;
    const userAgent = `<script>alert(1)</script> ${'x'.repeat(300)}`;
    await send(api(), undefined, 'post', '/auth/login')
      .set('User-Agent', userAgent)
      .send({ email, password: member.password });
    const [event] = await eventsOf(member, 'limit=1');
    expect(event).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      type: 'signed_in',
      at: instant,
      address: '127.0.0.1',
      userAgent: userAgent.slice(0, 300),
    });
  });

  test('no address, no name, no secret: neither shown nor stored', async () => {
    const member = await signUp(api(), { name: 'Augusta Ada King' });
    await logIn(api(), member.user.email, 'planted password');
    const passwords = { currentPassword: member.password, newPassword: 'staple battery horse' };
    await member.send('put', '/users/me/password', passwords);
    const stored = await SecurityEventModel.find({ userId: member.user.id }).lean();
    const user = await UserModel.findById(member.user.id).lean();
    for (const text of [JSON.stringify(stored), JSON.stringify(await eventsOf(member))]) {
      expect(text).not.toBe('[]');
      for (const trace of [
        member.user.email,
        member.user.name,
        member.password,
        member.accessToken,
        member.refreshToken,
        'planted password',
        'staple battery horse',
        String(user?.passwordHash),
      ]) {
        expect(text).not.toContain(trace);
      }
    }
  });
});

describe('GET /users/me/security-events', () => {
  let member: Member;
  beforeAll(async () => {
    member = await signUp(api());
    for (let login = 0; login < 5; login += 1) await logInAgain(api(), member);
  });

  test('shows the newest first, and no cache keeps it without asking', async () => {
    const answer = await member.send('get', '/users/me/security-events');
    expect(answer.headers['cache-control']).toMatch(/^(private, no-cache|no-store)$/);
    const instants = (answer.body.data as Event[]).map(({ at }) => at);
    expect(instants).toHaveLength(7);
    expect(instants).toEqual(instants.toSorted().toReversed());
  });

  test('visits each event once, page by page, while others are recorded', async () => {
    const all = await eventsOf(member);
    const visited: Event[] = [];
    let path = '/users/me/security-events?limit=2';
    for (;;) {
      const { body, headers } = await member.send('get', path);
      visited.push(...(body.data as Event[]));
      if (body.nextCursor === null) break;
      await logIn(api(), member.user.email, 'not the password');
      path = /^<([^>]+)>; rel="next"$/.exec(headers['link'] ?? '')?.[1] ?? '';
    }
    expect(visited).toEqual(all);
  });

  test('shows events of the same millisecond in one order, and each once', async () => {
    const reader = await signUp(api());
    const at = new Date('2026-11-20T09:00:00.000Z');
    const userId = reader.user.id;
    await SecurityEventModel.insertMany(
      Array.from({ length: 4 }, () => ({ userId, type: 'signed_in', at })),
    );
    const all = await eventsOf(reader);
    const first = await reader.send('get', '/users/me/security-events?limit=3');
    const rest = await eventsOf(reader, `limit=100&cursor=${first.body.nextCursor}`);
    expect([...(first.body.data as Event[]), ...rest]).toEqual(all);
    expect(all).toHaveLength(6);
  });

  test('shows nobody what happened to others', async () => {
    const stranger = await signUp(api());
    const own = new Set((await eventsOf(member)).map(({ id }) => id));
    const theirs = await eventsOf(stranger);
    expect(theirs).toHaveLength(2);
    expect(theirs.filter(({ id }) => own.has(id))).toEqual([]);
    // A cursor says where to go on, never whose list it is.
    const { body } = await member.send('get', '/users/me/security-events?limit=1');
    const strayed = await eventsOf(stranger, `limit=100&cursor=${body.nextCursor}`);
    expect(strayed.filter(({ id }) => own.has(id))).toEqual([]);
  });

  test('lets an API token read it that may read the account, and no other', async () => {
    const statusFor = async (scope: string) => {
      const { token } = await createToken(member, { scopes: [scope] });
      return (await send(api(), token, 'get', '/users/me/security-events')).status;
    };
    expect(await statusFor('account:read')).toBe(200);
    expect(await statusFor('tasks:read')).toBe(403);
  });

  test('401: asks for a token', async () => {
    const anonymous = await send(api(), undefined, 'get', '/users/me/security-events');
    expectUnauthorized(anonymous, 'unauthenticated');
  });

  test.each([
    ['limit=0', 'query.limit too_small'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['userId=x', 'query.userId unrecognized_key'],
    ['type[$ne]=x', 'query.type[$ne] unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const answer = await member.send('get', `/users/me/security-events?${query}`);
    expect(violationsIn(answer)).toEqual([violation]);
  });
});

describe('the trail of an account', () => {
  test.each(['post', 'put', 'patch', 'delete'] as const)(
    'cannot be changed: %s',
    async (method) => {
      const member = await signUp(api());
      const [event] = await eventsOf(member);
      for (const path of ['/users/me/security-events', `/users/me/security-events/${event?.id}`]) {
        const { status } = await member.send(method, path, {});
        expect([404, 405]).toContain(status);
      }
      expect(await typesOf(member)).toEqual(['signed_in', 'account_created']);
    },
  );

  test('is gone with the account', async () => {
    const member = await signUp(api());
    await member.send('delete', '/users/me', { password: member.password });
    expect(await SecurityEventModel.countDocuments({ userId: member.user.id })).toBe(0);
  });

  test('is kept for 180 days', async () => {
    const indexes = await mongoose.connection.collection('securityEvents').indexes();
    expect(indexes).toContainEqual(
      expect.objectContaining({ key: { at: 1 }, expireAfterSeconds: 180 * 86_400 }),
    );
  });
});
