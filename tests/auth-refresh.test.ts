import { describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import {
  expectProblem,
  logInAgain,
  refresh,
  sessionIdOf,
  untilRefused,
  violationsIn,
} from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { type Member, send, signUp } from './support/factories.ts';

const api = useApi();

/** As if the last exchange of the session's refresh token were this many seconds ago. */
async function letPass(seconds: number, member: Member): Promise<void> {
  const session = await SessionModel.findById(sessionIdOf(member)).lean();
  const rotatedAt = new Date(Number(session?.rotatedAt) - seconds * 1000);
  await SessionModel.updateOne({ _id: session?._id }, { $set: { rotatedAt } });
}

/** Exchanges the newest token so many times; the tokens in their order, the member's own first. */
async function exchangeTimes(count: number, { refreshToken }: Member): Promise<string[]> {
  const tokens = [refreshToken];
  for (let exchange = 0; exchange < count; exchange += 1) {
    const answer = await refresh(api(), tokens.at(-1));
    expect(answer.status).toBe(200);
    tokens.push(answer.body.refreshToken as string);
  }
  return tokens;
}

async function expectRefused(refreshToken: unknown): Promise<void> {
  const answer = await refresh(api(), refreshToken);
  expectProblem(answer, 401, 'invalid_refresh_token');
  expect(answer.headers['www-authenticate']).toBe('Bearer');
}

const goesOn = async (refreshToken: unknown) =>
  expect((await refresh(api(), refreshToken)).status).toBe(200);

describe('POST /auth/refresh', () => {
  describe('200', () => {
    test('answers a new pair of tokens', async () => {
      const member = await signUp(api());
      const answer = await refresh(api(), member.refreshToken);
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).toEqual({
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 900,
      });
      expect(answer.body.refreshToken).not.toBe(member.refreshToken);
    });

    test('gives an access token of the same person in the same session', async () => {
      const member = await signUp(api());
      const { body } = await refresh(api(), member.refreshToken);
      expect(sessionIdOf(body)).toBe(sessionIdOf(member));
      expect((await send(api(), body.accessToken, 'get', '/users/me')).body).toEqual(member.user);
    });

    test('leaves the access token before it as it is', async () => {
      const member = await signUp(api());
      await refresh(api(), member.refreshToken);
      expect((await member.send('get', '/users/me')).status).toBe(200);
    });

    test('works with an access token that is not valid, as that is when it is needed', async () => {
      const member = await signUp(api());
      const answer = await send(api(), 'expired', 'post', '/auth/refresh').send({
        refreshToken: member.refreshToken,
      });
      expect(answer.status).toBe(200);
    });

    test('prolongs the session', async () => {
      const member = await signUp(api());
      const soon = new Date(Date.now() + 60_000);
      await SessionModel.updateOne({ _id: sessionIdOf(member) }, { $set: { expiresAt: soon } });
      await refresh(api(), member.refreshToken);
      const { body } = await member.send('get', '/auth/sessions');
      const in29Days = Date.now() + 29 * 86_400_000;
      expect(Date.parse(body.data[0].expiresAt)).toBeGreaterThan(in29Days);
    });

    test('notes from where', async () => {
      const member = await signUp(api());
      await send(api(), undefined, 'post', '/auth/refresh')
        .set('User-Agent', 'another browser')
        .send({ refreshToken: member.refreshToken });
      const { body } = await member.send('get', '/auth/sessions');
      expect(body.data).toMatchObject([{ userAgent: 'another browser', current: true }]);
    });

    test('stores hashes, and no part of any token', async () => {
      const tokens = await exchangeTimes(2, await signUp(api()));
      const collections = (await mongoose.connection.db?.collections()) ?? [];
      expect(collections.map(({ collectionName }) => collectionName)).toContain('sessions');
      const stored = await Promise.all(
        collections.map((collection) => collection.find().toArray()),
      );
      const text = JSON.stringify(stored);
      for (const token of tokens) {
        const [, lineage = '', , signature = ''] = token.split('.');
        expect([lineage.length, signature.length]).toEqual([22, 43]);
        expect(text).not.toContain(lineage);
        expect(text).not.toContain(signature);
      }
    });
  });

  describe('200 for 10 seconds after an exchange', () => {
    test('gives a client that lost the answer the same next token', async () => {
      const [used, newest] = await exchangeTimes(1, await signUp(api()));
      const repeated = await refresh(api(), used);
      expect(repeated.status).toBe(200);
      expect(repeated.body.refreshToken).toBe(newest);
      await goesOn(newest);
    });

    test('keeps twenty exchanges at once in one lineage', async () => {
      const member = await signUp(api());
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => refresh(api(), member.refreshToken)),
      );
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      const tokens = new Set(answers.map(({ body }) => body.refreshToken as string));
      expect(tokens.size).toBe(1);
      for (const { body } of answers) expect(sessionIdOf(body)).toBe(sessionIdOf(member));
      const session = await SessionModel.findById(sessionIdOf(member)).lean();
      expect(session?.generation).toBe(1);
      await goesOn([...tokens][0]);
    });

    test('does not prolong the grace by using it', async () => {
      const member = await signUp(api());
      const [used, newest] = await exchangeTimes(1, member);
      await letPass(9, member);
      await goesOn(used);
      await letPass(2, member);
      await expectRefused(used);
      await expectRefused(newest);
    });
  });

  describe('401', () => {
    test('ends the session at a replay after more than 10 seconds', async () => {
      const member = await signUp(api());
      const [used, newest] = await exchangeTimes(1, member);
      await letPass(10.1, member);
      await expectRefused(used);
      await expectRefused(newest);
      const answer = await untilRefused(() => member.send('get', '/users/me'));
      expectProblem(answer, 401, 'invalid_token');
    });

    test('ends the session at the replay of any earlier token, so that a thief cannot outrun its owner', async () => {
      const [stolen, , , newest] = await exchangeTimes(3, await signUp(api()));
      await expectRefused(stolen);
      await expectRefused(newest);
    });

    test('ends no other session at a replay', async () => {
      const member = await signUp(api());
      const elsewhere = await logInAgain(api(), member);
      const [used] = await exchangeTimes(1, member);
      await letPass(11, member);
      await expectRefused(used);
      await goesOn(elsewhere.refreshToken);
    });

    test('refuses forged tokens without ending the session that they name', async () => {
      const member = await signUp(api());
      const other = await signUp(api());
      const [id = '', lineage = '', , secret = ''] = member.refreshToken.split('.');
      const [, otherLineage = '', , otherSecret = ''] = other.refreshToken.split('.');
      await letPass(11, member);
      for (const forged of [
        id,
        `${id}.`,
        `${id}..`,
        `${id}.undefined.0.${secret}`,
        `${id}.${otherLineage}.0.${otherSecret}`,
        `${id}.${otherLineage}.0.${secret}`,
        `${id}.${lineage}.1.${secret}`,
        `${id}.${lineage}.00.${secret}`,
        `${id}.${lineage}.-1.${secret}`,
        `${id}.${lineage}.0.${'A'.repeat(43)}`,
        `${id.toUpperCase()}.${lineage}.0.${secret}`,
        `${'0'.repeat(24)}.${lineage}.0.${secret}`,
        `.${lineage}.0.${secret}`,
        ` ${member.refreshToken}`,
      ]) {
        await expectRefused(forged);
      }
      await goesOn(member.refreshToken);
    });

    test.each(['garbage', '{"$gt":""}', '\0', '\ud800', '..', '__proto__'])(
      'refuses %j',
      async (token) => {
        await expectRefused(token);
      },
    );

    test('refuses the token of a session that has ended', async () => {
      const member = await signUp(api());
      await member.send('post', '/auth/logout');
      await expectRefused(member.refreshToken);
    });

    test('refuses the token of a session that has expired', async () => {
      const member = await signUp(api());
      const justNow = new Date(Date.now() - 1);
      await SessionModel.updateOne({ _id: sessionIdOf(member) }, { $set: { expiresAt: justNow } });
      await expectRefused(member.refreshToken);
    });
  });

  describe('422', () => {
    test.each<[string, unknown, string]>([
      ['201 characters', 'x'.repeat(201), 'too_big'],
      ['nothing', '', 'too_small'],
      ['null', null, 'invalid_type'],
      ['a query operator', { $ne: null }, 'invalid_type'],
      ['a list', ['x'], 'invalid_type'],
    ])('refuses %s', async (_, token, code) => {
      expect(violationsIn(await refresh(api(), token))).toEqual([`body.refreshToken ${code}`]);
    });

    test('lists every violation, and exchanges nothing', async () => {
      const member = await signUp(api());
      const answer = await send(api(), undefined, 'post', '/auth/refresh?all=1').send({
        refreshToken: member.refreshToken,
        scope: 'admin',
      });
      expect(violationsIn(answer)).toEqual([
        'body.scope unrecognized_key',
        'query.all unrecognized_key',
      ]);
      await goesOn(member.refreshToken);
    });
  });
});
