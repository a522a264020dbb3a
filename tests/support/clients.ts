import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect } from '@jest/globals';
import {
  ApiError,
  type ClientOptions,
  createClient,
  type Fetch,
  type SessionStore,
  type SessionTokens,
  type TaskManagerClient,
} from '../../src/client.ts';

/** What a client sent, in order: `POST /api/v1/auth/login`. */
export interface Sent {
  line: string;
  headers: Headers;
}

/** The global fetch, with a record of what goes through it. */
export function recordingFetch(): { fetch: Fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  return {
    sent,
    fetch: async (address, init) => {
      const { pathname } = new URL(address);
      sent.push({ line: `${init.method} ${pathname}`, headers: new Headers(init.headers) });
      return fetch(address, init);
    },
  };
}

export interface MemoryStore extends SessionStore {
  tokens: SessionTokens | null;
}

/** Keeps a session as a page does that forgets it when it is closed. */
export function memoryStore(tokens: SessionTokens | null = null): MemoryStore {
  const store: MemoryStore = {
    tokens,
    get: () => store.tokens,
    set: (next) => {
      store.tokens = next;
    },
  };
  return store;
}

export function newAccount() {
  return { email: `${randomUUID()}@example.com`, password: 'correct horse battery', name: 'Ada' };
}

interface SignedUp {
  client: TaskManagerClient;
  store: MemoryStore;
}

/** A client in the session of a new account. */
export async function signedUp(baseUrl: string, options: Partial<ClientOptions> = {}) {
  const store = memoryStore();
  const client = createClient({ ...options, baseUrl, session: store } as ClientOptions);
  await client.auth.register({ body: newAccount() });
  return { client, store } satisfies SignedUp;
}

/** The ApiError with which a call fails. */
export async function failureOf(call: PromiseLike<unknown>): Promise<ApiError> {
  const outcome = await call.then(
    () => 'no failure',
    (failure: unknown) => failure,
  );
  expect(outcome).toBeInstanceOf(ApiError);
  return outcome as ApiError;
}

/** Runs with the address of a server that is not this API. */
export async function withOtherServer(
  answer: RequestListener,
  run: (address: string) => Promise<void>,
): Promise<void> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    await run(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}
