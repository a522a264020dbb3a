import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import { maximumSessions } from '../src/features/auth/sessions.service.ts';
import { expectProblem, logInAgain, refresh, sessionIdOf } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { type Member, signUp } from './support/factories.ts';

const day = 86_400_000;
const api = useApi({ REFRESH_TOKEN_TTL: '30d', SESSION_TTL: '90d' });

async function stored(member: Member) {
  const session = await SessionModel.findById(sessionIdOf(member)).lean();
  if (!session) throw new Error('the session is gone');
  return session;
}

/** As if so much time had passed since the session began, and it were used just now. */
async function grow(member: Member, milliseconds: number): Promise<void> {
  const { _id, createdAt, endsAt } = await stored(member);
  const earlier = (date: Date) => new Date(date.getTime() - milliseconds);
  await SessionModel.updateOne({ _id }, { createdAt: earlier(createdAt), endsAt: earlier(endsAt) });
}

async function shownExpiry(member: Member): Promise<number> {
  const { body } = await member.send('get', '/auth/sessions');
  return Date.parse(body.data[0].expiresAt);
}

/** Within a minute, as the tests run on a busy machine. */
const about = (expected: number, actual: number) =>
  expect(Math.abs(actual - expected)).toBeLessThan(60_000);

describe('A session', () => {
  test('ends when it is not used for REFRESH_TOKEN_TTL', async () => {
    const member = await signUp(api());
    about(Date.now() + 30 * day, await shownExpiry(member));
    await SessionModel.updateOne({ _id: sessionIdOf(member) }, { expiresAt: new Date() });
    expectProblem(await refresh(api(), member.refreshToken), 401, 'invalid_refresh_token');
    expect((await member.send('get', '/auth/sessions')).body.data).toEqual([]);
  });

  test('goes on for as long as it is used, until SESSION_TTL', async () => {
    const member = await signUp(api());
    await grow(member, 89 * day);
    const answer = await refresh(api(), member.refreshToken);
    expect(answer.status).toBe(200);
    await grow(member, day);
    const late = await refresh(api(), answer.body.refreshToken);
    expectProblem(late, 401, 'invalid_refresh_token');
  });

  test('is not prolonged beyond SESSION_TTL by an exchange', async () => {
    const member = await signUp(api());
    const { endsAt } = await stored(member);
    await refresh(api(), member.refreshToken);
    expect((await stored(member)).endsAt).toEqual(endsAt);
  });

  test('shows the earlier of its two ends', async () => {
    const member = await signUp(api());
    await grow(member, 80 * day);
    about(Date.now() + 10 * day, await shownExpiry(member));
  });

  test('does not shorten any other', async () => {
    const member = await signUp(api());
    const elsewhere = await logInAgain(api(), member);
    await grow(member, 91 * day);
    expectProblem(await refresh(api(), member.refreshToken), 401, 'invalid_refresh_token');
    expect((await refresh(api(), elsewhere.refreshToken)).status).toBe(200);
  });
});

describe('The record of a session', () => {
  test('outlives the session by a day, for as long as any access token could live', async () => {
    const { indexes } = SessionModel.schema.indexes().reduce<{ indexes: Record<string, unknown> }>(
      (found, [, options]) => {
        found.indexes[String(options.name)] = options.expireAfterSeconds;
        return found;
      },
      { indexes: {} },
    );
    expect(indexes['expires']).toBe(86_400);
    const member = await signUp(api());
    await member.send('post', '/auth/logout');
    const { expiresAt, address, userAgent } = await stored(member);
    about(Date.now(), expiresAt.getTime());
    expect([address, userAgent]).toEqual(['', '']);
  });
});

test('An account has a hundred sessions at most: one more ends the one unused for longest', async () => {
  const member = await signUp(api());
  const unused = await logInAgain(api(), member);
  const kept = await SessionModel.findById(sessionIdOf(member)).lean();
  await SessionModel.insertMany(
    Array.from({ length: maximumSessions - 2 }, () => ({ ...kept, _id: new Types.ObjectId() })),
  );
  const longAgo = new Date(Date.now() - 60_000);
  await SessionModel.updateOne({ _id: sessionIdOf(unused) }, { lastUsedAt: longAgo });
  const newest = await logInAgain(api(), member);
  for (const session of [member, newest]) {
    expect((await refresh(api(), session.refreshToken)).status).toBe(200);
  }
  expectProblem(await refresh(api(), unused.refreshToken), 401, 'invalid_refresh_token');
});
