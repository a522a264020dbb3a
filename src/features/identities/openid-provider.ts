import type { ClientAuth, Configuration } from 'openid-client';
import { createCodeFlow, loadOpenIdClient } from './authorization-code.ts';
import type { IdentityProvider, ProviderProfile } from './identity-provider.ts';
import { providerUnavailable, signInRefused } from './provider-failures.ts';
import { answerTimeout } from './provider-transport.ts';

interface OpenIdSettings {
  id: string;
  name: string;
  /** Exactly as the provider names itself, a slash at the end included. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Whether the secret goes into the body; else into the header, if the provider takes it there. */
  secretInBody?: boolean;
}

type Claims = Readonly<Record<string, unknown>>;

const textOf = (claim: unknown) => (typeof claim === 'string' && claim !== '' ? claim : undefined);

/** @param claims of an ID token or of the UserInfo endpoint; some providers write booleans as text */
function profileFrom(subject: string, claims: Claims): ProviderProfile {
  const email = textOf(claims['email']);
  const verified = claims['email_verified'];
  return {
    subject,
    email,
    emailVerified: email !== undefined && (verified === true || verified === 'true'),
    name: textOf(claims['name']),
  };
}

/** Any issuer of OpenID Connect, which tells everything else about itself (discovery). */
export function createOpenIdProvider(settings: OpenIdSettings): IdentityProvider {
  const { id, name, issuer, clientId, clientSecret, secretInBody = false } = settings;
  let discovered: Promise<Configuration> | undefined;

  async function discover(): Promise<Configuration> {
    const openid = await loadOpenIdClient();
    const inBody = openid.ClientSecretPost(clientSecret);
    const inHeader = openid.ClientSecretBasic(clientSecret);
    const authenticate: ClientAuth = (server, ...request) => {
      const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
      const usesHeader = !secretInBody && methods.includes('client_secret_basic');
      return (usesHeader ? inHeader : inBody)(server, ...request);
    };
    const isPlain = issuer.startsWith('http:');
    return openid.discovery(new URL(issuer), clientId, undefined, authenticate, {
      execute: [
        // Without it the library relies on TLS alone for an ID token of the token endpoint.
        openid.enableNonRepudiationChecks,
        ...(isPlain ? [openid.allowInsecureRequests] : []),
      ],
      timeout: answerTimeout,
    });
  }

  return createCodeFlow({
    id,
    name,
    issuer,
    scope: 'openid email profile',
    hasIdTokens: true,
    configure() {
      discovered ??= discover().catch((error: unknown) => {
        discovered = undefined;
        throw providerUnavailable(name, error);
      });
      return discovered;
    },
    async profileOf(configuration, tokens) {
      const claims = tokens.claims();
      if (!claims) throw signInRefused(name);
      const profile = profileFrom(claims.sub, claims);
      const { userinfo_endpoint: userInfo } = configuration.serverMetadata();
      if (profile.email !== undefined || userInfo === undefined) return profile;
      const openid = await loadOpenIdClient();
      const more = await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub);
      return profileFrom(claims.sub, { name: profile.name, ...more });
    },
  });
}
