import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { SignInFlowModel } from '../src/features/identities/sign-in-flows.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { eventsOf, protect } from './support/authenticator.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { redirectUri, useOpenIdProviders } from './support/identity-providers.ts';
import type { OpenIdProvider } from './support/openid-provider.ts';
import {
  comeBack,
  comeBackToLink,
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
const startLink = (member: Member, given: object = {}, id = 'oidc') =>
  member.send('post', `${path}/${id}/start`, { redirectUri, password: member.password, ...given });

const identitiesOf = async (member: Member) =>
  (await member.send('get', path)).body.data as { id: string }[];

/** Links somebody at the provider; answers the identity's id. */
async function linked(member: Member, person = somebodyNew()): Promise<string> {
  const answer = await link(member, await comeBackToLink(member, provider, person));
  expect(answer.status).toBe(201);
  return answer.body.id as string;
}

/** As if the account had been linked so often before. */
async function linkMany(member: Member, count: number): Promise<void> {
  const names = Array.from({ length: count }, () => new Types.ObjectId().toHexString());
  const other = { provider: 'oidc', issuer: 'https://id.example.com', linkedAt: new Date() };
  const identities = names.map((subject) => ({ ...other, subject }));
  await UserModel.updateOne({ _id: member.user.id }, { $set: { identities, identityKeys: names } });
}

describe('POST /users/me/identities/:provider/start', () => {
  test('200: tells where to send the browser, and how to go on', async () => {
    const answer = await startLink(await signUp(api));
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body).toEqual({
      authorizationUrl: expect.stringContaining(`${provider.issuer}/`),
      flowToken: expect.stringMatching(/^[\w-]{43}$/),
      expiresIn: 600,
    });
  });

  test('401: asks for a session', async () => {
    const answer = await send(api, undefined, 'post', `${path}/oidc/start`).send({ redirectUri });
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('403: asks for the password', async () => {
    const answer = await startLink(await signUp(api), { password: 'not the password' });
    expectProblem(answer, 403, 'wrong_password');
  });

  test('403: asks for a fresh sign-in where there is no password', async () => {
    const member = await signInWith(api, provider);
    expect((await member.send('post', `${path}/oidc/start`, { redirectUri })).status).toBe(200);
    await makeStale(member);
    const answer = await member.send('post', `${path}/oidc/start`, { redirectUri });
    expectProblem(answer, 403, 'fresh_sign_in_required');
  });

  test('403: asks for a code where there is a second factor', async () => {
    const member = await signUp(api);
    const { recoveryCodes } = await protect(member);
    expectProblem(await startLink(member), 403, 'second_factor_required');
    expectProblem(await startLink(member, { code: 'AAAAAA' }), 403, 'wrong_code');
    expect((await startLink(member, { code: recoveryCodes[0] })).status).toBe(200);
  });

  test('403: has no room for an eleventh', async () => {
    const member = await signUp(api);
    await linkMany(member, 10);
    expectProblem(await startLink(member), 403, 'limit_reached');
  });

  test('404: knows no provider that is not set up', async () => {
    expectProblem(await startLink(await signUp(api), {}, 'google'), 404, 'not_found');
  });

  test('422: lists every violation', async () => {
    const member = await signUp(api);
    const answer = await startLink(member, { password: 1, redirectUri: '', userId: 'me' });
    expect(violationsIn(answer)).toEqual([
      'body.password invalid_type',
      'body.redirectUri too_small',
      'body.userId unrecognized_key',
    ]);
    const elsewhere = await startLink(member, { redirectUri: 'https://evil.example/' });
    expect(violationsIn(elsewhere)).toEqual(['body.redirectUri invalid_value']);
    const missing = await startLink(member, { password: undefined });
    expect(violationsIn(missing)).toEqual(['body.password invalid_type']);
  });

  test('503: says when the provider is away', async () => {
    const gone = await startProvider();
    await gone.stop();
    const alone = await startInstance(database(), settingsFor(gone));
    expectProblem(await startLink(await signUp(alone)), 503, 'provider_unavailable');
    await alone.close();
  });
});

describe('POST /users/me/identities', () => {
  describe('201', () => {
    test('links the identity, with which the account can be signed in to', async () => {
      const member = await signUp(api);
      const person = somebodyNew();
      const answer = await link(member, await comeBackToLink(member, provider, person));
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        provider: 'oidc',
        email: person.email,
        linkedAt: instant,
      });
      expect(answer.headers['location']).toBe(`/api/v1${path}/${answer.body.id}`);
      const read = await member.send('get', String(answer.headers['location']));
      expect(read.body).toEqual(answer.body);
      expect((await signInWith(api, provider, person)).user.id).toBe(member.user.id);
      expect((await eventsOf(member)).filter((type) => type === 'identity_linked')).toHaveLength(1);
    });

    test('needs no verified address, and takes over none', async () => {
      const member = await signUp(api);
      const person = somebodyNew({ emailVerified: false });
      const id = await linked(member, person);
      expect(await identitiesOf(member)).toMatchObject([{ id, email: person.email }]);
      expect((await signInWith(api, provider, person)).user.email).toBe(member.user.email);
    });

    test('has no address where the provider tells none that could be one', async () => {
      const member = await signUp(api);
      await linked(member, somebodyNew({ email: 'nobody' }));
      expect(await identitiesOf(member)).toMatchObject([{ email: null }]);
    });

    test('changes nothing where the identity is linked already', async () => {
      const member = await signUp(api);
      const person = somebodyNew();
      const id = await linked(member, person);
      expect(await linked(member, { ...person, email: 'elsewhere@example.com' })).toBe(id);
      expect(await identitiesOf(member)).toMatchObject([{ id, email: person.email }]);
      expect((await eventsOf(member)).filter((type) => type === 'identity_linked')).toHaveLength(1);
    });

    test('gives the account another version', async () => {
      const member = await signUp(api);
      const before = await member.send('get', '/users/me');
      await linked(member);
      const after = await member.send('get', '/users/me');
      expect(after.headers['etag']).not.toBe(before.headers['etag']);
    });
  });

  test('401: asks for a session', async () => {
    const member = await signUp(api);
    const completion = await comeBackToLink(member, provider);
    const answer = await send(api, undefined, 'post', path).send(completion);
    expectUnauthorized(answer, 'unauthenticated');
    expect((await link(member, completion)).status).toBe(201);
  });

  describe('401 sign_in_refused', () => {
    test('for a flow of somebody else’s, who can still complete it', async () => {
      const [member, stranger] = [await signUp(api), await signUp(api)];
      const completion = await comeBackToLink(member, provider);
      expectProblem(await link(stranger, completion), 401, 'sign_in_refused');
      expect(await identitiesOf(stranger)).toEqual([]);
      expect((await link(member, completion)).status).toBe(201);
    });

    test('for the answer of a flow of somebody else’s', async () => {
      const [member, attacker] = [await signUp(api), await signUp(api)];
      const { callback } = await comeBackToLink(attacker, provider);
      const { body } = await startLink(member);
      const answer = await link(member, { flowToken: body.flowToken, callback });
      expectProblem(answer, 401, 'sign_in_refused');
      expect(await identitiesOf(member)).toEqual([]);
    });

    test('for a flow that was begun to sign in', async () => {
      const member = await signUp(api);
      const completion = await comeBack(api, provider, somebodyNew());
      expectProblem(await link(member, completion), 401, 'sign_in_refused');
    });

    test('for a replay, and for a flow that took too long', async () => {
      const member = await signUp(api);
      const completion = await comeBackToLink(member, provider);
      expect((await link(member, completion)).status).toBe(201);
      expectProblem(await link(member, completion), 401, 'sign_in_refused');
      const late = await comeBackToLink(member, provider);
      const expiresAt = new Date(Date.now() - 1);
      await SignInFlowModel.updateMany({ userId: member.user.id }, { $set: { expiresAt } });
      expectProblem(await link(member, late), 401, 'sign_in_refused');
    });
  });

  test('403: has no room for an eleventh, also when several come at once', async () => {
    const member = await signUp(api);
    const completions = [];
    for (let count = 0; count < 5; count += 1) {
      completions.push(await comeBackToLink(member, provider));
    }
    await linkMany(member, 9);
    const answers = await Promise.all(completions.map((completion) => link(member, completion)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 403, 403, 403, 403]);
    for (const answer of answers.filter(({ status }) => status === 403)) {
      expectProblem(answer, 403, 'limit_reached');
    }
    expect(await identitiesOf(member)).toHaveLength(10);
  });

  test('409: leaves an identity with the account that has it', async () => {
    const person = somebodyNew();
    const owner = await signInWith(api, provider, person);
    const member = await signUp(api);
    const answer = await link(member, await comeBackToLink(member, provider, person));
    expectProblem(answer, 409, 'identity_taken');
    expect(await identitiesOf(member)).toEqual([]);
    expect((await signInWith(api, provider, person)).user.id).toBe(owner.user.id);
  });

  test('409: gives an identity to one of several accounts at once', async () => {
    const person = somebodyNew();
    const members = [await signUp(api), await signUp(api), await signUp(api)];
    const completions = [];
    for (const member of members) {
      completions.push({ member, completion: await comeBackToLink(member, provider, person) });
    }
    const answers = await Promise.all(
      completions.map(({ member, completion }) => link(member, completion)),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
    const counts = await Promise.all(
      members.map(async (member) => (await identitiesOf(member)).length),
    );
    expect(counts.toSorted()).toEqual([0, 0, 1]);
  });

  test('422: lists every violation', async () => {
    const answer = await (
      await signUp(api)
    ).send('post', path, { callback: { code: 1 }, code: '1' });
    expect(violationsIn(answer)).toEqual([
      'body.callback.code invalid_type',
      'body.code unrecognized_key',
      'body.flowToken invalid_type',
    ]);
  });

  test('503: lets the same request succeed once the provider can be asked again', async () => {
    const moody = await startProvider();
    const [patient, second] = await Promise.all(
      [1, 2].map(() => startInstance(database(), settingsFor(moody))),
    );
    const member = await signUp(patient!);
    const completion = await comeBackToLink(member, moody);
    let isAway = true;
    moody.changeAnswers((answer) => {
      if (isAway && answer.path.startsWith('/.well-known/')) answer.status = 503;
    });
    const ask = () => send(second!, member.accessToken, 'post', path).send(completion);
    expectProblem(await ask(), 503, 'provider_unavailable');
    isAway = false;
    expect((await ask()).status).toBe(201);
    await Promise.all([patient!.close(), second!.close()]);
  });
});
