import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import type { Response } from 'supertest';
import { maximumTokens } from '../src/features/api-tokens/api-tokens.contract.ts';
import { ApiTokenModel } from '../src/features/api-tokens/api-tokens.model.ts';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import {
  expectProblem,
  expectUnauthorized,
  instant,
  sessionIdOf,
  violationsIn,
} from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { allScopes, createToken, tokenRequest } from './support/api-tokens.ts';
import { basePath, type Member, send, signUp } from './support/factories.ts';

const api = useApi();
const path = '/users/me/api-tokens';

const idsIn = ({ body }: Response) => (body.data as { id: string }[]).map(({ id }) => id);

async function eventsOf(member: Member): Promise<string[]> {
  const { body } = await member.send('get', '/users/me/security-events');
  return (body.data as { type: string }[]).map(({ type }) => type);
}

/** Gives somebody tokens without asking for them one by one. */
async function giveTokens(member: Member, count: number, expiresAt: Date): Promise<void> {
  const tokens = Array.from({ length: count }, () => ({
    userId: member.user.id,
    tokenHash: new Types.ObjectId().toHexString(),
    ending: 'aaaa',
    name: 'Other',
    scopes: ['tasks:read'],
    createdAt: new Date(),
    expiresAt,
  }));
  await ApiTokenModel.insertMany(tokens);
}

const tomorrow = () => new Date(Date.now() + 86_400_000);
const justNow = () => new Date(Date.now() - 1);

describe('POST /users/me/api-tokens', () => {
  describe('201', () => {
    test('shows the token, once', async () => {
      const member = await signUp(api());
      const answer = await member.send('post', path, tokenRequest(member));
      expect(answer.status).toBe(201);
      expect(answer.headers['cache-control']).toBe('no-store');
      const { id, token } = answer.body;
      expect(answer.headers['location']).toBe(`${basePath}${path}/${id}`);
      expect(token).toMatch(/^tma_[0-9A-Za-z]{36}$/);
      expect(answer.body).toEqual({
        id: expect.any(String),
        name: 'Nightly report',
        scopes: ['tasks:read'],
        ending: token.slice(-4),
        createdAt: instant,
        expiresAt: instant,
        lastUsedAt: null,
        token,
      });
      const later = await Promise.all([
        member.send('get', path),
        member.send('get', `${path}/${id}`),
        member.send('get', '/users/me'),
        member.send('get', '/users/me/security-events'),
      ]);
      for (const { status, text } of later) {
        expect(status).toBe(200);
        expect(text).not.toContain(token);
        expect(text).not.toMatch(/hash/i);
      }
    });

    test('makes another token each time', async () => {
      const member = await signUp(api());
      const one = await createToken(member);
      const other = await createToken(member);
      expect(other.token).not.toBe(one.token);
      expect(other.id).not.toBe(one.id);
    });

    test('stores nothing that the token could be had from', async () => {
      const member = await signUp(api());
      const { id, token } = await createToken(member);
      const stored = JSON.stringify(await ApiTokenModel.findById(id).lean());
      expect(stored).not.toContain(token.slice(4, -4));
    });

    test.each<[number, number | undefined]>([
      [90, undefined],
      [1, 1],
      [365, 365],
    ])('lasts %i days where asked for %p', async (days, expiresInDays) => {
      const member = await signUp(api());
      const { createdAt, expiresAt } = await createToken(member, { expiresInDays });
      expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(days * 86_400_000);
    });

    test('is told to the owner', async () => {
      const member = await signUp(api());
      await createToken(member);
      expect(await eventsOf(member)).toContain('api_token_created');
    });

    test('keeps the name as it is given, without white space around it', async () => {
      const member = await signUp(api());
      const { name } = await createToken(member, { name: ' \u{1F511} <b>Büro</b>\t' });
      expect(name).toBe('\u{1F511} <b>Büro</b>');
    });
  });

  test('401: asks for a token', async () => {
    const answer = await send(api(), undefined, 'post', path).send({ name: 'x' });
    expectUnauthorized(answer, 'unauthenticated');
  });

  describe('403', () => {
    test('refuses a wrong password', async () => {
      const member = await signUp(api());
      const given = tokenRequest(member, { password: 'not the right one' });
      expectProblem(await member.send('post', path, given), 403, 'wrong_password');
      expect(idsIn(await member.send('get', path))).toEqual([]);
    });

    test('asks for a code where the account has a second factor', async () => {
      const member = await signUp(api());
      const secondFactor = { secret: 'x', enabledAt: new Date(), lastStep: 0, recoveryHashes: [] };
      await UserModel.updateOne({ _id: member.user.id }, { $set: { secondFactor } });
      const answer = await member.send('post', path, tokenRequest(member));
      expectProblem(answer, 403, 'second_factor_required');
    });

    test('asks for a fresh sign-in where the account has no password', async () => {
      const member = await signUp(api());
      await UserModel.updateOne({ _id: member.user.id }, { $unset: { passwordHash: true } });
      const given = tokenRequest(member, { password: undefined });
      expect((await member.send('post', path, given)).status).toBe(201);
      const createdAt = new Date(Date.now() - 301_000);
      await SessionModel.updateOne({ _id: sessionIdOf(member) }, { $set: { createdAt } });
      const answer = await member.send('post', path, given);
      expectProblem(answer, 403, 'fresh_sign_in_required');
    });

    test('refuses one more than there may be, and takes it once another is gone', async () => {
      const member = await signUp(api());
      await giveTokens(member, maximumTokens - 1, tomorrow());
      const last = await createToken(member);
      const refused = await member.send('post', path, tokenRequest(member));
      expectProblem(refused, 403, 'limit_reached');
      expect(await ApiTokenModel.countDocuments({ userId: member.user.id })).toBe(maximumTokens);
      await member.send('delete', `${path}/${last.id}`);
      await createToken(member);
    });

    test('counts neither those that have expired nor those of others', async () => {
      const member = await signUp(api());
      await giveTokens(member, maximumTokens, justNow());
      await giveTokens(await signUp(api()), maximumTokens, tomorrow());
      await createToken(member);
    });

    test('never gives out too many, however many are asked for at the same time', async () => {
      const member = await signUp(api());
      await giveTokens(member, maximumTokens - 2, tomorrow());
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => member.send('post', path, tokenRequest(member))),
      );
      const given = answers.filter(({ status }) => status === 201);
      expect(given.length).toBeLessThanOrEqual(2);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expectProblem(answer, 403, 'limit_reached');
      }
      const stored = await ApiTokenModel.countDocuments({ userId: member.user.id });
      expect(stored).toBe(maximumTokens - 2 + given.length);
    });
  });

  describe('422', () => {
    test.each<[string, object, string]>([
      ['no name', { name: undefined }, 'body.name invalid_type'],
      ['an empty name', { name: ' ' }, 'body.name too_small'],
      ['a long name', { name: 'x'.repeat(101) }, 'body.name too_big'],
      ['a broken name', { name: '\ud800' }, 'body.name custom'],
      ['no scopes', { scopes: undefined }, 'body.scopes invalid_type'],
      ['an empty list of scopes', { scopes: [] }, 'body.scopes too_small'],
      ['a scope that is not known', { scopes: ['admin'] }, 'body.scopes.0 invalid_value'],
      ['a scope twice', { scopes: ['tasks:read', 'tasks:read'] }, 'body.scopes custom'],
      ['no day', { expiresInDays: 0 }, 'body.expiresInDays too_small'],
      ['more than a year', { expiresInDays: 366 }, 'body.expiresInDays too_big'],
      ['half a day', { expiresInDays: 0.5 }, 'body.expiresInDays invalid_type'],
      ['no end', { expiresInDays: null }, 'body.expiresInDays invalid_type'],
      ['no password', { password: undefined }, 'body.password invalid_type'],
      ['an owner', { userId: 'x' }, 'body.userId unrecognized_key'],
    ])('refuses %s', async (_, given, violation) => {
      const member = await signUp(api());
      const answer = await member.send('post', path, tokenRequest(member, given));
      expect(violationsIn(answer)).toEqual([violation]);
    });
  });
});

