import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import jwt from 'jsonwebtoken';
import type { Adapter, AdapterPayload, Configuration, Provider } from 'oidc-provider';

/** Somebody with an account at the provider. */
export interface Person {
  subject: string;
  email?: string;
  emailVerified?: boolean;
  name?: string;
}

/** An answer of the provider on its way out, for a test to change. */
export interface ProviderAnswer {
  readonly path: string;
  status: number;
  body: Record<string, unknown>;
}

export interface ProviderOptions {
  redirectUri: string;
  /** Of one that was stopped, to start it again at the same address; a free one when omitted. */
  port?: number;
  /** Where the e-mail address and the name are told; in the ID token when omitted. */
  claimsIn?: 'idToken' | 'userInfo';
}

export interface OpenIdProvider {
  readonly issuer: string;
  readonly port: number;
  readonly clientId: string;
  readonly clientSecret: string;
  /** What was asked for so far, and how it was authorised. */
  readonly requests: readonly { path: string; scheme: string | undefined }[];
  /** Signs in with a browser's means; answers the address to which the provider sends it back. */
  signIn(authorizationUrl: string, person: Person): Promise<URL>;
  /** As `signIn`, with somebody who does not agree. */
  decline(authorizationUrl: string): Promise<URL>;
  /** Lets a test falsify every JSON answer from now on. */
  changeAnswers(change: (answer: ProviderAnswer) => void): void;
  /** @param key the provider's own when omitted */
  signIdToken(claims: object, key?: KeyObject): string;
  stop(): Promise<void>;
}

const clientId = 'task-manager';
const clientSecret = 'a secret between the two: 100% + more';
const keyId = 'signing-key';

export function newSigningKey(): KeyObject {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
}

/** Its warning about the version of Node is meant for those who run it in earnest. */
async function loadProvider(): Promise<typeof Provider> {
  const { warn } = console;
  console.warn = () => {};
  const module = await import('oidc-provider').finally(() => {
    console.warn = warn;
  });
  return module.Provider;
}

/** Keeps everything in memory, and only of this provider. */
function createStorage(): (kind: string) => Adapter {
  const stored = new Map<string, AdapterPayload>();
  const findBy = (kind: string, member: 'uid' | 'userCode', value: string) =>
    [...stored].find(([key, item]) => key.startsWith(`${kind}:`) && item[member] === value)?.[1];
  return (kind) => ({
    upsert: async (id, payload) => void stored.set(`${kind}:${id}`, payload),
    find: async (id) => stored.get(`${kind}:${id}`),
    findByUid: async (uid) => findBy(kind, 'uid', uid),
    findByUserCode: async (userCode) => findBy(kind, 'userCode', userCode),
    consume: async (id) => {
      const item = stored.get(`${kind}:${id}`);
      if (item) item.consumed = Math.floor(Date.now() / 1000);
    },
    destroy: async (id) => void stored.delete(`${kind}:${id}`),
    revokeByGrantId: async (grantId) => {
      for (const [key, item] of stored) if (item.grantId === grantId) stored.delete(key);
    },
  });
}

function configurationFor(
  { redirectUri, claimsIn = 'idToken' }: ProviderOptions,
  people: ReadonlyMap<string, Person>,
  key: KeyObject,
): Configuration {
  const anHour = 3600;
  return {
    adapter: createStorage(),
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [redirectUri] }],
    conformIdTokenClaims: claimsIn === 'userInfo',
    cookies: { keys: ['signs the cookies'] },
    features: { devInteractions: { enabled: false } },
    findAccount: (_, accountId) => {
      const { subject = accountId, email, emailVerified, name } = people.get(accountId) ?? {};
      const claims = { sub: subject, email, email_verified: emailVerified, name };
      return { accountId, claims: () => claims };
    },
    interactions: { url: (_, { uid }) => `/interaction/${uid}` },
    jwks: { keys: [{ ...key.export({ format: 'jwk' }), kid: keyId, alg: 'RS256', use: 'sig' }] },
    // Whoever signs in agrees to what the client asks for.
    async loadExistingGrant({ oidc }) {
      const grant = new oidc.provider.Grant({
        accountId: oidc.session!.accountId!,
        clientId: oidc.client!.clientId,
      });
      grant.addOIDCScope('openid email profile');
      await grant.save();
      return grant;
    },
    renderError: (ctx, out) => {
      ctx.body = out;
    },
    ttl: {
      AccessToken: anHour,
      Grant: anHour,
      IdToken: anHour,
      Interaction: anHour,
      Session: anHour,
    },
  };
}

/** Sends a request as a browser would, with the cookies that it has got; answers where it is sent. */
function createBrowser(): (address: string, form?: object) => Promise<string> {
  const cookies = new Map<string, string>();
  return async (address, form) => {
    const Cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(address, {
      redirect: 'manual',
      headers: { Cookie },
      ...(form && { method: 'POST', body: JSON.stringify(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      cookies.set(name, value);
    }
    const location = response.headers.get('Location');
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
    return new URL(location, address).href;
  };
}

/** Starts a provider of OpenID Connect with one client on a port of 127.0.0.1. */
export async function startOpenIdProvider(options: ProviderOptions): Promise<OpenIdProvider> {
  const people = new Map<string, Person>();
  const requests: { path: string; scheme: string | undefined }[] = [];
  const key = newSigningKey();
  let changeAnswer: ((answer: ProviderAnswer) => void) | undefined;

  const server = createServer().listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const issuer = `http://127.0.0.1:${port}`;
  const provider = new (await loadProvider())(issuer, configurationFor(options, people, key));
  provider.use(async (ctx, next) => {
    requests.push({ path: ctx.path, scheme: ctx.headers.authorization?.split(' ')[0] });
    await next();
    if (!changeAnswer || typeof ctx.body !== 'object') return;
    const answer = { path: ctx.path, status: ctx.status, body: ctx.body as ProviderAnswer['body'] };
    changeAnswer(answer);
    ctx.status = answer.status;
    ctx.body = answer.body;
  });
  const answerProtocol = provider.callback();

  /** What stands for the page on which people give their password and agree. */
  async function interact(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const person = (await json(req)) as Person | { subject: undefined };
    if (person.subject === undefined) {
      await provider.interactionFinished(req, res, { error: 'access_denied' });
      return;
    }
    people.set(person.subject, person);
    await provider.interactionFinished(req, res, { login: { accountId: person.subject } });
  }

  server.on('request', (req, res) => {
    if (req.url?.startsWith('/interaction/')) void interact(req, res);
    else void answerProtocol(req, res);
  });

  async function decide(authorizationUrl: string, decision: object): Promise<URL> {
    const visit = createBrowser();
    return new URL(await visit(await visit(await visit(authorizationUrl), decision)));
  }

  return {
    issuer,
    port,
    clientId,
    clientSecret,
    requests,
    signIn: (authorizationUrl, person) => decide(authorizationUrl, person),
    decline: (authorizationUrl) => decide(authorizationUrl, {}),
    changeAnswers(change) {
      changeAnswer = change;
    },
    signIdToken: (claims, signingKey = key) =>
      jwt.sign(claims, signingKey, { algorithm: 'RS256', keyid: keyId }),
    async stop() {
      if (!server.listening) return;
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
