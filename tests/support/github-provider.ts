import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';

/** Somebody with an account at GitHub. */
export interface GitHubPerson {
  id: number;
  login: string;
  name: string | null;
  emails: { email: string; primary: boolean; verified: boolean }[];
}

export interface GitHubProvider {
  /** For the setting GITHUB_URL. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Agrees at the address; answers where the browser is sent back to. */
  signIn(authorizationUrl: string, person: GitHubPerson): Promise<URL>;
  /** As `signIn`, with somebody who does not agree. */
  decline(authorizationUrl: string): Promise<URL>;
  stop(): Promise<void>;
}

/** What a code was given for. */
interface Issued {
  person: GitHubPerson;
  redirectUri: string | null;
  challenge: string | null;
  scope: string | null;
}

const clientId = 'Iv1.0123456789abcdef';
const clientSecret = 'a secret between GitHub and the API';

const randomText = () => randomBytes(20).toString('hex');
const challengeOf = (verifier: string) => createHash('sha256').update(verifier).digest('base64url');

function answer(res: ServerResponse, body: unknown, status = 200): void {
  res.writeHead(status, { 'Content-Type': 'application/json; charset=utf-8' });
  res.end(JSON.stringify(body));
}

/**
 * Starts what behaves like the parts of a GitHub Enterprise Server that signing in needs, on a free
 * port of 127.0.0.1.
 */
export async function startGitHubProvider(options: {
  redirectUri: string;
}): Promise<GitHubProvider> {
  const codes = new Map<string, Issued>();
  const tokens = new Map<string, Issued>();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function authorize(req: IncomingMessage, res: ServerResponse, query: URLSearchParams) {
    const redirectUri = query.get('redirect_uri');
    if (query.get('client_id') !== clientId || redirectUri !== options.redirectUri) {
      answer(res, { message: 'Not Found' }, 404);
      return;
    }
    const person = (await json(req)) as GitHubPerson | null;
    const code = randomText();
    const [challenge, scope] = [query.get('code_challenge'), query.get('scope')];
    if (person) codes.set(code, { person, redirectUri, challenge, scope });
    const back = new URL(redirectUri);
    back.search = new URLSearchParams({
      ...(person ? { code } : { error: 'access_denied' }),
      state: query.get('state') ?? '',
      iss: `${url}/login/oauth`,
    }).toString();
    res.writeHead(302, { Location: back.href }).end();
  }

  /** What is wrong with a request for a token, in the words of GitHub. */
  function objectionTo(form: URLSearchParams, issued: Issued | undefined): string | undefined {
    const isClient =
      form.get('client_id') === clientId && form.get('client_secret') === clientSecret;
    if (!isClient) return 'incorrect_client_credentials';
    const verifier = form.get('code_verifier');
    const isProven =
      issued?.challenge === null || (verifier && challengeOf(verifier) === issued?.challenge);
    if (!issued || !isProven) return 'bad_verification_code';
    return form.get('redirect_uri') === issued.redirectUri ? undefined : 'redirect_uri_mismatch';
  }

  async function giveToken(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(req));
    const code = form.get('code') ?? '';
    const issued = codes.get(code);
    codes.delete(code);
    const error = objectionTo(form, issued);
    if (error !== undefined || !issued) {
      answer(res, { error, error_description: 'Told with status 200, as GitHub does.' });
      return;
    }
    const accessToken = `gho_${randomText()}`;
    tokens.set(accessToken, issued);
    const scope = issued.scope?.replaceAll(' ', ',');
    answer(res, { access_token: accessToken, scope, token_type: 'bearer' });
  }

  function show(req: IncomingMessage, res: ServerResponse, path: string): void {
    const [, token = ''] = /^bearer (\S+)$/i.exec(req.headers.authorization ?? '') ?? [];
    const known = tokens.get(token);
    const { id, login, name, emails } = known?.person ?? {};
    const maySeeEmails = known?.scope?.split(' ').includes('user:email') ?? false;
    if (!known) answer(res, { message: 'Bad credentials' }, 401);
    else if (path === '/api/v3/user') answer(res, { id, login, name, email: null });
    else if (maySeeEmails) answer(res, emails);
    else answer(res, { message: 'Not Found' }, 404);
  }

  server.on('request', (req, res) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', url);
    if (pathname === '/login/oauth/authorize') void authorize(req, res, searchParams);
    else if (pathname === '/login/oauth/access_token') void giveToken(req, res);
    else if (/^\/api\/v3\/user(\/emails)?$/.test(pathname)) show(req, res, pathname);
    else answer(res, { message: 'Not Found' }, 404);
  });

  async function decide(authorizationUrl: string, person: GitHubPerson | null): Promise<URL> {
    const body = JSON.stringify(person);
    const response = await fetch(authorizationUrl, { method: 'POST', body, redirect: 'manual' });
    const location = response.headers.get('Location');
    if (location === null) throw new Error(`${response.status}: ${await response.text()}`);
    return new URL(location);
  }

  return {
    url,
    clientId,
    clientSecret,
    signIn: decide,
    decline: (authorizationUrl) => decide(authorizationUrl, null),
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
