import { beforeAll, describe, expect, test } from '@jest/globals';
import type { IdentityProvider } from '../src/features/identities/identity-provider.ts';
import {
  ada,
  clientOf,
  expectFailure,
  redirectUri,
  useOpenIdProviders,
  visit,
} from './support/identity-providers.ts';
import type { OpenIdProvider, Person } from './support/openid-provider.ts';

describe('signing in with OpenID Connect', () => {
  const start = useOpenIdProviders();
  let server: OpenIdProvider;
  let provider: IdentityProvider;
  const go = (person: Person = ada) => visit(provider, server, person);

  beforeAll(async () => {
    server = await start();
    provider = clientOf(server);
  });

  test('asks for a code with PKCE, state and nonce, which differ each time', async () => {
    const first = await provider.begin(redirectUri);
    const query = new URL(first.authorizationUrl).searchParams;
    expect(Object.fromEntries(query)).toEqual({
      client_id: server.clientId,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
      nonce: first.pending.nonce,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid email profile',
      state: first.pending.state,
    });
    expect(first.authorizationUrl).not.toContain(first.pending.codeVerifier);
    const second = await provider.begin(redirectUri);
    for (const member of ['state', 'nonce', 'codeVerifier'] as const) {
      expect(first.pending[member]).toMatch(/^[\w-]{43,}$/);
      expect(second.pending[member]).not.toBe(first.pending[member]);
    }
  });

  test('tells who signed in', async () => {
    const { pending, callback } = await go();
    expect(await provider.complete(pending, callback)).toEqual(ada);
  });

  test('takes the callback as a query as well', async () => {
    const { pending, callback } = await go();
    expect(await provider.complete(pending, new URLSearchParams(callback))).toEqual(ada);
  });

  test.each<[string, { emailVerified?: boolean }]>([
    ['does not', { emailVerified: false }],
    ['says nothing of it', {}],
  ])('does not call an address verified when the provider %s', async (_, verified) => {
    const { pending, callback } = await go({ subject: 'eve', email: ada.email, ...verified });
    expect(await provider.complete(pending, callback)).toEqual({
      subject: 'eve',
      email: ada.email,
      emailVerified: false,
      name: undefined,
    });
  });

  test('gets along without an address', async () => {
    const { pending, callback } = await go({ subject: 'nemo' });
    expect(await provider.complete(pending, callback)).toEqual({
      subject: 'nemo',
      email: undefined,
      emailVerified: false,
      name: undefined,
    });
  });

  test('discovers the provider once', async () => {
    const other = await start();
    const client = clientOf(other);
    await Promise.all([client.begin(redirectUri), client.begin(redirectUri)]);
    await client.begin(redirectUri);
    const paths = other.requests.map(({ path }) => path);
    expect(paths).toEqual(['/.well-known/openid-configuration']);
  });

  test.each<[string, string[] | undefined, string | undefined]>([
    ['the header, if the provider says nothing', undefined, 'Basic'],
    [
      'the header, if the provider takes both',
      ['client_secret_post', 'client_secret_basic'],
      'Basic',
    ],
    ['the body, if the provider takes it only there', ['client_secret_post'], undefined],
  ])('sends its secret in %s', async (_, methods, scheme) => {
    const other = await start();
    other.changeAnswers(({ path, body }) => {
      if (path.startsWith('/.well-known/')) body['token_endpoint_auth_methods_supported'] = methods;
    });
    const client = clientOf(other);
    const { pending, callback } = await visit(client, other, ada);
    expect(await client.complete(pending, callback)).toEqual(ada);
    expect(other.requests).toContainEqual({ path: '/token', scheme });
  });

  describe('is refused', () => {
    test.each<[string, 'state' | 'nonce' | 'codeVerifier']>([
      ['for another state', 'state'],
      ['for another nonce', 'nonce'],
      ['for another code verifier', 'codeVerifier'],
    ])('%s', async (_, member) => {
      const { pending, callback } = await go();
      const other = await provider.begin(redirectUri);
      const mixed = { ...pending, [member]: other.pending[member] };
      await expectFailure(provider.complete(mixed, callback), 'sign_in_refused');
    });

    test('for another redirect address than the start had', async () => {
      const { pending, callback } = await go();
      const elsewhere = { ...pending, redirectUri: 'https://app.example.com/elsewhere' };
      await expectFailure(provider.complete(elsewhere, callback), 'sign_in_refused');
    });

    test.each<[string, Record<string, string>]>([
      ['has no state', { state: '' }],
      ['has no code', { code: '' }],
      ['has an unknown code', { code: 'unknown' }],
      ['names another issuer', { iss: 'https://evil.example.com' }],
      ['names no issuer', { iss: '' }],
      ['brings an ID token of its own', { id_token: 'e30.e30.' }],
      ['brings another kind of response', { response: 'e30.e30.' }],
    ])('when the callback %s', async (_, change) => {
      const { pending, callback } = await go();
      const changed = Object.entries({ ...callback, ...change }).filter(([, value]) => value);
      const query = new URLSearchParams(changed);
      await expectFailure(provider.complete(pending, query), 'sign_in_refused');
    });

    test('when the callback says anything twice', async () => {
      const { pending, callback } = await go();
      for (const [name, value] of Object.entries(callback)) {
        const query = new URLSearchParams(callback);
        query.append(name, value);
        await expectFailure(provider.complete(pending, query), 'sign_in_refused');
      }
    });

    test('when its code was used before', async () => {
      const { pending, callback } = await go();
      await provider.complete(pending, callback);
      await expectFailure(provider.complete(pending, callback), 'sign_in_refused');
    });

    test('when the person declines, and says so', async () => {
      const { authorizationUrl, pending } = await provider.begin(redirectUri);
      const { searchParams } = await server.decline(authorizationUrl);
      expect(searchParams.get('error')).toBe('access_denied');
      const refusal = await expectFailure(
        provider.complete(pending, searchParams),
        'sign_in_refused',
      );
      expect(refusal.message).toBe('The sign-in was declined at Single sign-on.');
    });
  });

  describe('where the ID token tells no address', () => {
    let terse: OpenIdProvider;
    let client: IdentityProvider;

    beforeAll(async () => {
      terse = await start({ claimsIn: 'userInfo' });
      client = clientOf(terse);
    });
    async function complete() {
      const { pending, callback } = await visit(client, terse, ada);
      return client.complete(pending, callback);
    }

    test('asks the provider for it', async () => {
      expect(await complete()).toEqual(ada);
      expect(terse.requests).toContainEqual({ path: '/me', scheme: 'Bearer' });
    });

    test('does not take the answer for somebody else', async () => {
      terse.changeAnswers(({ path, body }) => {
        if (path === '/me') body['sub'] = 'eve';
      });
      await expectFailure(complete(), 'sign_in_refused');
    });
  });
});
