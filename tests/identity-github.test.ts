import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { IdentityProvider } from '../src/features/identities/identity-provider.ts';
import {
  type GitHubPerson,
  type GitHubProvider,
  startGitHubProvider,
} from './support/github-provider.ts';
import {
  expectFailure,
  gitHubClientOf,
  identityProvider,
  redirectUri,
  visit,
} from './support/identity-providers.ts';

describe('signing in with GitHub', () => {
  const ada = {
    id: 1815,
    login: 'ada',
    name: 'Ada Lovelace',
    emails: [
      { email: 'old@example.com', primary: false, verified: true },
      { email: 'ada@example.com', primary: true, verified: true },
    ],
  };
  let server: GitHubProvider;
  let provider: IdentityProvider;

  const go = (person: GitHubPerson = ada) => visit(provider, server, person);

  beforeAll(async () => {
    server = await startGitHubProvider({ redirectUri });
    provider = gitHubClientOf(server);
  });
  afterAll(() => server.stop());

  test('asks for a code with PKCE and state, and for no more than the profile', async () => {
    const { authorizationUrl, pending } = await provider.begin(redirectUri);
    expect(Object.fromEntries(new URL(authorizationUrl).searchParams)).toEqual({
      client_id: server.clientId,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'read:user user:email',
      state: pending.state,
    });
  });

  test('goes to github.com by itself', async () => {
    const github = identityProvider('github', {
      GITHUB_CLIENT_ID: 'id',
      GITHUB_CLIENT_SECRET: 'secret',
    });
    const { authorizationUrl } = await github.begin(redirectUri);
    expect(authorizationUrl).toMatch(/^https:\/\/github\.com\/login\/oauth\/authorize\?/);
  });

  test('tells who signed in, with the primary address', async () => {
    const { pending, callback } = await go();
    expect(await provider.complete(pending, callback)).toEqual({
      subject: '1815',
      email: 'ada@example.com',
      emailVerified: true,
      name: 'Ada Lovelace',
    });
  });

  test('tells no address when the primary one is not verified', async () => {
    const emails = ada.emails.map((item) => ({ ...item, verified: !item.primary }));
    const { pending, callback } = await go({ ...ada, emails });
    expect(await provider.complete(pending, callback)).toMatchObject({
      email: undefined,
      emailVerified: false,
    });
  });

  test('calls somebody without a name by the login', async () => {
    const { pending, callback } = await go({ ...ada, name: null });
    expect(await provider.complete(pending, callback)).toMatchObject({ name: 'ada' });
  });

  test.each<[string, 'state' | 'codeVerifier']>([
    ['state', 'state'],
    ['code verifier', 'codeVerifier'],
  ])('is refused for another %s', async (_, member) => {
    const { pending, callback } = await go();
    const other = await provider.begin(redirectUri);
    const mixed = { ...pending, [member]: other.pending[member] };
    await expectFailure(provider.complete(mixed, callback), 'sign_in_refused');
  });

  test('is refused when its code was used before', async () => {
    const { pending, callback } = await go();
    await provider.complete(pending, callback);
    await expectFailure(provider.complete(pending, callback), 'sign_in_refused');
  });

  test('is refused when the callback names another issuer', async () => {
    const { pending, callback } = await go();
    const forged = { ...callback, iss: 'https://evil.example.com' };
    await expectFailure(provider.complete(pending, forged), 'sign_in_refused');
  });

  test('is refused when the person declines, and says so', async () => {
    const { authorizationUrl, pending } = await provider.begin(redirectUri);
    const { searchParams } = await server.decline(authorizationUrl);
    const refusal = await expectFailure(
      provider.complete(pending, searchParams),
      'sign_in_refused',
    );
    expect(refusal.message).toBe('The sign-in was declined at GitHub.');
  });

  test('cannot be had with a wrong secret', async () => {
    const { pending, callback } = await go();
    const stranger = gitHubClientOf(server, 'another secret');
    const failure = await expectFailure(
      stranger.complete(pending, callback),
      'provider_unavailable',
    );
    expect(failure.cause).toBeInstanceOf(Error);
  });

  test('cannot be had while GitHub is down', async () => {
    const { pending, callback } = await go();
    await server.stop();
    await expectFailure(provider.complete(pending, callback), 'provider_unavailable');
    server = await startGitHubProvider({ redirectUri });
    provider = gitHubClientOf(server);
  });
});
