import type { Configuration, CustomFetch } from 'openid-client';
import * as z from 'zod';
import { createCodeFlow, loadOpenIdClient } from './authorization-code.ts';
import type { IdentityProvider } from './identity-provider.ts';
import { answerTimeout } from './provider-transport.ts';

interface GitHubSettings {
  /** `https://github.com`, or where a GitHub Enterprise Server is; without a slash at the end. */
  url: string;
  clientId: string;
  clientSecret: string;
}

const userSchema = z.object({ id: z.int(), name: z.string().nullish(), login: z.string() });
const emailsSchema = z.array(
  z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }),
);

/** GitHub refuses to give a token with status 200, where OAuth has 400. */
const fetchFromGitHub: CustomFetch = async (url, options) => {
  const response = await fetch(url, options as RequestInit);
  const body: unknown = await response
    .clone()
    .json()
    .catch(() => undefined);
  const isRefusal = typeof body === 'object' && body !== null && 'error' in body;
  return isRefusal && response.status === 200 ? Response.json(body, { status: 400 }) : response;
};

/** GitHub, which speaks OAuth 2 without ID tokens and is asked for the profile instead. */
export function createGitHubProvider(settings: GitHubSettings): IdentityProvider {
  const { url, clientId, clientSecret } = settings;
  const api = url === 'https://github.com' ? 'https://api.github.com' : `${url}/api/v3`;
  const issuer = `${url}/login/oauth`;
  let configured: Promise<Configuration> | undefined;

  async function configure(): Promise<Configuration> {
    const openid = await loadOpenIdClient();
    const configuration = new openid.Configuration(
      {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/access_token`,
      },
      clientId,
      undefined,
      openid.ClientSecretPost(clientSecret),
    );
    configuration.timeout = answerTimeout;
    configuration[openid.customFetch] = fetchFromGitHub;
    if (url.startsWith('http:')) openid.allowInsecureRequests(configuration);
    return configuration;
  }

  async function read<T>(
    configuration: Configuration,
    accessToken: string,
    path: string,
    schema: z.ZodType<T>,
  ): Promise<T> {
    const openid = await loadOpenIdClient();
    const headers = new Headers({
      Accept: 'application/vnd.github+json',
      'X-GitHub-Api-Version': '2022-11-28',
    });
    const address = new URL(`${api}${path}`);
    const response = await openid.fetchProtectedResource(
      configuration,
      accessToken,
      address,
      'GET',
      null,
      headers,
    );
    if (!response.ok) throw new Error(`GET ${path} was answered with ${response.status}`);
    return schema.parse(await response.json());
  }

  return createCodeFlow({
    id: 'github',
    name: 'GitHub',
    issuer,
    scope: 'read:user user:email',
    hasIdTokens: false,
    configure: () => (configured ??= configure()),
    async profileOf(configuration, { access_token: token }) {
      const [user, emails] = await Promise.all([
        read(configuration, token, '/user', userSchema),
        read(configuration, token, '/user/emails?per_page=100', emailsSchema),
      ]);
      const primary = emails.find((email) => email.primary && email.verified);
      return {
        subject: String(user.id),
        email: primary?.email,
        emailVerified: primary !== undefined,
        name: user.name || user.login,
      };
    },
  });
}
