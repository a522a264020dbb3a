import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SecurityEventModel } from '../src/features/security-events/security-events.model.ts';
import {
  expectProblem,
  expectUnauthorized,
  instant,
  logIn,
  logInAgain,
  refresh,
  untilRefused,
  violationsIn,
} from './support/accounts.ts';
import { changeRecord, signUpAdministrator } from './support/account-records.ts';
import { createToken } from './support/api-tokens.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { createTask, type Member, memberOf, send, signUp } from './support/factories.ts';

const database = useDatabase();
let api: Api;
let other: Api;
let admin: Member;
beforeAll(async () => {
  api = await startInstance(database());
  other = await startInstance(database());
  admin = await signUpAdministrator(api);
});
afterAll(() => Promise.all([api.close(), other.close()]));

const pathOf = (member: Member) => `/admin/users/${member.user.id}`;
const setDisabled = (member: Member, disabled: boolean) =>
  admin.send('patch', pathOf(member), { disabled });

const eventsOf = async (member: Member, type: RegExp) =>
  (await SecurityEventModel.find({ userId: member.user.id, type }).sort({ _id: 1 }).lean()).map(
    (event) => event.type,
  );

describe('PATCH /admin/users/:id', () => {
  test('disables: whatever let in stops at once, and nothing lets in any more', async () => {
    const member = await signUp(api);
    const elsewhere = await logInAgain(api, member);
    const answer = await setDisabled(member, true);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ id: member.user.id, disabledAt: instant });
    for (const session of [member, elsewhere]) {
      expectUnauthorized(await session.send('get', '/users/me'), 'invalid_token');
      expectProblem(await refresh(api, session.refreshToken), 401, 'invalid_refresh_token');
    }
    const login = await logIn(api, member.user.email, member.password);
    expectProblem(login, 403, 'account_disabled');
    const guess = await logIn(api, member.user.email, 'not the password');
    expectProblem(guess, 401, 'invalid_credentials');
  });

  test('holds on every other instance within a second', async () => {
    const member = await signUp(api);
    const there = memberOf(other, member, member.password);
    expect((await there.send('get', '/users/me')).status).toBe(200);
    await setDisabled(member, true);
    const refused = await untilRefused(() => there.send('get', '/users/me'));
    expectUnauthorized(refused, 'invalid_token');
  });

  test('stops the API tokens of the account, until it is enabled', async () => {
    const member = await signUp(api);
    const { token } = await createToken(member, { scopes: ['tasks:read'] });
    const list = () => send(api, token, 'get', '/tasks');
    expect((await list()).status).toBe(200);
    await setDisabled(member, true);
    expectUnauthorized(await list(), 'invalid_token');
    await setDisabled(member, false);
    expect((await list()).status).toBe(200);
  });

  test('keeps the data, and lets the owner in again once enabled', async () => {
    const member = await signUp(api);
    const task = await createTask(member);
    await setDisabled(member, true);
    expect((await setDisabled(member, false)).body).toMatchObject({ disabledAt: null });
    const again = await logInAgain(api, member);
    expect((await again.send('get', `/tasks/${task.id}`)).body).toEqual(task);
    expectUnauthorized(await member.send('get', '/users/me'), 'invalid_token');
  });

  test('is recorded for the owner, once for each change, and without the administrator', async () => {
    const member = await signUp(api);
    for (const disabled of [true, true, false, false]) await setDisabled(member, disabled);
    const types = await eventsOf(member, /^account_(dis|en)abled$/);
    expect(types).toEqual(['account_disabled', 'account_enabled']);
    const again = await logInAgain(api, member);
    const { body } = await again.send('get', '/users/me/security-events');
    const event = body.data.find(({ type }: { type: string }) => type === 'account_disabled');
    expect(event).toMatchObject({ address: '', userAgent: '' });
  });

  test('ends what is left when it is repeated', async () => {
    const member = await signUp(api);
    // As if the first attempt had been broken off right after its mark.
    await changeRecord(member, { disabledAt: new Date() });
    await setDisabled(member, true);
    expectUnauthorized(await member.send('get', '/users/me'), 'invalid_token');
  });

  test('leaves the account as it is without a member', async () => {
    const member = await signUp(api);
    const answer = await admin.send('patch', pathOf(member), {});
    expect(answer.body).toMatchObject({ id: member.user.id, disabledAt: null });
    expect((await member.send('get', '/users/me')).body).toEqual(member.user);
  });

  test('leaves everybody else as they are', async () => {
    const [member, bystander] = [await signUp(api), await signUp(api)];
    await setDisabled(member, true);
    expect((await bystander.send('get', '/users/me')).status).toBe(200);
    expect(await eventsOf(bystander, /disabled/)).toEqual([]);
  });

  test('disables another administrator, who is out at once', async () => {
    const second = await signUpAdministrator(api);
    await setDisabled(second, true);
    expectUnauthorized(await second.send('get', '/admin/users'), 'invalid_token');
  });

  test('403: lets no administrator disable themselves', async () => {
    const answer = await setDisabled(admin, true);
    expectProblem(answer, 403, 'not_allowed');
    expect(answer.body.detail).toBe('Administrators cannot disable themselves.');
    expect((await admin.send('get', '/admin/users?limit=1')).status).toBe(200);
    expect((await setDisabled(admin, false)).status).toBe(200);
  });

  test.each([
    [{ disabled: 'true' }, 'body.disabled invalid_type'],
    [{ disabled: null }, 'body.disabled invalid_type'],
    [{ role: 'admin' }, 'body.role unrecognized_key'],
    [{ email: 'x@example.com' }, 'body.email unrecognized_key'],
    [{ secondFactor: false }, 'body.secondFactor unrecognized_key'],
  ])('422: refuses %j', async (patch, violation) => {
    const member = await signUp(api);
    expect(violationsIn(await admin.send('patch', pathOf(member), patch))).toEqual([violation]);
  });
});

describe('DELETE /admin/users/:id/sessions', () => {
  const endSessions = (member: Member) => admin.send('delete', `${pathOf(member)}/sessions`);

  test('ends every session of the account at once, and leaves the account open', async () => {
    const member = await signUp(api);
    const elsewhere = await logInAgain(api, member);
    const bystander = await signUp(api);
    const answer = await endSessions(member);
    expect({ status: answer.status, text: answer.text }).toEqual({ status: 204, text: '' });
    for (const session of [member, elsewhere]) {
      expectUnauthorized(await session.send('get', '/users/me'), 'invalid_token');
      expectProblem(await refresh(api, session.refreshToken), 401, 'invalid_refresh_token');
    }
    expect((await bystander.send('get', '/users/me')).status).toBe(200);
    await logInAgain(api, member);
    expect(await eventsOf(member, /administrator/)).toEqual(['sessions_ended_by_administrator']);
  });

  test('holds on every other instance within a second', async () => {
    const member = await signUp(api);
    const there = memberOf(other, member, member.password);
    expect((await there.send('get', '/users/me')).status).toBe(200);
    await endSessions(member);
    const refused = await untilRefused(() => there.send('get', '/users/me'));
    expectUnauthorized(refused, 'invalid_token');
  });
});
