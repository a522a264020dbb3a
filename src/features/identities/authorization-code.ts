import type {
  Configuration,
  TokenEndpointResponse,
  TokenEndpointResponseHelpers,
} from 'openid-client';
import type {
  IdentityProvider,
  PendingAuthorization,
  ProviderProfile,
} from './identity-provider.ts';
import { signInFailure } from './provider-failures.ts';

/** Imported when the first sign-in needs it: it takes 7 MB, which a server without one should not. */
export const loadOpenIdClient = () => import('openid-client');

type Tokens = TokenEndpointResponse & TokenEndpointResponseHelpers;

/** How one provider differs from the next. */
interface CodeFlow {
  id: string;
  name: string;
  issuer: string;
  scope: string;
  /** Whether it issues ID tokens, which carry the nonce. */
  hasIdTokens: boolean;
  configure: () => Promise<Configuration>;
  profileOf: (configuration: Configuration, tokens: Tokens) => Promise<ProviderProfile>;
}

/** The authorization code flow as RFC 9700 wants it: PKCE, state and the issuer are always checked. */
export function createCodeFlow(flow: CodeFlow): IdentityProvider {
  const { id, name, issuer, scope, hasIdTokens, configure, profileOf } = flow;

  const begin: IdentityProvider['begin'] = async (redirectUri) => {
    const [configuration, openid] = [await configure(), await loadOpenIdClient()];
    const pending: PendingAuthorization = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      codeVerifier: openid.randomPKCECodeVerifier(),
      redirectUri,
    };
    const authorizationUrl = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope,
      state: pending.state,
      code_challenge: await openid.calculatePKCECodeChallenge(pending.codeVerifier),
      code_challenge_method: 'S256',
      ...(hasIdTokens && { nonce: pending.nonce }),
    });
    return { authorizationUrl: authorizationUrl.href, pending };
  };

  const complete: IdentityProvider['complete'] = async (pending, callback) => {
    const [configuration, openid] = [await configure(), await loadOpenIdClient()];
    const { state, nonce, codeVerifier, redirectUri } = pending;
    const returnedTo = new URL(redirectUri);
    returnedTo.search = new URLSearchParams(callback).toString();
    const tokens = await openid.authorizationCodeGrant(configuration, returnedTo, {
      expectedState: state,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: hasIdTokens,
      ...(hasIdTokens && { expectedNonce: nonce }),
    });
    return profileOf(configuration, tokens);
  };

  const orFailure = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((error: unknown) => {
      throw signInFailure(name, error);
    });
  return {
    id,
    name,
    issuer,
    begin: (redirectUri) => orFailure(begin(redirectUri)),
    complete: (pending, callback) => orFailure(complete(pending, callback)),
  };
}
