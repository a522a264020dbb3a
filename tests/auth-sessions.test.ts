import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import {
  expectProblem,
  expectUnauthorized,
  instant,
  logInAgain,
  refresh,
  sessionIdOf,
  violationsIn,
} from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { basePath, type Member, memberOf, send, signUp } from './support/factories.ts';

const database = useDatabase();
let first: Api;
let second: Api;
beforeAll(async () => {
  first = await startInstance(database());
  second = await startInstance(database());
});
afterAll(() => Promise.all([first.close(), second.close()]));

/** Whether the session goes on, by both of its tokens. */
async function goesOn(member: Member): Promise<boolean> {
  const read = await member.send('get', '/users/me');
  const refreshed = await refresh(first, member.refreshToken);
  expect([read.status, refreshed.status]).toEqual(read.status === 200 ? [200, 200] : [401, 401]);
  return read.status === 200;
}

const idsIn = ({ body }: Response) => (body.data as { id: string }[]).map(({ id }) => id);

describe('POST /auth/logout', () => {
  describe('204', () => {
    test('ends the session of the token, at once', async () => {
      const member = await signUp(first);
      const answer = await member.send('post', '/auth/logout');
      expect(answer.status).toBe(204);
      expect(answer.text).toBe('');
      expectUnauthorized(await member.send('get', '/users/me'), 'invalid_token');
      expectProblem(await refresh(first, member.refreshToken), 401, 'invalid_refresh_token');
    });

    test('ends it for every access token that it had', async () => {
      const member = await signUp(first);
      const { body } = await refresh(first, member.refreshToken);
      await member.send('post', '/auth/logout');
      for (const token of [member.accessToken, body.accessToken]) {
        expectUnauthorized(await send(first, token, 'get', '/users/me'), 'invalid_token');
      }
    });

    test('lets the other sessions go on', async () => {
      const member = await signUp(first);
      const elsewhere = await logInAgain(first, member);
      const stranger = await signUp(first);
      await member.send('post', '/auth/logout');
      expect(await goesOn(elsewhere)).toBe(true);
      expect(await goesOn(stranger)).toBe(true);
    });

    test('keeps nothing of where the session was', async () => {
      const member = await signUp(first);
      await member.send('post', '/auth/logout');
      const stored = await SessionModel.findById(sessionIdOf(member)).lean();
      expect(stored).toMatchObject({ address: '', userAgent: '' });
      // It outlives the access token by a minute, and then the database removes it.
      expect(Number(stored?.expiresAt)).toBeLessThanOrEqual(Date.now() + 960_000);
    });

    test('answers rivals as if each had been alone, or as if too late', async () => {
      const member = await signUp(first);
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => member.send('post', '/auth/logout')),
      );
      expect(answers.map(({ status }) => status)).toContain(204);
      for (const answer of answers.filter(({ status }) => status !== 204)) {
        expectUnauthorized(answer, 'invalid_token');
      }
    });

    test('answers 204 where the end on another instance is not known yet', async () => {
      const member = await signUp(first);
      const there = memberOf(second, member, member.password);
      await there.send('get', '/users/me');
      await member.send('post', '/auth/logout');
      const answer = await there.send('post', '/auth/logout');
      expect([204, 401]).toContain(answer.status);
      expectUnauthorized(await there.send('get', '/users/me'), 'invalid_token');
    });
  });

  describe('401', () => {
    test('refuses a session that has ended, and callers without one', async () => {
      const member = await signUp(first);
      await member.send('post', '/auth/logout');
      expectUnauthorized(await member.send('post', '/auth/logout'), 'invalid_token');
      const anonymous = await send(first, undefined, 'post', '/auth/logout');
      expectUnauthorized(anonymous, 'unauthenticated');
    });
  });
});

