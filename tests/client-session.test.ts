import { describe, expect, test } from '@jest/globals';
import { createClient, type Fetch, type SessionTokens } from '../src/client.ts';
import { useApi } from './support/api.ts';
import { failureOf, memoryStore, newAccount, recordingFetch, signedUp } from './support/clients.ts';
import { signUp } from './support/factories.ts';

const api = useApi();

const refreshing = 'POST /api/v1/auth/refresh';

/** A session whose access token has had its day; the refresh token still works. */
async function staleSession(): Promise<SessionTokens> {
  const { refreshToken } = await signUp(api());
  return { accessToken: 'an.old.token', refreshToken };
}

describe('a session', () => {
  test('begins with a registration, a login or a refresh', async () => {
    const store = memoryStore();
    const client = createClient({ baseUrl: api().origin, session: store });
    const account = newAccount();
    const { accessToken, refreshToken } = await client.auth.register({ body: account });
    expect(store.tokens).toEqual({ accessToken, refreshToken });
    const { email, password } = account;
    const login = await client.auth.login({ body: { email, password } });
    expect(store.tokens?.refreshToken).toBe(login.refreshToken);
    const refreshed = await client.auth.refresh({ body: { refreshToken: login.refreshToken } });
    expect(store.tokens?.refreshToken).toBe(refreshed.refreshToken);
    expect((await client.users.read()).email).toBe(email);
  });

  test('ends with a logout', async () => {
    const { client, store } = await signedUp(api().origin);
    await client.auth.logout();
    expect(store.tokens).toBeNull();
  });

  test('ends with the account', async () => {
    const { client, store } = await signedUp(api().origin);
    await client.users.remove({ body: { password: newAccount().password } });
    expect(store.tokens).toBeNull();
  });

  test('is renewed once for all calls whose access token is refused', async () => {
    const stale = await staleSession();
    const store = memoryStore(stale);
    const { fetch, sent } = recordingFetch();
    const client = createClient({ baseUrl: api().origin, session: store, fetch });
    const titles = ['a', 'b', 'c'];
    const created = await Promise.all(
      titles.map(async (title) => client.tasks.create({ body: { title } })),
    );
    expect(created.map(({ title }) => title)).toEqual(titles);
    expect(sent.filter(({ line }) => line === refreshing)).toHaveLength(1);
    expect(store.tokens?.refreshToken).not.toBe(stale.refreshToken);
    await client.users.read();
    expect(sent.filter(({ line }) => line === refreshing)).toHaveLength(1);
  });

  test('is given up when it cannot be renewed, with the first refusal', async () => {
    const store = memoryStore({ accessToken: 'an.old.token', refreshToken: 'unknown' });
    const { fetch, sent } = recordingFetch();
    const client = createClient({ baseUrl: api().origin, session: store, fetch });
    const failure = await failureOf(client.users.read());
    expect(failure).toMatchObject({ code: 'invalid_token', status: 401 });
    expect(store.tokens).toBeNull();
    expect(sent.map(({ line }) => line)).toEqual(['GET /api/v1/users/me', refreshing]);
  });

  test('is kept when the renewal fails for another reason', async () => {
    const stale = await staleSession();
    const store = memoryStore(stale);
    const unplugged: Fetch = async (address, init) => {
      if (address.endsWith('/auth/refresh')) throw new TypeError('unplugged');
      return fetch(address, init);
    };
    const client = createClient({ baseUrl: api().origin, session: store, fetch: unplugged });
    expect((await failureOf(client.users.read())).code).toBe('network_error');
    expect(store.tokens).toEqual(stale);
  });

  test('goes on with the tokens of another tab that was faster', async () => {
    const store = memoryStore(await staleSession());
    const rival = createClient({ baseUrl: api().origin, session: store });
    const slow: Fetch = async (address, init) => {
      if (address.endsWith('/auth/refresh')) await rival.users.read();
      return fetch(address, init);
    };
    const client = createClient({ baseUrl: api().origin, session: store, fetch: slow });
    expect((await client.users.read()).name).toBe('Ada');
    expect(store.tokens).not.toBeNull();
  });

  test('that was ended during a renewal stays ended', async () => {
    const store = memoryStore(await staleSession());
    const leaving: Fetch = async (address, init) => {
      const answer = await fetch(address, init);
      if (address.endsWith('/auth/refresh')) store.tokens = null;
      return answer;
    };
    const client = createClient({ baseUrl: api().origin, session: store, fetch: leaving });
    expect((await failureOf(client.users.read())).code).toBe('invalid_token');
    expect(store.tokens).toBeNull();
  });
});
