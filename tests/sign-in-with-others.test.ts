import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import supertest from 'supertest';
import { createApp } from '../src/app.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { createLogger } from '../src/logger.ts';
import {
  expectProblem,
  expectUnauthorized,
  logIn,
  refresh,
  violationsIn,
} from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { eventsOf } from './support/authenticator.ts';
import { basePath, memberOf, send } from './support/factories.ts';
import { type GitHubProvider, startGitHubProvider } from './support/github-provider.ts';
import { redirectUri, useOpenIdProviders } from './support/identity-providers.ts';
import type { OpenIdProvider, Person } from './support/openid-provider.ts';
import {
  comeBack,
  complete,
  settingsFor,
  signInWith,
  somebodyNew,
  start,
  visitFrom,
} from './support/provider-sign-in.ts';
import { everything } from './support/stored.ts';

const database = useDatabase();
const startProvider = useOpenIdProviders();
let provider: OpenIdProvider;
let another: OpenIdProvider;
let gitHub: GitHubProvider;
let api: Api;
let plain: Api;
beforeAll(async () => {
  [provider, another] = await Promise.all([startProvider(), startProvider()]);
  gitHub = await startGitHubProvider({ redirectUri });
  api = await startInstance(database(), settingsFor(provider, gitHub));
  plain = await startInstance(database());
});
afterAll(async () => {
  await Promise.all([api.close(), plain.close(), gitHub.stop()]);
});

const returning = (person: Person) => comeBack(api, provider, person);

const accountsWith = (email: string) => UserModel.countDocuments({ emailKey: email });

/** What the log of an instance says of some requests. */
async function logOf(
  of: Api,
  ask: (request: ReturnType<typeof supertest>) => Promise<unknown>,
): Promise<string> {
  const written = new PassThrough();
  const said = text(written);
  const logger = createLogger('trace', written);
  await ask(supertest(createApp({ ...of.dependencies, logger }, of.lifecycle)));
  written.end();
  return said;
}

describe('GET /auth/providers', () => {
  test('lists who can be signed in with, to anybody', async () => {
    const answer = await send(api, undefined, 'get', '/auth/providers');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      data: [
        { id: 'github', name: 'GitHub' },
        { id: 'oidc', name: 'Example ID' },
      ],
    });
  });

  test('lists nobody where nobody is set up', async () => {
    const answer = await send(plain, undefined, 'get', '/auth/providers');
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({ data: [] });
  });
});

describe('POST /auth/oauth/:provider/start', () => {
  test('200: tells where to send the browser, and how to go on', async () => {
    const answer = await start(api);
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      authorizationUrl: expect.stringContaining(`${provider.issuer}/`),
      flowToken: expect.stringMatching(/^[\w-]{43}$/),
      expiresIn: 600,
    });
    const { searchParams } = new URL(answer.body.authorizationUrl);
    expect(searchParams.get('redirect_uri')).toBe(redirectUri);
    expect(searchParams.get('code_challenge_method')).toBe('S256');
    expect(answer.body.authorizationUrl).not.toContain(answer.body.flowToken);
  });

  test('200: begins another flow each time', async () => {
    const [one, other] = await Promise.all([start(api), start(api)]);
    expect(one.body.flowToken).not.toBe(other.body.flowToken);
    expect(one.body.authorizationUrl).not.toBe(other.body.authorizationUrl);
  });

  test('200: leaves nothing in the database that would complete the flow', async () => {
    const { body } = await start(api);
    const { searchParams } = new URL(body.authorizationUrl);
    const stored = await everything();
    expect(stored).toContain(provider.issuer);
    for (const secret of [body.flowToken, searchParams.get('state'), searchParams.get('nonce')]) {
      expect(secret).toMatch(/^[\w-]{43}$/);
      expect(stored).not.toContain(secret);
    }
    expect(stored).not.toMatch(/codeVerifier|redirectUri/);
  });

  test.each(['google', 'OIDC', 'complete', '__proto__'])(
    '404: knows no provider %s that is not set up',
    async (id) => {
      expectProblem(await start(api, id), 404, 'not_found');
    },
  );

  test.each([
    `${redirectUri}/`,
    `${redirectUri}?a=1`,
    `${redirectUri}#`,
    redirectUri.toUpperCase(),
    'https://evil.example/signed-in',
    `https://app.example.com/other,${redirectUri}`,
  ])('422: sends nobody back to %s, which the settings do not list', async (address) => {
    const answer = await start(api, 'oidc', { redirectUri: address });
    expect(violationsIn(answer)).toEqual(['body.redirectUri invalid_value']);
  });

  test('422: lists every violation', async () => {
    const answer = await start(api, 'oidc', { redirectUri: 1, state: 'mine' });
    expect(violationsIn(answer)).toEqual([
      'body.redirectUri invalid_type',
      'body.state unrecognized_key',
    ]);
  });

  test('503: says when the provider is away, and why in the log', async () => {
    const gone = await startProvider();
    await gone.stop();
    const alone = await startInstance(database(), settingsFor(gone));
    const answer = await start(alone);
    expectProblem(answer, 503, 'provider_unavailable');
    expect(answer.headers['retry-after']).toBe('5');
    const log = await logOf(alone, (request) =>
      request.post(`${basePath}/auth/oauth/oidc/start`).send({ redirectUri }),
    );
    const lines = log.split('\n').filter((line) => line.includes('provider unavailable'));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({ level: 40, reason: expect.stringMatching(/\w/) }),
    ]);
    await alone.close();
  });
});

