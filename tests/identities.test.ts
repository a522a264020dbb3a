import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  expectProblem,
  expectUnauthorized,
  logInAgain,
  refresh,
  violationsIn,
} from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { eventsOf, protect } from './support/authenticator.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { useOpenIdProviders } from './support/identity-providers.ts';
import type { OpenIdProvider } from './support/openid-provider.ts';
import {
  comeBack,
  comeBackToLink,
  complete,
  link,
  makeStale,
  settingsFor,
  signInWith,
  somebodyNew,
} from './support/provider-sign-in.ts';

const database = useDatabase();
const startProvider = useOpenIdProviders();
let provider: OpenIdProvider;
let api: Api;
beforeAll(async () => {
  provider = await startProvider();
  api = await startInstance(database(), settingsFor(provider));
});
afterAll(() => api.close());

const path = '/users/me/identities';
const identitiesOf = async (member: Member) =>
  (await member.send('get', path)).body.data as { id: string }[];

const unlink = (member: Member, id: string, proof: object = { password: member.password }) =>
  member.send('delete', `${path}/${id}`, proof);

/** Links somebody at the provider; answers the identity's id. */
async function linked(member: Member, person = somebodyNew()): Promise<string> {
  const answer = await link(member, await comeBackToLink(member, provider, person));
  expect(answer.status).toBe(201);
  return answer.body.id as string;
}

