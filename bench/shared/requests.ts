import { Agent } from 'node:http';
import { createCaller } from './caller.ts';

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

const agent = new Agent({ keepAlive: true });

/** @throws Error where the connection breaks before the answer is complete */
export async function send(origin: string, asked: Asked): Promise<Answered> {
  const { status, headers, text } = await createCaller(origin, agent)(asked);
  const { 'retry-after': retryAfter, 'idempotent-replayed': replayed } = headers;
  return {
    status,
    retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
    replayed: replayed === 'true',
    body: text === '' ? undefined : JSON.parse(text),
  };
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
