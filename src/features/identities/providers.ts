import { isSafeAddress } from '../../setting-forms.ts';
import { createGitHubProvider } from './github-provider.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { createOpenIdProvider } from './openid-provider.ts';

export interface ProviderSettings {
  GOOGLE_CLIENT_ID?: string | undefined;
  GOOGLE_CLIENT_SECRET?: string | undefined;
  GITHUB_CLIENT_ID?: string | undefined;
  GITHUB_CLIENT_SECRET?: string | undefined;
  GITHUB_URL: string;
  OIDC_NAME: string;
  OIDC_ISSUER?: string | undefined;
  OIDC_CLIENT_ID?: string | undefined;
  OIDC_CLIENT_SECRET?: string | undefined;
}

/**
 * The providers that are set up, by id; nothing is asked of them yet.
 * @throws RangeError for an address of plain HTTP that is not on this machine
 */
export function createIdentityProviders(
  settings: ProviderSettings,
): ReadonlyMap<string, IdentityProvider> {
  const providers: IdentityProvider[] = [];
  const { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET } = settings;
  const { GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, GITHUB_URL } = settings;
  const { OIDC_NAME, OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET } = settings;
  for (const address of [GITHUB_URL, OIDC_ISSUER]) {
    if (address !== undefined && !isSafeAddress(address)) {
      throw new RangeError(`A provider is only talked to over HTTPS: ${address}`);
    }
  }
  if (GOOGLE_CLIENT_ID !== undefined && GOOGLE_CLIENT_SECRET !== undefined) {
    const google = createOpenIdProvider({
      id: 'google',
      name: 'Google',
      issuer: 'https://accounts.google.com',
      clientId: GOOGLE_CLIENT_ID,
      clientSecret: GOOGLE_CLIENT_SECRET,
      secretInBody: true,
    });
    providers.push(google);
  }
  if (GITHUB_CLIENT_ID !== undefined && GITHUB_CLIENT_SECRET !== undefined) {
    const github = createGitHubProvider({
      url: GITHUB_URL,
      clientId: GITHUB_CLIENT_ID,
      clientSecret: GITHUB_CLIENT_SECRET,
    });
    providers.push(github);
  }
  const hasClient = OIDC_CLIENT_ID !== undefined && OIDC_CLIENT_SECRET !== undefined;
  if (OIDC_ISSUER !== undefined && hasClient) {
    const other = createOpenIdProvider({
      id: 'oidc',
      name: OIDC_NAME,
      issuer: OIDC_ISSUER,
      clientId: OIDC_CLIENT_ID,
      clientSecret: OIDC_CLIENT_SECRET,
    });
    providers.push(other);
  }
  return new Map(providers.map((provider) => [provider.id, provider]));
}
