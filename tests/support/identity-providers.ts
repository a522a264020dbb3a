import { afterAll, expect } from '@jest/globals';
import { AppError, type ErrorCode } from '../../src/errors.ts';
import type {
  IdentityProvider,
  PendingAuthorization,
} from '../../src/features/identities/identity-provider.ts';
import {
  createIdentityProviders,
  type ProviderSettings,
} from '../../src/features/identities/providers.ts';
import type { GitHubProvider } from './github-provider.ts';
import {
  type OpenIdProvider,
  type ProviderOptions,
  startOpenIdProvider,
} from './openid-provider.ts';

export const redirectUri = 'https://app.example.com/signed-in';

export const withoutProviders: ProviderSettings = {
  GITHUB_URL: 'https://github.com',
  OIDC_NAME: 'Single sign-on',
};

/** The provider with this id, which the settings must set up. */
export function identityProvider(
  id: string,
  settings: Partial<ProviderSettings>,
): IdentityProvider {
  const provider = createIdentityProviders({ ...withoutProviders, ...settings }).get(id);
  if (!provider) throw new Error(`${id} is not set up`);
  return provider;
}

/** The API's side of a provider that was started. */
export function clientOf(
  { clientId, clientSecret, issuer }: OpenIdProvider,
  secret = clientSecret,
): IdentityProvider {
  return identityProvider('oidc', {
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    OIDC_CLIENT_SECRET: secret,
  });
}

/** As `clientOf`, for GitHub. */
export function gitHubClientOf(
  { clientId, clientSecret, url }: GitHubProvider,
  secret = clientSecret,
): IdentityProvider {
  return identityProvider('github', {
    GITHUB_URL: url,
    GITHUB_CLIENT_ID: clientId,
    GITHUB_CLIENT_SECRET: secret,
  });
}

/** Lets a test start providers, which are stopped after the last test. */
export function useOpenIdProviders(): (
  options?: Omit<ProviderOptions, 'redirectUri'>,
) => Promise<OpenIdProvider> {
  const started: OpenIdProvider[] = [];
  afterAll(() => Promise.all(started.map((provider) => provider.stop())));
  return async (options) => {
    const provider = await startOpenIdProvider({ redirectUri, ...options });
    started.push(provider);
    return provider;
  };
}

/** Starts at the API's side, signs in at the provider and comes back. */
export async function visit<Person>(
  client: IdentityProvider,
  provider: { signIn: (authorizationUrl: string, person: Person) => Promise<URL> },
  person: Person,
): Promise<{ pending: PendingAuthorization; callback: Record<string, string> }> {
  const { authorizationUrl, pending } = await client.begin(redirectUri);
  const { searchParams } = await provider.signIn(authorizationUrl, person);
  return { pending, callback: Object.fromEntries(searchParams) };
}

export const ada = {
  subject: 'ada-1815',
  email: 'ada@example.com',
  emailVerified: true,
  name: 'Ada Lovelace',
};

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    (value) => {
      throw new Error(`no failure but ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

export async function expectFailure(work: Promise<unknown>, code: ErrorCode): Promise<AppError> {
  const failure = await failureOf(work);
  expect(failure).toBeInstanceOf(AppError);
  expect(failure).toMatchObject({ code });
  const { retryAfter } = failure as AppError;
  expect(retryAfter).toBe(code === 'provider_unavailable' ? 5 : undefined);
  return failure as AppError;
}