describe('POST /auth/oauth/complete', () => {
  describe('200', () => {
    test('makes an account for somebody new, and signs in', async () => {
      const person = somebodyNew({ name: 'Ada Lovelace' });
      const answer = await complete(api, await returning(person));
      expect(answer.status).toBe(200);
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body).toEqual({
        user: expect.objectContaining({
          email: person.email,
          emailVerified: true,
          name: 'Ada Lovelace',
        }),
        accessToken: expect.any(String),
        refreshToken: expect.any(String),
        tokenType: 'Bearer',
        expiresIn: 900,
      });
      const member = memberOf(api, answer.body, '');
      expect((await member.send('get', '/users/me')).body).toEqual(answer.body.user);
      expect(await eventsOf(member)).toEqual(['signed_in', 'identity_linked', 'account_created']);
      expect((await member.send('get', '/users/me/identities')).body.data).toEqual([
        expect.objectContaining({ provider: 'oidc', email: person.email }),
      ]);
    });

    test('makes an account that no password opens', async () => {
      const { user } = await signInWith(api, provider);
      for (const password of ['', 'undefined', 'correct horse battery']) {
        expect((await logIn(api, user.email, password)).status).not.toBe(200);
      }
    });

    test('signs in to the same account the next time, whatever the address is by then', async () => {
      const person = somebodyNew();
      const { user } = await signInWith(api, provider, person);
      for (const later of [
        person,
        { ...person, email: 'elsewhere@example.com' },
        { ...person, emailVerified: false },
        { subject: person.subject },
      ]) {
        expect((await signInWith(api, provider, later)).user).toEqual(user);
      }
    });

    test('signs in with GitHub', async () => {
      const email = 'octocat@example.com';
      const person = { id: 583, login: 'octocat', name: null };
      const emails = [{ email, primary: true, verified: true }];
      const completion = await visitFrom(await start(api, 'github'), gitHub, { ...person, emails });
      const answer = await complete(api, completion);
      expect(answer.status).toBe(200);
      expect(answer.body.user).toMatchObject({ email, emailVerified: true, name: 'octocat' });
    });

    test('ignores what a provider adds to its answer', async () => {
      const { flowToken, callback } = await returning(somebodyNew());
      const added = { ...callback, scope: 'openid', authuser: '0', prompt: 'none' };
      expect((await complete(api, { flowToken, callback: added })).status).toBe(200);
    });

    test('completes on one instance what was started on another', async () => {
      const second = await startInstance(database(), settingsFor(provider));
      expect((await complete(second, await returning(somebodyNew()))).status).toBe(200);
      await second.close();
    });

    test.each<[string, string | undefined, string]>([
      ['as it is', 'Ada', 'Ada'],
      ['on one line', ' Ada\r\nBcc: eve@example.com\t\u0000x ', 'Ada Bcc: eve@example.com x'],
      ['of 100 characters', '\u{1F642}'.repeat(101), '\u{1F642}'.repeat(100)],
      ['from the address when there is none', undefined, 'ada.l'],
      ['from the address when it is blank', ' \u00a0\n', 'ada.l'],
    ])('takes the name over %s', async (_, name, taken) => {
      const { subject } = somebodyNew();
      const email = `ada.l@${subject}.example.com`;
      const person = { subject, email, emailVerified: true, ...(name !== undefined && { name }) };
      expect((await signInWith(api, provider, person)).user.name).toBe(taken);
    });

    test('makes one account for somebody new who comes back several times at once', async () => {
      const person = somebodyNew();
      const completions = [];
      for (let count = 0; count < 4; count += 1) completions.push(await returning(person));
      const answers = await Promise.all(completions.map((given) => complete(api, given)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(new Set(answers.map(({ body }) => body.user.id)).size).toBe(1);
      expect(await accountsWith(person.email)).toBe(1);
    });

    test('starts a session that goes on and ends whatever the provider does', async () => {
      const gone = await startProvider();
      const alone = await startInstance(database(), settingsFor(gone));
      const { refreshToken } = await signInWith(alone, gone);
      await gone.stop();
      const { body, status } = await refresh(alone, refreshToken);
      expect(status).toBe(200);
      const later = memberOf(alone, body, '');
      expect((await later.send('post', '/auth/logout')).status).toBe(204);
      expectUnauthorized(await later.send('get', '/users/me'), 'invalid_token');
      await alone.close();
    });

    test('makes two accounts of one subject at two issuers', async () => {
      const elsewhere = await startInstance(database(), settingsFor(another));
      const person = somebodyNew();
      const { user } = await signInWith(api, provider, person);
      const namesake = { ...person, email: `other-${person.email}` };
      expect((await signInWith(elsewhere, another, namesake)).user.id).not.toBe(user.id);
      await elsewhere.close();
    });
  });

  test('writes nothing into the log that is secret or personal', async () => {
    const person = somebodyNew();
    const { flowToken, callback } = await returning(person);
    const log = await logOf(api, async (request) => {
      const path = `${basePath}/auth/oauth/complete`;
      const { status } = await request.post(path).send({ flowToken, callback });
      expect(status).toBe(200);
      await request.post(path).send({ flowToken, callback });
    });
    expect(log).toContain('signed_in');
    const { code, state } = callback;
    for (const secret of [flowToken, code, state, person.email, person.name, person.subject]) {
      expect(log).not.toContain(secret);
    }
  });
});