describe('GET /users/me/api-tokens', () => {
  test('200: lists the caller’s tokens, the newest first, page by page', async () => {
    const member = await signUp(api());
    await createToken(await signUp(api()));
    const all: string[] = [];
    for (let made = 0; made < 3; made += 1) all.unshift((await createToken(member)).id);
    const first = await member.send('get', `${path}?limit=2`);
    expect(first.headers['cache-control']).toBe('private, no-cache');
    expect(first.headers['link']).toContain('rel="next"');
    const second = await member.send('get', `${path}?limit=2&cursor=${first.body.nextCursor}`);
    expect([...idsIn(first), ...idsIn(second)]).toEqual(all);
    expect(second.body.nextCursor).toBeNull();
  });

  test('200: shows one that has expired until the database removes it', async () => {
    const member = await signUp(api());
    const { id, token: _, ...shown } = await createToken(member, { scopes: allScopes });
    const expiresAt = justNow();
    await ApiTokenModel.updateOne({ _id: id }, { $set: { expiresAt } });
    const { body } = await member.send('get', path);
    expect(body.data).toEqual([{ id, ...shown, expiresAt: expiresAt.toISOString() }]);
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api(), undefined, 'get', path), 'unauthenticated');
  });

  test.each<[string, string]>([
    ['limit=0', 'query.limit too_small'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['userId=x', 'query.userId unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const member = await signUp(api());
    expect(violationsIn(await member.send('get', `${path}?${query}`))).toEqual([violation]);
  });
});

describe('GET /users/me/api-tokens/:id', () => {
  test('200: shows everything but the token', async () => {
    const member = await signUp(api());
    const { token: _, ...shown } = await createToken(member);
    const answer = await member.send('get', `${path}/${shown.id}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(shown);
  });
});

describe('DELETE /users/me/api-tokens/:id', () => {
  test('204: takes it from the list, and tells the owner', async () => {
    const member = await signUp(api());
    const { id } = await createToken(member);
    const kept = await createToken(member);
    const answer = await member.send('delete', `${path}/${id}`);
    expect(answer.status).toBe(204);
    expect(answer.text).toBe('');
    expect(idsIn(await member.send('get', path))).toEqual([kept.id]);
    expect(await eventsOf(member)).toContain('api_token_deleted');
    expectProblem(await member.send('delete', `${path}/${id}`), 404, 'not_found');
  });
});

describe.each(['get', 'delete'] as const)('%s /users/me/api-tokens/:id', (method) => {
  test('401: asks for a token', async () => {
    const { id } = await createToken(await signUp(api()));
    expectUnauthorized(await send(api(), undefined, method, `${path}/${id}`), 'unauthenticated');
  });

  test('404: answers alike for an id that is absent, malformed or of somebody else’s', async () => {
    const member = await signUp(api());
    const theirs = await createToken(await signUp(api()));
    const ids = ['0'.repeat(24), 'x', '%7B%22$ne%22:null%7D', theirs.id];
    const answers = await Promise.all(ids.map((id) => member.send(method, `${path}/${id}`)));
    for (const answer of answers) expectProblem(answer, 404, 'not_found');
    expect(new Set(answers.map(({ body }) => body.detail)).size).toBe(1);
    expect(await ApiTokenModel.exists({ _id: theirs.id })).not.toBeNull();
  });
});
