import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { objectId } from '../src/database/ids.ts';
import { SessionModel } from '../src/features/auth/sessions.model.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { finishDeletions } from '../src/features/users/deletion.service.ts';
import {
  expectProblem,
  expectUnauthorized,
  logIn,
  logInAgain,
  refresh,
  register,
  violationsIn,
} from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { createTask, type Member, memberOf, send, signUp } from './support/factories.ts';
import { everything } from './support/stored.ts';

const database = useDatabase();
let api: Api;
let slow: Api;
beforeAll(async () => {
  api = await startInstance(database());
  // Its hashes take long enough for other requests to come in between.
  slow = await startInstance(database(), { BCRYPT_COST: '8' });
});
afterAll(() => Promise.all([api.close(), slow.close()]));

const remove = (member: Member, given: object = { password: member.password }) =>
  member.send('delete', '/users/me', given);

/** What the job does that runs every few seconds, once a deletion is so old that it is settled. */
async function settle({ user }: Pick<Member, 'user'>): Promise<void> {
  const earlier = new Date(Date.now() - 6000);
  await UserModel.updateOne({ _id: user.id, deletedAt: { $ne: null } }, { deletedAt: earlier });
  await finishDeletions(api.dependencies);
}

/** Fails unless the account is there with all that belongs to it. */
async function expectUntouched(member: Member, tasks: number): Promise<void> {
  expect((await member.send('get', '/users/me')).body).toEqual(member.user);
  expect((await member.send('get', '/tasks')).body.data).toHaveLength(tasks);
  expect((await logIn(api, member.user.email, member.password)).status).toBe(200);
}

describe('DELETE /users/me', () => {
  describe('204', () => {
    test('ends every session of the account, at once', async () => {
      const member = await signUp(api);
      const elsewhere = await logInAgain(api, member);
      const answer = await remove(member);
      expect(answer.status).toBe(204);
      expect(answer.text).toBe('');
      for (const session of [member, elsewhere]) {
        expectUnauthorized(await session.send('get', '/users/me'), 'invalid_token');
        expectUnauthorized(await session.send('get', '/tasks'), 'invalid_token');
        expectProblem(await refresh(api, session.refreshToken), 401, 'invalid_refresh_token');
      }
    });

    test('answers the next login as that of an account which never was', async () => {
      const member = await signUp(api);
      await remove(member);
      const answer = await logIn(api, member.user.email, member.password);
      expectProblem(answer, 401, 'invalid_credentials');
    });

    test('leaves nothing of the person in the database', async () => {
      const member = await signUp(api, { name: 'Augusta Ada King, Countess of Lovelace' });
      await createTask(member, { title: 'Note G', labels: ['analytical engine'] });
      expect(await everything()).toContain(member.user.email);
      await remove(member);
      const left = await everything();
      for (const trace of [member.user.email, member.user.name, 'Note G', 'analytical engine']) {
        expect(left).not.toContain(trace);
      }
      await settle(member);
      expect(await everything()).not.toContain(member.user.id);
    });

    test('takes along what a request that was under way has added meanwhile', async () => {
      const member = await signUp(api);
      const { id: _, ...task } = await createTask(member);
      await remove(member);
      await TaskModel.collection.insertOne({ ...task, ownerId: objectId(member.user.id) });
      expect(await everything()).toContain(member.user.id);
      await settle(member);
      expect(await everything()).not.toContain(member.user.id);
    });

    test('leaves everybody else as they are', async () => {
      const member = await signUp(api);
      const stranger = await signUp(api);
      await createTask(stranger);
      await remove(member);
      await expectUntouched(stranger, 1);
    });

    test('makes the address free, for an account that begins empty', async () => {
      const member = await signUp(api);
      await createTask(member);
      await remove(member);
      const { email } = member.user;
      const { status, body } = await register(api, { email, password: member.password });
      expect(status).toBe(201);
      expect(body.user.id).not.toBe(member.user.id);
      const tasks = await send(api, body.accessToken, 'get', '/tasks');
      expect(tasks.body.data).toEqual([]);
      expectUnauthorized(await member.send('get', '/users/me'), 'invalid_token');
      expectProblem(await refresh(api, member.refreshToken), 401, 'invalid_refresh_token');
    });

    test('cannot be hindered by an account with an address that looks like a deleted one', async () => {
      const member = await signUp(api);
      const squatted = await register(api, { email: `${member.user.id}@deleted.invalid` });
      expect(squatted.status).toBe(201);
      expect((await remove(member)).status).toBe(204);
    });

    test('obeys If-Match with the current version', async () => {
      const member = await signUp(api);
      const { headers } = await member.send('get', '/users/me');
      const answer = await send(api, member.accessToken, 'delete', '/users/me')
        .set('If-Match', String(headers['etag']))
        .send({ password: member.password });
      expect(answer.status).toBe(204);
    });

    test('happens once for several requests at once', async () => {
      const member = await signUp(api);
      const answers = await Promise.all(Array.from({ length: 4 }, () => remove(member)));
      expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
      for (const answer of answers.filter(({ status }) => status !== 204)) {
        expectUnauthorized(answer, 'invalid_token');
      }
    });
  });

  test('400: asks for a body', async () => {
    const member = await signUp(api);
    const answer = await member.send('delete', '/users/me');
    expectProblem(answer, 400, 'malformed_request');
    await expectUntouched(member, 0);
  });

  test('401: asks for a token, whatever the password', async () => {
    const member = await signUp(api);
    const anonymous = await send(api, undefined, 'delete', '/users/me').send({
      password: member.password,
    });
    expectUnauthorized(anonymous, 'unauthenticated');
    await expectUntouched(member, 0);
  });

  test('403: refuses a wrong password, and deletes nothing', async () => {
    const member = await signUp(api);
    await createTask(member);
    const answer = await remove(member, { password: 'not the password' });
    expectProblem(answer, 403, 'wrong_password');
    await expectUntouched(member, 1);
  });

  describe('412', () => {
    test('deletes nothing where If-Match names another version', async () => {
      const member = await signUp(api);
      const { headers } = await member.send('get', '/users/me');
      for (const value of ['"another"', `W/${headers['etag']}`]) {
        const answer = await send(api, member.accessToken, 'delete', '/users/me')
          .set('If-Match', value)
          .send({ password: member.password });
        expectProblem(answer, 412, 'precondition_failed');
        expect(answer.headers['etag']).toBe(headers['etag']);
      }
      await expectUntouched(member, 0);
    });

    test('deletes nothing where the version changes while the password is checked', async () => {
      const signedUp = await signUp(slow);
      const member = memberOf(slow, signedUp, signedUp.password);
      const { headers } = await member.send('get', '/users/me');
      const [removed, patched] = await Promise.all([
        send(slow, member.accessToken, 'delete', '/users/me')
          .set('If-Match', String(headers['etag']))
          .send({ password: member.password }),
        member.send('patch', '/users/me', { name: 'Grace' }),
      ]);
      // Whichever came first, the other one must have noticed.
      expect([
        [204, 401],
        [412, 200],
      ]).toContainEqual([removed.status, patched.status]);
    });
  });

  test('422: lists every violation, and deletes nothing', async () => {
    const member = await signUp(api);
    const answer = await send(api, member.accessToken, 'delete', '/users/me?force=1').send({
      password: { $ne: null },
      reason: 'none',
    });
    expect(violationsIn(answer)).toEqual([
      'body.password invalid_type',
      'body.reason unrecognized_key',
      'query.force unrecognized_key',
    ]);
    await expectUntouched(member, 0);
  });
});