describe('GET /auth/sessions', () => {
  describe('200', () => {
    test('lists where the caller is signed in', async () => {
      const member = await signUp(first);
      const answer = await send(first, member.accessToken, 'get', '/auth/sessions');
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('private, no-cache');
      expect(answer.body).toEqual({
        data: [
          {
            id: sessionIdOf(member),
            userAgent: '',
            address: '127.0.0.1',
            createdAt: instant,
            lastUsedAt: answer.body.data[0].createdAt,
            expiresAt: instant,
            current: true,
          },
        ],
        nextCursor: null,
      });
      expect(answer.headers).not.toHaveProperty('link');
    });

    test('puts the newest first, and marks the one of this request', async () => {
      const member = await signUp(first);
      const newer = await logInAgain(first, member);
      const newest = await logInAgain(first, member);
      const { body } = await newer.send('get', '/auth/sessions');
      expect(body.data).toMatchObject([
        { id: sessionIdOf(newest), current: false },
        { id: sessionIdOf(newer), current: true },
        { id: sessionIdOf(member), current: false },
      ]);
    });

    test('shows the user agent as it was sent, up to 300 characters', async () => {
      const { user, password, accessToken } = await signUp(first);
      const userAgent = `<script>alert(1)</script> ${'x'.repeat(300)}`;
      await send(first, undefined, 'post', '/auth/login')
        .set('User-Agent', userAgent)
        .send({ email: user.email, password });
      const { body } = await send(first, accessToken, 'get', '/auth/sessions');
      expect(body.data[0].userAgent).toBe(userAgent.slice(0, 300));
    });

    test('leaves out what has ended, what has expired, and what is of others', async () => {
      const member = await signUp(first);
      const [ended, expired] = [await logInAgain(first, member), await logInAgain(first, member)];
      await signUp(first);
      await ended.send('post', '/auth/logout');
      const justNow = new Date(Date.now() - 1);
      await SessionModel.updateOne({ _id: sessionIdOf(expired) }, { $set: { expiresAt: justNow } });
      expect(idsIn(await member.send('get', '/auth/sessions'))).toEqual([sessionIdOf(member)]);
    });

    test('visits each session once, page by page', async () => {
      const member = await signUp(first);
      const all = [sessionIdOf(member)];
      for (let login = 0; login < 4; login += 1) {
        all.unshift(sessionIdOf(await logInAgain(first, member)));
      }
      const visited: string[] = [];
      let path: string | undefined = `${basePath}/auth/sessions?limit=2`;
      while (path !== undefined) {
        const page: Response = await member.send('get', path);
        expect(page.body.data.length).toBeLessThanOrEqual(2);
        visited.push(...idsIn(page));
        path = /^<([^>]+)>; rel="next"$/.exec(page.headers['link'] ?? '')?.[1];
        expect(path === undefined).toBe(page.body.nextCursor === null);
      }
      expect(visited).toEqual(all);
    });
  });

  test('401: asks for a token', async () => {
    const answer = await send(first, undefined, 'get', '/auth/sessions');
    expectUnauthorized(answer, 'unauthenticated');
  });

  describe('422', () => {
    test.each<[string, string]>([
      ['limit=0', 'query.limit too_small'],
      ['limit=101', 'query.limit too_big'],
      ['limit=ten', 'query.limit invalid_format'],
      ['limit=1&limit=2', 'query.limit repeated'],
      ['cursor=x', 'query.cursor invalid_cursor'],
      ['userId=x', 'query.userId unrecognized_key'],
      ['current[$ne]=true', 'query.current[$ne] unrecognized_key'],
    ])('refuses ?%s', async (query, violation) => {
      const member = await signUp(first);
      const answer = await member.send('get', `/auth/sessions?${query}`);
      expect(violationsIn(answer)).toEqual([violation]);
    });

    test('refuses cursors that were tampered with', async () => {
      const member = await signUp(first);
      await logInAgain(first, member);
      const { body } = await member.send('get', '/auth/sessions?limit=1');
      const decoded = Buffer.from(body.nextCursor as string, 'base64url').toString();
      const [list, , id] = JSON.parse(decoded) as [string, unknown, string];
      for (const values of [['x'], [{ date: 1e300 }], [{ $gt: '' }], [null], []]) {
        const cursor = Buffer.from(JSON.stringify([list, values, id])).toString('base64url');
        const answer = await member.send('get', `/auth/sessions?cursor=${cursor}`);
        expect(violationsIn(answer)).toEqual(['query.cursor invalid_cursor']);
      }
    });
  });
});

describe('DELETE /auth/sessions/:id', () => {
  describe('204', () => {
    test('ends another session of the caller, at once', async () => {
      const member = await signUp(first);
      const elsewhere = await logInAgain(first, member);
      const answer = await member.send('delete', `/auth/sessions/${sessionIdOf(elsewhere)}`);
      expect(answer.status).toBe(204);
      expect(answer.text).toBe('');
      expect(await goesOn(elsewhere)).toBe(false);
      expect(await goesOn(member)).toBe(true);
    });

    test('ends the session of the request itself', async () => {
      const member = await signUp(first);
      const answer = await member.send('delete', `/auth/sessions/${sessionIdOf(member)}`);
      expect(answer.status).toBe(204);
      expect(await goesOn(member)).toBe(false);
    });
  });

  test('401: asks for a token', async () => {
    const member = await signUp(first);
    const path = `/auth/sessions/${sessionIdOf(member)}`;
    expectUnauthorized(await send(first, undefined, 'delete', path), 'unauthenticated');
    expect(await goesOn(member)).toBe(true);
  });

  test('404: answers alike for an id that is absent, malformed, of an ended session or of somebody else’s', async () => {
    const member = await signUp(first);
    const stranger = await signUp(first);
    const ended = await logInAgain(first, member);
    await ended.send('post', '/auth/logout');
    const ids = [
      '0'.repeat(24),
      'x',
      '%7B%22$ne%22:null%7D',
      sessionIdOf(member).toUpperCase(),
      sessionIdOf(ended),
      sessionIdOf(stranger),
    ];
    const answers = await Promise.all(
      ids.map((id) => member.send('delete', `/auth/sessions/${id}`)),
    );
    for (const answer of answers) expectProblem(answer, 404, 'not_found');
    const told = answers.map(({ body }) => ({ ...body, instance: '', requestId: '' }));
    expect(told).toEqual(told.map(() => told[0]));
    expect(await goesOn(stranger)).toBe(true);
  });
});

describe('DELETE /auth/sessions', () => {
  test('204: ends every session of the caller but the one that asks, at once', async () => {
    const member = await signUp(first);
    const others = [await logInAgain(first, member), await logInAgain(first, member)];
    const stranger = await signUp(first);
    const answer = await member.send('delete', '/auth/sessions');
    expect([answer.status, answer.text]).toEqual([204, '']);
    for (const session of others) {
      expectUnauthorized(await session.send('get', '/tasks'), 'invalid_token');
      expectProblem(await refresh(first, session.refreshToken), 401, 'invalid_refresh_token');
    }
    for (const session of [member, stranger]) {
      expect((await session.send('get', '/tasks')).status).toBe(200);
    }
  });

  test('204: also where there is no other', async () => {
    const member = await signUp(first);
    expect((await member.send('delete', '/auth/sessions')).status).toBe(204);
    expect((await member.send('get', '/tasks')).status).toBe(200);
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(first, undefined, 'delete', '/auth/sessions'), 'unauthenticated');
  });
});
