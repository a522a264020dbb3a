import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { IdentityProvider } from '../src/features/identities/identity-provider.ts';
import { createLogger } from '../src/logger.ts';
import {
  ada,
  clientOf,
  expectFailure,
  identityProvider,
  redirectUri,
  useOpenIdProviders,
  visit,
} from './support/identity-providers.ts';
import {
  newSigningKey,
  type OpenIdProvider,
  type ProviderAnswer,
} from './support/openid-provider.ts';

const start = useOpenIdProviders();

describe('signing in with OpenID Connect is not deceived by', () => {
  type Claims = Record<string, unknown>;
  const claimsOf = ({ body }: ProviderAnswer): Claims => {
    const [, claims = ''] = String(body['id_token']).split('.');
    return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Claims;
  };
  const unsigned = (token: unknown) => {
    const [, claims] = String(token).split('.');
    return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${claims}.`;
  };
  const anHourAgo = Math.floor(Date.now() / 1000) - 3600;
  let liar: OpenIdProvider;
  let client: IdentityProvider;

  beforeAll(async () => {
    liar = await start();
    client = clientOf(liar);
  });
  async function complete(): Promise<unknown> {
    const { pending, callback } = await visit(client, liar, ada);
    return client.complete(pending, callback);
  }
  /** Changes the answer of the token endpoint, or of another one. */
  function lie(change: (answer: ProviderAnswer) => void, path = '/token'): void {
    liar.changeAnswers((answer) => {
      if (answer.path === path) change(answer);
    });
  }

  test('but believes an ID token that was merely signed again', async () => {
    lie((answer) => (answer.body['id_token'] = liar.signIdToken(claimsOf(answer))));
    expect(await complete()).toEqual(ada);
  });

  test.each<[string, Claims]>([
    ['is for another audience', { aud: 'another-client' }],
    ['is for others as well, and given to one of them', { aud: ['task-manager', 'b'], azp: 'b' }],
    ['is of another issuer', { iss: 'https://accounts.example.com' }],
    ['has expired', { exp: anHourAgo }],
    ['never expires', { exp: undefined }],
    ['has another nonce', { nonce: 'another' }],
    ['has no nonce', { nonce: undefined }],
    ['is of nobody', { sub: undefined }],
  ])('an ID token that %s', async (_, claims) => {
    lie((answer) => {
      answer.body['id_token'] = liar.signIdToken(
        JSON.parse(JSON.stringify({ ...claimsOf(answer), ...claims })) as object,
      );
    });
    await expectFailure(complete(), 'sign_in_refused');
  });

  test('an ID token that another key has signed', async () => {
    const key = newSigningKey();
    lie((answer) => (answer.body['id_token'] = liar.signIdToken(claimsOf(answer), key)));
    await expectFailure(complete(), 'sign_in_refused');
  });

  test('an ID token that nobody has signed', async () => {
    lie(({ body }) => (body['id_token'] = unsigned(body['id_token'])));
    await expectFailure(complete(), 'sign_in_refused');
  });

  test('an ID token that is missing', async () => {
    lie(({ body }) => delete body['id_token']);
    await expectFailure(complete(), 'sign_in_refused');
  });

  test('metadata of another issuer', async () => {
    lie(
      ({ body }) => (body['issuer'] = 'https://accounts.example.com'),
      '/.well-known/openid-configuration',
    );
    await expectFailure(clientOf(liar).begin(redirectUri), 'provider_unavailable');
  });
});

describe('signing in with OpenID Connect cannot be had', () => {
  test('before the provider is up, and can be afterwards', async () => {
    const gone = await start();
    await gone.stop();
    const client = clientOf(gone);
    await expectFailure(client.begin(redirectUri), 'provider_unavailable');
    await start({ port: gone.port });
    expect(await client.begin(redirectUri)).toHaveProperty('authorizationUrl');
  });

  test('when the provider goes down while somebody is signing in', async () => {
    const going = await start();
    const client = clientOf(going);
    const { pending, callback } = await visit(client, going, ada);
    await going.stop();
    const failure = await expectFailure(client.complete(pending, callback), 'provider_unavailable');
    expect(failure.message).toBe('Single sign-on cannot be asked at the moment.');
  });

  test.each([500, 503, 429])('when the provider answers with %i', async (status) => {
    const failing = await start();
    const client = clientOf(failing);
    const { pending, callback } = await visit(client, failing, ada);
    failing.changeAnswers((answer) => {
      answer.status = status;
      answer.body = { error: 'slow_down' };
    });
    await expectFailure(client.complete(pending, callback), 'provider_unavailable');
    await expectFailure(clientOf(failing).begin(redirectUri), 'provider_unavailable');
  });

  test('when the provider says that it is down', async () => {
    const server = await start();
    const client = clientOf(server);
    const { pending, callback } = await visit(client, server, ada);
    const { code: _, ...rest } = callback;
    const answer = { ...rest, error: 'temporarily_unavailable' };
    await expectFailure(client.complete(pending, answer), 'provider_unavailable');
  });

  test('when the provider does not know this API by its secret', async () => {
    const server = await start();
    const stranger = clientOf(server, 'another secret');
    const { pending, callback } = await visit(stranger, server, ada);
    await expectFailure(stranger.complete(pending, callback), 'provider_unavailable');
  });

  test('when the provider never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const client = identityProvider('oidc', {
      OIDC_ISSUER: `http://127.0.0.1:${port}`,
      OIDC_CLIENT_ID: 'id',
      OIDC_CLIENT_SECRET: 'secret',
    });
    await expectFailure(client.begin(redirectUri), 'provider_unavailable');
    silent.close();
  }, 30_000);
});

test('a failed sign-in leaves no code, token or secret in what is thrown or logged', async () => {
  const server = await start();
  const client = clientOf(server);
  const { pending, callback } = await visit(client, server, ada);
  const { state, nonce, codeVerifier } = pending;
  const secrets = [server.clientSecret, state, nonce, codeVerifier, callback['code']];
  server.changeAnswers(({ path, body }) => {
    if (path !== '/token') return;
    secrets.push(String(body['access_token']), String(body['id_token']));
    body['token_type'] = 7;
  });
  const failures = [
    await expectFailure(client.complete(pending, { ...callback, state: 'x' }), 'sign_in_refused'),
    await expectFailure(client.complete(pending, callback), 'sign_in_refused'),
  ];
  const told: string[] = [];
  const logger = createLogger('info', { write: (line) => told.push(line) });
  for (const failure of failures) {
    expect(failure.cause).toBeInstanceOf(Error);
    logger.info({ err: failure });
    logger.info({ err: failure.cause });
    told.push(inspect(failure, { depth: null, showHidden: true }));
  }
  expect(secrets).toHaveLength(7);
  for (const secret of secrets) expect(told.join('\n')).not.toContain(secret);
});