describe('GET /users/me/identities', () => {
  test('200: lists the caller’s own, the newest first, page by page', async () => {
    const member = await signUp(api);
    const ids = [await linked(member), await linked(member), await linked(member)].toReversed();
    await linked(await signUp(api));
    expect((await identitiesOf(member)).map(({ id }) => id)).toEqual(ids);
    const seen = [];
    for (let cursor = ''; ;) {
      const { body } = await member.send('get', `${path}?limit=2${cursor}`);
      expect(body.data.length).toBeLessThanOrEqual(2);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${body.nextCursor}`;
    }
    expect(seen).toEqual(ids);
  });

  test('200: lists nothing where nothing is linked', async () => {
    const { status, body } = await (await signUp(api)).send('get', path);
    expect({ status, body }).toEqual({ status: 200, body: { data: [], nextCursor: null } });
  });

  test('401: asks for a session', async () => {
    expectUnauthorized(await send(api, undefined, 'get', path), 'unauthenticated');
  });

  test('422: refuses a cursor of another list', async () => {
    const member = await signUp(api);
    const answer = await member.send('get', `${path}?limit=0&cursor=x`);
    expect(violationsIn(answer)).toEqual(['query.limit too_small']);
    const unknown = await member.send('get', `${path}?cursor=x`);
    expect(violationsIn(unknown)).toEqual(['query.cursor invalid_cursor']);
  });
});

describe('GET /users/me/identities/:id', () => {
  test('401: asks for a session', async () => {
    const id = await linked(await signUp(api));
    expectUnauthorized(await send(api, undefined, 'get', `${path}/${id}`), 'unauthenticated');
  });

  test('404: shows nothing of somebody else’s, and nothing that is not there', async () => {
    const [member, stranger] = [await signUp(api), await signUp(api)];
    const id = await linked(stranger);
    await linked(member);
    for (const other of [id, 'f'.repeat(24), 'oidc']) {
      expectProblem(await member.send('get', `${path}/${other}`), 404, 'not_found');
    }
  });
});

describe('DELETE /users/me/identities/:id', () => {
  describe('204', () => {
    test('lets nobody in by this identity any more', async () => {
      const member = await signUp(api);
      const person = somebodyNew({ email: member.user.email });
      const [id, kept] = [await linked(member, person), await linked(member)];
      const answer = await unlink(member, id);
      expect(answer.status).toBe(204);
      expect(await identitiesOf(member)).toMatchObject([{ id: kept }]);
      expectProblem(await unlink(member, id), 404, 'not_found');
      const later = await complete(api, await comeBack(api, provider, person));
      expectProblem(later, 409, 'account_exists');
      expect(await eventsOf(member)).toContain('identity_unlinked');
    });

    test('ends every other session, and keeps this one', async () => {
      const member = await signUp(api);
      const person = somebodyNew();
      const id = await linked(member, person);
      const others = [await logInAgain(api, member), await signInWith(api, provider, person)];
      expect((await unlink(member, id)).status).toBe(204);
      for (const other of others) {
        expectUnauthorized(await other.send('get', '/users/me'), 'invalid_token');
        expectProblem(await refresh(api, other.refreshToken), 401, 'invalid_refresh_token');
      }
      expect((await member.send('get', '/users/me')).status).toBe(200);
    });

    test('makes the identity free, for this account and for others', async () => {
      const [member, another] = [await signUp(api), await signUp(api)];
      const person = somebodyNew();
      expect((await unlink(member, await linked(member, person))).status).toBe(204);
      expect((await unlink(another, await linked(another, person))).status).toBe(204);
      await linked(member, person);
      expect((await signInWith(api, provider, person)).user.id).toBe(member.user.id);
    });

    test('takes one of two from an account without a password', async () => {
      const person = somebodyNew();
      const member = await signInWith(api, provider, person);
      const second = await linked(member);
      expect((await unlink(member, second, {})).status).toBe(204);
      expect((await signInWith(api, provider, person)).user.id).toBe(member.user.id);
    });
  });

  test('401: asks for a session', async () => {
    const member = await signUp(api);
    const id = await linked(member);
    const { password } = member;
    const answer = await send(api, undefined, 'delete', `${path}/${id}`).send({ password });
    expectUnauthorized(answer, 'unauthenticated');
    expect(await identitiesOf(member)).toHaveLength(1);
  });

  test('403: asks for the password, or a fresh sign-in, and for a code', async () => {
    const member = await signUp(api);
    const id = await linked(member);
    expectProblem(await unlink(member, id, { password: 'no' }), 403, 'wrong_password');
    const { recoveryCodes } = await protect(member);
    expectProblem(await unlink(member, id), 403, 'second_factor_required');
    const { password } = member;
    expectProblem(await unlink(member, id, { password, code: 'AAAAAA' }), 403, 'wrong_code');
    expect(await identitiesOf(member)).toHaveLength(1);
    expect((await unlink(member, id, { password, code: recoveryCodes[0] })).status).toBe(204);

    const without = await signInWith(api, provider);
    const second = await linked(without);
    await makeStale(without);
    expectProblem(await unlink(without, second, {}), 403, 'fresh_sign_in_required');
    expect(await identitiesOf(without)).toHaveLength(2);
  });

  test('404: leaves somebody else’s alone', async () => {
    const [member, stranger] = [await signUp(api), await signUp(api)];
    const id = await linked(stranger);
    for (const other of [id, 'f'.repeat(24), 'oidc']) {
      expectProblem(await unlink(member, other), 404, 'not_found');
    }
    expect(await identitiesOf(stranger)).toHaveLength(1);
  });

  test('409: keeps the last way to sign in', async () => {
    const person = somebodyNew();
    const member = await signInWith(api, provider, person);
    const [identity] = await identitiesOf(member);
    expectProblem(await unlink(member, identity!.id, {}), 409, 'last_way_in');
    await member.send('put', '/users/me/password', { newPassword: 'correct horse battery' });
    const password = 'correct horse battery';
    expect((await unlink(member, identity!.id, { password })).status).toBe(204);
  });

  test('409: keeps one of several that are unlinked at once', async () => {
    const member = await signInWith(api, provider);
    for (let count = 0; count < 4; count += 1) await linked(member);
    const identities = await identitiesOf(member);
    expect(identities).toHaveLength(5);
    const answers = await Promise.all(identities.map(({ id }) => unlink(member, id, {})));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 204, 204, 204, 409]);
    expect(await identitiesOf(member)).toHaveLength(1);
  });

  test('422: lists every violation', async () => {
    const member = await signUp(api);
    const answer = await unlink(member, await linked(member), { password: 1, force: true });
    expect(violationsIn(answer)).toEqual([
      'body.force unrecognized_key',
      'body.password invalid_type',
    ]);
  });
});

test('Accounts without identities, and those that had some, do not get into each other’s way', async () => {
  const members = [await signUp(api), await signUp(api), await signUp(api)];
  for (const member of members) {
    expect((await unlink(member, await linked(member))).status).toBe(204);
    expect(await identitiesOf(member)).toEqual([]);
  }
});
