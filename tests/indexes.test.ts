import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import mongoose, { Types } from 'mongoose';
import { sortFields } from '../src/features/tasks/tasks.contract.ts';
import { finishDeletions } from '../src/features/users/deletion.service.ts';
import { makeAdministrator } from './support/administrators.ts';
import { useApi } from './support/api.ts';
import { createTask, send, signUp } from './support/factories.ts';

// Hundreds of plans are asked for, while other test files keep the database busy.
jest.setTimeout(60_000);

const api = useApi();

interface Query {
  collection: string;
  filter: object;
  sort: Record<string, 1 | -1> | undefined;
}

/** What Mongoose has sent since the test began, by collection and filter. */
const queries: Query[] = [];

// Enough for a planner to find an index worth its while.
const crowd = 2000;

beforeAll(async () => {
  const strangers = Array.from({ length: crowd }, () => new Types.ObjectId());
  const now = new Date();
  const { Session, Task, User } = mongoose.models;
  await Task?.collection.insertMany(
    strangers.map((ownerId, index) => ({
      ownerId,
      title: `task ${index}`,
      titleKey: `task ${index}`,
      description: '',
      status: 'todo',
      priority: index % 4,
      deadline: now,
      labels: [],
      createdAt: now,
      updatedAt: now,
      version: 1,
    })),
  );
  await User?.collection.insertMany(
    strangers.map((_id) => ({ _id, emailKey: `${_id.toHexString()}@example.com` })),
  );
  await Session?.collection.insertMany(
    strangers.map((userId) => ({
      userId,
      tokenHash: randomBytes(32).toString('base64url'),
      createdAt: now,
      expiresAt: new Date(now.getTime() + 86_400_000),
    })),
  );
  mongoose.set('debug', (collection, method, ...given: unknown[]) => {
    const [filter, second, third] = given as [object, object?, object?];
    if (/^(find|count|update|delete)/.test(method)) {
      const options = (method.startsWith('find') ? (third ?? second) : second) ?? {};
      const { sort } = options as Pick<Query, 'sort'>;
      queries.push({ collection, filter, sort });
    }
  });
});

afterAll(() => {
  mongoose.set('debug', false);
});

/**
 * Whether the database would read a whole collection: in MongoDB's words, or in PostgreSQL's, where
 * the collection's own number is all that an index is asked for.
 */
function readsEverything(plan: string): boolean {
  return (
    /COLLSCAN|Seq Scan|"Index Cond":"\(shard_key_value = '\d+'::bigint\)"/.test(plan) ||
    !/IXSCAN|IDHACK|Index Scan/.test(plan)
  );
}

/** Past Mongoose, which would take the question for one more query. */
async function planOf({ collection, filter, sort }: Query): Promise<string> {
  const found = mongoose.connection.db?.collection(collection).find(filter);
  return JSON.stringify(await (sort ? found?.sort(sort) : found)?.explain('queryPlanner'));
}

async function expectIndexed(): Promise<void> {
  expect(queries.length).toBeGreaterThan(0);
  const unserved = [];
  for (const query of queries) if (readsEverything(await planOf(query))) unserved.push(query);
  expect(unserved).toEqual([]);
}

test('the check itself notices a query that no index serves', async () => {
  const plan = await planOf({ collection: 'tasks', filter: { allDay: true }, sort: undefined });
  expect(readsEverything(plan)).toBe(true);
});

test('every list of tasks is served by an index', async () => {
  const member = await signUp(api());
  await createTask(member);
  await createTask(member);
  queries.length = 0;
  for (const sort of sortFields.flatMap((field) => [field, `-${field}`])) {
    const { body } = await member.send('get', `/tasks?limit=1&sort=${sort}`);
    await member.send('get', `/tasks?limit=1&sort=${sort}&cursor=${body.nextCursor}`);
  }
  for (const filter of [
    'status=todo',
    'priority=high,low',
    'label=home',
    'dueBefore=2026-12-01',
    'dueAfter=2026-12-01',
    'q=rent',
    'include=total&status=todo&q=rent',
    'sort=-dueDate,priority',
  ]) {
    await member.send('get', `/tasks?${filter}`);
  }
  await expectIndexed();
});

test('every query of an account’s and a task’s life is served by an index', async () => {
  queries.length = 0;
  const member = await signUp(api());
  const credentials = { email: member.user.email, password: member.password };
  const login = await send(api(), undefined, 'post', '/auth/login').send(credentials);
  const { refreshToken } = member;
  await send(api(), undefined, 'post', '/auth/refresh').send({ refreshToken });
  await send(api(), undefined, 'post', '/auth/refresh').send({ refreshToken });
  const sessions = await member.send('get', '/auth/sessions?limit=1');
  await member.send('get', `/auth/sessions?limit=1&cursor=${sessions.body.nextCursor}`);
  await send(api(), login.body.accessToken, 'post', '/auth/logout');
  await member.send('get', '/users/me');
  await member.send('patch', '/users/me', { name: 'Grace' });
  const password = 'another good password';
  await member.send('put', '/users/me/password', {
    currentPassword: member.password,
    newPassword: password,
  });
  const task = await createTask(member);
  await member.send('get', `/tasks/${task.id}`);
  await member.send('patch', `/tasks/${task.id}`, { status: 'done' });
  await member.send('delete', `/tasks/${task.id}`);
  const deleted = await member.send('delete', '/users/me', { password });
  expect(deleted.status).toBe(204);
  await finishDeletions(api().dependencies);
  await expectIndexed();
});

test('every query of an account’s security is served by an index', async () => {
  const member = await signUp(api());
  await makeAdministrator(member);
  queries.length = 0;
  const wanted = { name: 'Script', scopes: ['tasks:read'], password: member.password };
  const { body } = await member.send('post', '/users/me/api-tokens', wanted);
  for (const path of ['/users/me/security-events', '/users/me/api-tokens', '/admin/users']) {
    const page = await member.send('get', `${path}?limit=1`);
    await member.send('get', `${path}?limit=1&cursor=${page.body.nextCursor}`);
  }
  for (const filter of ['q=ada', 'role=admin', 'disabled=true', 'q=ada&role=user&disabled=false']) {
    await member.send('get', `/admin/users?${filter}`);
  }
  await send(api(), undefined, 'post', '/auth/forgot-password').send({ email: member.user.email });
  await member.send('get', '/users/me/identities');
  await member.send('get', '/users/me/security');
  await member.send('get', '/users/me/export');
  await member.send('delete', `/users/me/api-tokens/${body.id}`);
  await member.send('delete', '/auth/sessions');
  await expectIndexed();
});
