import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Response } from 'supertest';
import type { SignIn } from '../../src/features/auth/auth.contract.ts';
import { SessionModel } from '../../src/features/auth/sessions.model.ts';
import type { StartedFlow } from '../../src/features/identities/sign-in.contract.ts';
import { sessionIdOf } from './accounts.ts';
import type { Api } from './api.ts';
import { readInvitation } from './authenticator.ts';
import { type Member, memberOf, send } from './factories.ts';
import type { GitHubProvider } from './github-provider.ts';
import { redirectUri } from './identity-providers.ts';
import type { OpenIdProvider, Person } from './openid-provider.ts';

/** What completes a flow. */
interface Completion {
  flowToken: string;
  callback: Record<string, string>;
}

/** The settings of an instance that lets people sign in with these. */
export function settingsFor(openId: OpenIdProvider, gitHub?: GitHubProvider) {
  return {
    OAUTH_REDIRECT_URIS: `https://app.example.com/other,${redirectUri}`,
    OIDC_NAME: 'Example ID',
    OIDC_ISSUER: openId.issuer,
    OIDC_CLIENT_ID: openId.clientId,
    OIDC_CLIENT_SECRET: openId.clientSecret,
    ...(gitHub && {
      GITHUB_URL: gitHub.url,
      GITHUB_CLIENT_ID: gitHub.clientId,
      GITHUB_CLIENT_SECRET: gitHub.clientSecret,
    }),
  };
}

/** Somebody at the OpenID provider whom nobody has seen here. */
export function somebodyNew(given: Partial<Person> = {}) {
  const subject = randomUUID();
  const email = `${subject}@example.com`;
  return { subject, email, emailVerified: true, name: 'Ada Lovelace', ...given };
}

export async function start(api: Api, provider = 'oidc', body: object = { redirectUri }) {
  return send(api, undefined, 'post', `/auth/oauth/${provider}/start`).send(body);
}

export async function complete(api: Api, completion: object): Promise<Response> {
  return send(api, undefined, 'post', '/auth/oauth/complete').send(completion);
}

/** Goes to the provider and back. */
export async function visitFrom<Somebody>(
  started: Response,
  provider: { signIn: (authorizationUrl: string, person: Somebody) => Promise<URL> },
  person: Somebody,
): Promise<Completion> {
  expect(started.status).toBe(200);
  const { authorizationUrl, flowToken } = started.body as StartedFlow;
  const { searchParams } = await provider.signIn(authorizationUrl, person);
  return { flowToken, callback: Object.fromEntries(searchParams) };
}

/** Everything up to the completion. */
export async function comeBack(
  api: Api,
  provider: OpenIdProvider,
  person: Person,
): Promise<Completion> {
  return visitFrom(await start(api), provider, person);
}

/** Somebody in a session that began with the provider. */
export async function signInWith(
  api: Api,
  provider: OpenIdProvider,
  person: Person = somebodyNew(),
): Promise<Member> {
  const answer = await complete(api, await comeBack(api, provider, person));
  expect(answer.status).toBe(200);
  return memberOf(api, answer.body as SignIn, '');
}

/** Starts a link, and everything up to its completion. */
export async function comeBackToLink(
  member: Member,
  provider: OpenIdProvider,
  person: Person = somebodyNew(),
): Promise<Completion> {
  const proof = member.password === '' ? {} : { password: member.password };
  const body = { redirectUri, ...proof };
  const started = await member.send('post', '/users/me/identities/oidc/start', body);
  return visitFrom(started, provider, person);
}

export async function link(member: Member, completion: Completion): Promise<Response> {
  return member.send('post', '/users/me/identities', completion);
}

/** Sets up a second factor for somebody without a password; answers the recovery codes. */
export async function protectWithCodes(member: Member): Promise<string[]> {
  const enrolment = await member.send('post', '/users/me/totp', {});
  expect(enrolment.status).toBe(200);
  const code = readInvitation((enrolment.body as { uri: string }).uri).code();
  const confirmation = await member.send('post', '/users/me/totp/confirm', { code });
  expect(confirmation.status).toBe(200);
  return (confirmation.body as { recoveryCodes: string[] }).recoveryCodes;
}

/** As if the session had begun more than five minutes ago. */
export async function makeStale(member: Member): Promise<void> {
  const createdAt = new Date(Date.now() - 301_000);
  await SessionModel.updateOne({ _id: sessionIdOf(member) }, { $set: { createdAt } });
}
