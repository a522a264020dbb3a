import { expect, jest, test } from '@jest/globals';
import mongoose from 'mongoose';
import { finishDeletions } from '../src/features/users/deletion.service.ts';
import { makeAdministrator } from './support/administrators.ts';
import { createTask, send, signUp } from './support/factories.ts';
import { expectIndexed, planOf, readsEverything, useWatchedApi } from './support/sent-queries.ts';

// Hundreds of plans are asked for, while other test files keep the database busy.
jest.setTimeout(60_000);

const watched = useWatchedApi();
const api = () => watched().api;

test.each([
  ['a list', { filter: { allDay: true } }],
  ['a sorted list', { filter: { allDay: true }, sort: { version: 1 as const } }],
  ['all there is', { filter: {} }],
  ['an aggregation', { filter: {}, pipeline: [{ $match: { version: 1 } }, { $count: 'all' }] }],
])('the check itself notices %s that no index serves', async (_what, query) => {
  const plan = await planOf({ collection: 'tasks', ...query });
  expect(readsEverything(plan)).toBe(true);
});

test('the check itself sees every way to ask', async () => {
  const { queries } = watched();
  const tasks = mongoose.connection.db?.collection('tasks');
  queries.length = 0;
  await tasks?.findOne({ version: 11 }, { sort: { rank: 1 } });
  await tasks?.countDocuments({ version: 12 });
  await tasks?.aggregate([{ $match: { version: 13 } }, { $count: 'all' }]).toArray();
  await tasks?.distinct('title', { version: 14 });
  await tasks?.updateMany({ version: 15 }, { $set: { version: 15 } });
  await tasks?.deleteOne({ version: 16 });
  await tasks?.findOneAndUpdate({ version: 17 }, { $set: { version: 17 } });
  await mongoose.models['Task']?.find({ version: 18 }).lean();
  await mongoose.models['Task']?.exists({ version: 19 });
  const versions = queries.map(({ filter }) => (filter as { version: number }).version);
  expect(versions).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19]);
});

test('every query of an account’s and a task’s life is served by an index', async () => {
  const { queries } = watched();
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
  await expectIndexed(queries.filter(({ collection }) => collection !== 'jobs'));
});

test('every query of an account’s security is served by an index', async () => {
  const { queries } = watched();
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
  await expectIndexed(queries);
});
