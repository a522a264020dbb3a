import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { createPasswords, type Passwords } from '../src/features/auth/passwords.ts';
import { expectProblem, logIn, logInAgain, register } from './support/accounts.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { createTask, memberOf, signUp } from './support/factories.ts';

const database = useDatabase();

describe('sixteen logins at once, at a cost that a real server has', () => {
  let api: Api;
  beforeAll(async () => {
    api = await startInstance(database(), { BCRYPT_COST: '10' });
  });
  afterAll(() => api.close());

  test('all succeed, and leave reads alone', async () => {
    const member = await signUp(api);
    const task = await createTask(member);
    const answered: string[] = [];
    const note = (what: string) => (answer: Response) => {
      answered.push(what);
      return answer;
    };
    const logins = Array.from({ length: 16 }, () =>
      logIn(api, member.user.email, member.password).then(note('login')),
    );
    // A read that waited for a hash each time would come after the last login.
    for (let read = 0; read < 20; read += 1) {
      const answer = await member.send('get', `/tasks/${task.id}`).then(note('read'));
      expect(answer.status).toBe(200);
    }
    const statuses = (await Promise.all(logins)).map(({ status }) => status);
    expect(statuses).toEqual(Array(16).fill(200));
    expect(answered.lastIndexOf('read')).toBeLessThan(answered.lastIndexOf('login'));
  });
});

describe('more passwords than the queue holds', () => {
  let api: Api;
  beforeAll(async () => {
    api = await startInstance(database());
  });
  afterAll(() => api.close());

  /** Does the work while the queue is as long as it may be. */
  async function whileFull<T>(passwords: Passwords, work: () => Promise<T>): Promise<T> {
    let done = false;
    let full = false;
    const occupy = async () => {
      try {
        while (!done) await passwords.hash('whatever it is');
      } catch {
        full = true;
      }
    };
    const occupied: Promise<void>[] = [];
    while (!full && occupied.length < 1000) occupied.push(occupy());
    try {
      expect(full).toBe(true);
      return await work();
    } finally {
      done = true;
      await Promise.all(occupied);
    }
  }

  test('are refused with 503 and the time after which to try again', async () => {
    const member = await signUp(api);
    const { password, user } = member;
    const answers = await whileFull(api.dependencies.passwords, () =>
      Promise.all([
        register(api, { email: `${user.id}@example.com` }),
        logIn(api, user.email, password),
        logIn(api, 'nobody@example.com', password),
        member.send('put', '/users/me/password', {
          currentPassword: password,
          newPassword: password,
        }),
        member.send('delete', '/users/me', { password }),
      ]),
    );
    for (const answer of answers) {
      expectProblem(answer, 503, 'overloaded');
      expect(answer.headers['retry-after']).toBe('5');
    }
  });

  test('hinder nothing that needs no password', async () => {
    const member = await signUp(api);
    const answer = await whileFull(api.dependencies.passwords, () => member.send('get', '/tasks'));
    expect(answer.status).toBe(200);
  });

  test('are taken again afterwards', async () => {
    const member = await signUp(api);
    await whileFull(api.dependencies.passwords, async () => undefined);
    const again = await logInAgain(api, memberOf(api, member, member.password));
    expect((await again.send('get', '/users/me')).status).toBe(200);
  });

  test('the queue holds at most fifty for each of up to three workers', async () => {
    const passwords = createPasswords(4);
    const hashes = await Promise.allSettled(
      Array.from({ length: 500 }, async () => passwords.hash('whatever it is')),
    );
    const done = hashes.filter(({ status }) => status === 'fulfilled').length;
    expect([51, 102, 153]).toContain(done);
  });
});
