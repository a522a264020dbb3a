import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import { SignInFlowModel } from '../src/features/identities/sign-in-flows.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, logIn, violationsIn } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { signUp } from './support/factories.ts';
import { useOpenIdProviders } from './support/identity-providers.ts';
import type { OpenIdProvider, Person } from './support/openid-provider.ts';
import {
  comeBack,
  comeBackToLink,
  complete,
  settingsFor,
  signInWith,
  somebodyNew,
  start,
} from './support/provider-sign-in.ts';

const database = useDatabase();
const startProvider = useOpenIdProviders();
let provider: OpenIdProvider;
let another: OpenIdProvider;
let api: Api;
let plain: Api;
beforeAll(async () => {
  [provider, another] = await Promise.all([startProvider(), startProvider()]);
  api = await startInstance(database(), settingsFor(provider));
  plain = await startInstance(database());
});
afterAll(() => Promise.all([api.close(), plain.close()]));

const returning = (person: Person) => comeBack(api, provider, person);

const accountsWith = (email: string) => UserModel.countDocuments({ emailKey: email });

describe('POST /auth/oauth/complete', () => {
  describe('401 sign_in_refused', () => {
    /** Fails unless the completion is refused, and nobody has an account by it. */
    async function expectRefused(completion: object, { email }: { email: string }): Promise<void> {
      expectProblem(await complete(api, completion), 401, 'sign_in_refused');
      expect(await accountsWith(email)).toBe(0);
    }

    test('for somebody who declined', async () => {
      const { body } = await start(api);
      const { searchParams } = await provider.decline(body.authorizationUrl);
      const callback = Object.fromEntries(searchParams);
      const answer = await complete(api, { flowToken: body.flowToken, callback });
      expectProblem(answer, 401, 'sign_in_refused');
      expect(answer.body.detail).toContain('declined');
    });

    test.each<[string, Record<string, string>]>([
      ['another state', { state: 'another' }],
      ['another issuer', { iss: 'https://accounts.example.com' }],
      ['another code', { code: 'another' }],
    ])('for %s, after which the right answer comes too late', async (_, tampered) => {
      const person = somebodyNew();
      const { flowToken, callback } = await returning(person);
      await expectRefused({ flowToken, callback: { ...callback, ...tampered } }, person);
      await expectRefused({ flowToken, callback }, person);
    });

    test.each(['state', 'iss', 'code'])('for an answer without %s', async (name) => {
      const person = somebodyNew();
      const { flowToken, callback } = await returning(person);
      const { [name]: _, ...rest } = callback;
      await expectRefused({ flowToken, callback: rest }, person);
    });

    test('for a replay, which starts no session', async () => {
      const completion = await returning(somebodyNew());
      const { body } = await complete(api, completion);
      expectProblem(await complete(api, completion), 401, 'sign_in_refused');
      expect(await SessionModel.countDocuments({ userId: body.user.id })).toBe(1);
    });

    test('for all but one of several completions at once', async () => {
      const completion = await returning(somebodyNew());
      const answers = await Promise.all([1, 2, 3].map(() => complete(api, completion)));
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401, 401]);
    });

    test('for the answer of another flow: nobody is signed in by a link of somebody else’s', async () => {
      const attacker = somebodyNew();
      const { callback } = await returning(attacker);
      const { body } = await start(api);
      await expectRefused({ flowToken: body.flowToken, callback }, attacker);
    });

    test('for a flow token that is unknown', async () => {
      const person = somebodyNew();
      const { callback } = await returning(person);
      for (const flowToken of ['x', 'x'.repeat(43)]) {
        await expectRefused({ flowToken, callback }, person);
      }
    });

    test('for a flow that took too long', async () => {
      const person = somebodyNew();
      await SignInFlowModel.deleteMany();
      const completion = await returning(person);
      const expiresAt = new Date(Date.now() - 1);
      await SignInFlowModel.updateMany({}, { $set: { expiresAt } });
      await expectRefused(completion, person);
    });

    test('for a flow that was begun to link', async () => {
      const person = somebodyNew();
      await expectRefused(await comeBackToLink(await signUp(api), provider, person), person);
    });

    test('for the answer of a provider that has been replaced, or is no more', async () => {
      const person = somebodyNew();
      const replaced = await startInstance(database(), settingsFor(another));
      for (const instance of [replaced, plain]) {
        const answer = await complete(instance, await returning(person));
        expectProblem(answer, 401, 'sign_in_refused');
      }
      await replaced.close();
    });
  });

  describe('403 email_unverified', () => {
    test.each<[string, Partial<Person>]>([
      ['which the provider has not verified', { emailVerified: false }],
      ['which is none', { email: 'ada' }],
      ['which is too long', { email: `${'a'.repeat(60)}@${'b.'.repeat(100)}example.com` }],
    ])('makes no account by an address %s', async (_, given) => {
      const person = somebodyNew(given);
      expectProblem(await complete(api, await returning(person)), 403, 'email_unverified');
      expect(await accountsWith(person.email)).toBe(0);
    });

    test('makes no account without an address', async () => {
      const completion = await returning({ subject: somebodyNew().subject, name: 'Ada' });
      expectProblem(await complete(api, completion), 403, 'email_unverified');
    });

    test('does not tell whether the address has an account', async () => {
      const { user } = await signUp(api);
      const person = somebodyNew({ email: user.email, emailVerified: false });
      expectProblem(await complete(api, await returning(person)), 403, 'email_unverified');
    });
  });

  test('403: keeps disabled accounts out', async () => {
    const person = somebodyNew();
    const { user } = await signInWith(api, provider, person);
    await UserModel.updateOne({ _id: user.id }, { $set: { disabledAt: new Date() } });
    expectProblem(await complete(api, await returning(person)), 403, 'account_disabled');
  });

  test('409: never takes over an account with the same address, in whatever case', async () => {
    const member = await signUp(api);
    const email = member.user.email.toUpperCase();
    const answer = await complete(api, await returning(somebodyNew({ email })));
    expectProblem(answer, 409, 'account_exists');
    expect((await member.send('get', '/users/me/identities')).body.data).toEqual([]);
    expect((await logIn(api, member.user.email, member.password)).status).toBe(200);
  });

  test('422: lists every violation', async () => {
    const answer = await complete(api, {
      flowToken: '',
      callback: { code: { $ne: '' }, scope: 1, state: 'x'.repeat(4097) },
      code: '1',
      secondFactorCode: '123456',
    });
    expect(violationsIn(answer)).toEqual([
      'body.callback.code invalid_type',
      'body.callback.scope invalid_type',
      'body.callback.state too_big',
      'body.code too_small',
      'body.flowToken too_small',
      'body.secondFactorCode unrecognized_key',
    ]);
    const many = Object.fromEntries(Array.from({ length: 21 }, (_, index) => [`p${index}`, '']));
    const crowded = await complete(api, { flowToken: 'x', callback: many });
    expect(violationsIn(crowded)).toEqual(['body.callback custom']);
  });

  test('503: lets the same request succeed once the provider can be asked again', async () => {
    const patient = await startInstance(database(), settingsFor(another));
    const moody = await startInstance(database(), settingsFor(another));
    const completion = await comeBack(patient, another, somebodyNew());
    let isAway = true;
    another.changeAnswers((answer) => {
      if (isAway && answer.path.startsWith('/.well-known/')) answer.status = 503;
    });
    expectProblem(await complete(moody, completion), 503, 'provider_unavailable');
    isAway = false;
    expect((await complete(moody, completion)).status).toBe(200);
    expectProblem(await complete(moody, completion), 401, 'sign_in_refused');
    await Promise.all([patient.close(), moody.close()]);
  });
});
