import { api, basePath } from './api.ts';
import { ApiError } from './contract/api-error.ts';
import { clientOf, type Connection, type MaybePromise } from './contract/client.ts';
import type { Fetch } from './contract/client-request.ts';
import type { Client } from './contract/client-types.ts';
import type { Endpoint } from './contract/endpoint.ts';
import type { Tokens } from './features/auth/auth.contract.ts';

export { ApiError, type ApiErrorCode } from './contract/api-error.ts';
export type { Fetch } from './contract/client-request.ts';
export type { Answer, Call, CallInput, CallOptions, FileContent } from './contract/client-types.ts';
export type { Session } from './features/auth/auth.contract.ts';
export type { Task } from './features/tasks/tasks.schemas.ts';
export type { User } from './features/users/users.contract.ts';

export type SessionTokens = Pick<Tokens, 'accessToken' | 'refreshToken'>;

/** Where a session's tokens are kept: in memory, in localStorage, in a keychain. */
export interface SessionStore {
  get(): MaybePromise<SessionTokens | null>;
  /** `null` when the session has ended. */
  set(tokens: SessionTokens | null): MaybePromise<void>;
}

export type TaskManagerClient = Client<typeof api>;

export type ClientOptions = {
  /** Where the API runs, such as `https://tasks.example.com`; `''` for a page's own origin. */
  baseUrl: string;
  /** Used instead of the global one. */
  fetch?: Fetch | undefined;
} & (
  | {
      /** The access token to send; asked for before each request that needs one. */
      accessToken?: (() => MaybePromise<string | null | undefined>) | undefined;
      session?: never;
    }
  | {
      /** Signing in and out fill and clear it; an expired access token is renewed by itself. */
      session: SessionStore;
      accessToken?: never;
    }
);

const signsIn = new Set<Endpoint>([
  api.auth.register,
  api.auth.login,
  api.auth.refresh,
  api.signIn.complete,
]);
const signsOut = new Set<Endpoint>([api.auth.logout, api.users.remove]);

/** Keeps the tokens of a session in its store, and renews them once for all calls that need it. */
function keepSession(
  store: SessionStore,
  refresh: (refreshToken: string) => Promise<SessionTokens>,
): Pick<Connection, 'accessToken' | 'renewToken' | 'onAnswer'> {
  let renewal: Promise<string | undefined> | undefined;

  async function renew(held: SessionTokens): Promise<string | undefined> {
    const tokens = await refresh(held.refreshToken).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'invalid_refresh_token') return null;
      throw error;
    });
    const current = await store.get();
    // Another tab with the same store was faster, or the session has been ended meanwhile.
    if (current?.refreshToken !== held.refreshToken) return current?.accessToken;
    await store.set(tokens);
    return tokens?.accessToken;
  }

  return {
    accessToken: async () => (await store.get())?.accessToken,
    renewToken: async (refused) => {
      const held = await store.get();
      if (held?.accessToken !== refused) return held?.accessToken;
      renewal ??= renew(held).finally(() => {
        renewal = undefined;
      });
      return renewal;
    },
    onAnswer: async (endpoint, data) => {
      if (signsOut.has(endpoint)) await store.set(null);
      if (signsIn.has(endpoint)) {
        const { accessToken, refreshToken } = data as SessionTokens;
        await store.set({ accessToken, refreshToken });
      }
    },
  };
}

/**
 * The API as functions, for browsers and Node: `await client.tasks.create({ body: { title } })`.
 * Each call resolves to the data; `.withResponse()` adds the ETag and the request id; `for await`
 * walks a list over all its pages.
 *
 * Calls reject with ApiError, or with the reason of their own `signal`.
 */
export function createClient({
  baseUrl,
  fetch,
  accessToken,
  session,
}: ClientOptions): TaskManagerClient {
  const connection = { url: baseUrl.replace(/\/+$/, '') + basePath, fetch };
  if (!session) return clientOf(api, { ...connection, accessToken });
  const { auth } = clientOf(api, connection);
  const refresh = async (refreshToken: string) => {
    const tokens = await auth.refresh({ body: { refreshToken } });
    return { accessToken: tokens.accessToken, refreshToken: tokens.refreshToken };
  };
  return clientOf(api, { ...connection, ...keepSession(session, refresh) });
}