describe('a deletion that was interrupted', () => {
  /** As if the process had ended right after the write that decides. */
  async function interruptedDeletion(): Promise<Member> {
    const member = await signUp(api);
    await createTask(member);
    await createTask(member);
    const emailKey = `deleted:${member.user.id}`;
    await UserModel.updateOne(
      { _id: member.user.id },
      { $set: { deletedAt: longAgo(), email: '-', emailKey, name: '-', passwordHash: '-' } },
    );
    return member;
  }

  const resume = () => finishDeletions(api.dependencies);
  const longAgo = () => new Date(Date.now() - 6000);

  test('has deleted the account for everybody who asks', async () => {
    const member = await interruptedDeletion();
    expectUnauthorized(await member.send('get', '/users/me'), 'invalid_token');
    expectUnauthorized(await remove(member), 'invalid_token');
    expect((await logIn(api, member.user.email, member.password)).status).toBe(401);
    expect((await logIn(api, member.user.email, '-')).status).toBe(401);
    expect((await register(api, { email: member.user.email })).status).toBe(201);
  });

  test('is carried through when the API starts again', async () => {
    const member = await interruptedDeletion();
    await resume();
    expect(await UserModel.exists({ _id: member.user.id })).toBeNull();
    expect(await TaskModel.countDocuments({ ownerId: member.user.id })).toBe(0);
    expect(await SessionModel.countDocuments({ userId: member.user.id })).toBe(0);
    expectProblem(await refresh(api, member.refreshToken), 401, 'invalid_refresh_token');
  });

  test('is carried through however often it was interrupted, and by several instances', async () => {
    const member = await interruptedDeletion();
    await TaskModel.deleteOne({ ownerId: member.user.id });
    await Promise.all([resume(), resume()]);
    await resume();
    expect(await UserModel.exists({ _id: member.user.id })).toBeNull();
    expect(await TaskModel.countDocuments({ ownerId: member.user.id })).toBe(0);
  });

  test('takes nobody else along', async () => {
    const bystander = await signUp(api);
    await createTask(bystander);
    await interruptedDeletion();
    await resume();
    await expectUntouched(bystander, 1);
  });
});
