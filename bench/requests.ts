import { Agent, request as startRequest } from 'node:http';

/** A request as a client sends it; the rest of what HTTP needs is added. */
export interface Asked {
  method: 'DELETE' | 'GET' | 'PATCH' | 'POST';
  path: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: object;
}

export interface Answered {
  status: number;
  /** Seconds. */
  retryAfter: number | undefined;
  replayed: boolean;
  body: unknown;
}

/** Longer than any answer may take: whoever waits so long has lost the request. */
const patience = 30_000;
const agent = new Agent({ keepAlive: true });

/** @throws Error where the connection breaks before the answer is complete */
export function send(origin: string, { method, path, token, headers, body }: Asked) {
  const content = body && JSON.stringify(body);
  return new Promise<Answered>((resolve, reject) => {
    const options = {
      agent,
      method,
      timeout: patience,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(content !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(content),
        }),
        ...headers,
      },
    };
    const request = startRequest(origin + path, options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString();
        const { 'retry-after': retryAfter, 'idempotent-replayed': replayed } = response.headers;
        resolve({
          status: response.statusCode ?? 0,
          retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
          replayed: replayed === 'true',
          body: text === '' ? undefined : JSON.parse(text),
        });
      });
    });
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error('no answer')));
    request.end(content);
  });
}

export const api = '/api/v1';

/** An account of its own, in whose name requests are sent. */
export interface Account {
  email: string;
  password: string;
  token: string;
}

/** @param name becomes the address of the account */
export async function signUp(origin: string, name: string): Promise<Account> {
  const email = `${name}@example.com`;
  const password = 'correct horse battery';
  const account = { email, password, name };
  const path = `${api}/auth/register`;
  const { status, body } = await send(origin, { method: 'POST', path, body: account });
  if (status !== 201) throw new Error(`an account was answered with ${status}`);
  return { email, password, token: (body as { accessToken: string }).accessToken };
}
