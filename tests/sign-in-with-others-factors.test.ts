import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignInFlowModel } from '../src/features/identities/sign-in-flows.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { expectProblem, logIn } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import type { Member } from './support/factories.ts';
import { useOpenIdProviders } from './support/identity-providers.ts';
import type { OpenIdProvider, Person } from './support/openid-provider.ts';
import {
  comeBack,
  complete,
  makeStale,
  protectWithCodes,
  settingsFor,
  signInWith,
  somebodyNew,
} from './support/provider-sign-in.ts';
import { everything } from './support/stored.ts';

const database = useDatabase();
const startProvider = useOpenIdProviders();
let provider: OpenIdProvider;
let api: Api;
beforeAll(async () => {
  provider = await startProvider();
  api = await startInstance(database(), settingsFor(provider));
});
afterAll(() => api.close());

const returning = (person: Person) => comeBack(api, provider, person);

const accountsWith = (email: string) => UserModel.countDocuments({ emailKey: email });

describe('a sign-in with a provider to an account with a second factor', () => {
  let person: ReturnType<typeof somebodyNew>;
  let member: Member;
  let recoveryCodes: string[];
  beforeAll(async () => {
    person = somebodyNew();
    member = await signInWith(api, provider, person);
    recoveryCodes = await protectWithCodes(member);
  });

  const unusedCode = () => recoveryCodes.pop() ?? '';
  const wrongCode = 'AAAAAA-AAAAAA-AAAAAA-AAAAAA';
  const sessions = async () => (await member.send('get', '/auth/sessions')).body.data.length;

  test('asks for a code, with which the same request goes on', async () => {
    const before = await sessions();
    const completion = await returning(person);
    expectProblem(await complete(api, completion), 403, 'second_factor_required');
    expectProblem(await complete(api, completion), 403, 'second_factor_required');
    expect(await sessions()).toBe(before);
    const answer = await complete(api, { ...completion, code: unusedCode() });
    expect(answer.status).toBe(200);
    expect(answer.body.user.id).toBe(member.user.id);
    const replay = await complete(api, { ...completion, code: unusedCode() });
    expectProblem(replay, 401, 'sign_in_refused');
    expect(await sessions()).toBe(before + 1);
  });

  test('takes the code at once', async () => {
    const completion = await returning(person);
    const answer = await complete(api, { ...completion, code: unusedCode() });
    expect(answer.status).toBe(200);
    const replay = await complete(api, { ...completion, code: unusedCode() });
    expectProblem(replay, 401, 'sign_in_refused');
  });

  test('goes on after a wrong code', async () => {
    const completion = await returning(person);
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const wrong = await complete(api, { ...completion, code: wrongCode });
      expectProblem(wrong, 403, 'wrong_code');
    }
    expect((await complete(api, { ...completion, code: unusedCode() })).status).toBe(200);
  });

  test('starts one session for several codes at once', async () => {
    const before = await sessions();
    const completion = await returning(person);
    await complete(api, completion);
    const codes = [unusedCode(), unusedCode()];
    const answers = await Promise.all(codes.map((code) => complete(api, { ...completion, code })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401]);
    expect(await sessions()).toBe(before + 1);
  });

  test('throttles guesses, without another trip to the provider', async () => {
    const strict = await startInstance(database(), {
      ...settingsFor(provider),
      RATE_LIMIT: 'on',
    });
    const guessed = somebodyNew();
    await protectWithCodes(await signInWith(api, provider, guessed));
    const completion = await comeBack(api, provider, guessed);
    const statuses = [];
    for (let attempt = 0; attempt < 11; attempt += 1) {
      statuses.push((await complete(strict, { ...completion, code: wrongCode })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 403), 429]);
    await strict.close();
  });

  test('counts for nothing once the provider has been replaced by another issuer', async () => {
    const completion = await returning(person);
    await complete(api, completion);
    const replaced = await startInstance(database(), settingsFor(await startProvider()));
    const answer = await complete(replaced, { ...completion, code: unusedCode() });
    expectProblem(answer, 401, 'sign_in_refused');
    await replaced.close();
  });

  test('waits no longer than the flow lasts', async () => {
    const completion = await returning(person);
    await complete(api, completion);
    const kept = { userId: member.user.id, purpose: 'sign_in' } as const;
    const expiresAt = new Date(Date.now() - 1);
    const { modifiedCount } = await SignInFlowModel.updateMany(kept, { $set: { expiresAt } });
    expect(modifiedCount).toBeGreaterThan(0);
    const late = await complete(api, { ...completion, code: unusedCode() });
    expectProblem(late, 401, 'sign_in_refused');
  });

  test('keeps who it is from whoever reads the database, and forgets it with the account', async () => {
    const subject = `subject-${person.subject}`;
    const gone = await signInWith(api, provider, somebodyNew({ subject }));
    const [code] = await protectWithCodes(gone);
    const flows = () => SignInFlowModel.find({ userId: gone.user.id }).lean();
    const completion = await returning({ ...somebodyNew(), subject, email: gone.user.email });
    await complete(api, completion);
    const [kept] = await flows();
    expect(kept).toMatchObject({ provider: 'oidc' });
    expect(JSON.stringify(kept)).not.toMatch(new RegExp(`${subject}|${gone.user.email}`));
    expect((await gone.send('delete', '/users/me', { code })).status).toBe(204);
    expect(await flows()).toEqual([]);
    expect(await everything()).not.toContain(subject);
  });
});

describe('an account without a password', () => {
  test('is deleted after a fresh sign-in, not after an old one', async () => {
    const person = somebodyNew();
    const old = await signInWith(api, provider, person);
    await makeStale(old);
    const refused = await old.send('delete', '/users/me', {});
    expectProblem(refused, 403, 'fresh_sign_in_required');
    const fresh = await signInWith(api, provider, person);
    expect((await fresh.send('delete', '/users/me', {})).status).toBe(204);
    expect(await accountsWith(person.email)).toBe(0);
    expect((await signInWith(api, provider, person)).user.id).not.toBe(old.user.id);
  });

  test('gets its first password after a fresh sign-in, not after an old one', async () => {
    const person = somebodyNew();
    const old = await signInWith(api, provider, person);
    await makeStale(old);
    const newPassword = 'correct horse battery';
    const refused = await old.send('put', '/users/me/password', { newPassword });
    expectProblem(refused, 403, 'fresh_sign_in_required');
    const fresh = await signInWith(api, provider, person);
    const answer = await fresh.send('put', '/users/me/password', { newPassword });
    expect(answer.status).toBe(204);
    expect((await logIn(api, person.email, newPassword)).status).toBe(200);
    expect((await signInWith(api, provider, person)).user.id).toBe(old.user.id);
  });
});
