import { randomUUID } from 'node:crypto';
import { type EventEmitter, once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import mongoose, { type mongo, Types } from 'mongoose';
import { connectDatabase, type Database } from '../src/database/connection.ts';
import { exportsPerHour } from '../src/features/export/export.contract.ts';
import { SecurityEventModel } from '../src/features/security-events/security-events.model.ts';
import { TaskModel } from '../src/features/tasks/tasks.model.ts';
import { UserModel } from '../src/features/users/users.model.ts';
import { createLogger } from '../src/logger.ts';
import {
  expectProblem,
  expectUnauthorized,
  instant,
  logInAgain,
  sessionIdOf,
} from './support/accounts.ts';
import { allScopes, createToken } from './support/api-tokens.ts';
import { type Api, startInstance } from './support/api.ts';
import { attach } from './support/attachments.ts';
import { fill } from './support/filling.ts';
import { createProject, createSection } from './support/projects.ts';
import type { Task } from '../src/features/tasks/tasks.schemas.ts';
import { basePath, createTask, type Member, send, signUp } from './support/factories.ts';
import { layWire, type Wire } from './support/network.ts';

jest.setTimeout(30_000);

let wire: Wire;
let database: Database;
let api: Api;
let limited: Api;

beforeAll(async () => {
  const { hostname, port } = new URL(process.env['DATABASE_FOR_TESTS'] ?? '');
  wire = await layWire(hostname, Number(port));
  const uri = `mongodb://127.0.0.1:${wire.port}/test-${randomUUID()}?directConnection=true`;
  database = connectDatabase(uri, createLogger('silent'));
  await database.ready;
  api = await startInstance(database);
  limited = await startInstance(database, { RATE_LIMIT: 'on' });
});
afterAll(async () => {
  await mongoose.connection.dropDatabase();
  await Promise.all([api.close(), limited.close()]);
  await database.close();
  await wire.close();
});

const path = '/users/me/export';
const exported = (member: Member) => member.send('get', path);

const countExports = (member: Member) =>
  SecurityEventModel.countDocuments({ userId: member.user.id, type: 'account_exported' });

/** Asks, and answers as soon as the head is there; the body is not read. */
async function begin({ accessToken }: Member): Promise<IncomingMessage> {
  const headers = { Authorization: `Bearer ${accessToken}` };
  const asking = get(`${api.origin}${basePath}${path}`, { agent: false, headers });
  const [response] = await once(asking, 'response');
  return response as IncomingMessage;
}

describe('GET /users/me/export', () => {
  test('holds everything of the account, each in the shape of its own endpoint', async () => {
    const member = await signUp(api, { name: 'Grace' });
    const elsewhere = await logInAgain(api, member);
    const tasks = [
      await createTask(member, { dueDate: '2026-12-01', labels: ['home'], status: 'done' }),
      await createTask(member, { dueDate: '2026-12-01T09:30:00.000Z' }),
      await createTask(member, { title: 'Zürich — "quoted"\n\u2028' }),
    ];
    const [first] = tasks as [Task, ...Task[]];
    const project = await createProject(member, { name: 'Home' });
    await member.send('patch', `/projects/${project.id}`, { archived: true });
    await createSection(member, await createProject(member));
    await member.send('post', '/filters', { name: 'Late', filter: 'overdue' });
    await member.send('post', `/tasks/${first.id}/comments`, { text: 'Hello' });
    await attach(api, member, `/tasks/${first.id}/attachments`);
    const reminder = { at: '2099-12-01T09:30:00.000Z' };
    await member.send('post', `/tasks/${first.id}/reminders`, reminder);
    tasks[0] = (await member.send('get', `/tasks/${first.id}`)).body;
    const parent = await createTask(member);
    const child = await createTask(member, { parentId: parent.id });
    await member.send('delete', `/tasks/${parent.id}`);
    await createToken(member);
    const linkedAt = new Date();
    const identity = {
      provider: 'google',
      issuer: 'https://accounts.google.com',
      subject: '42',
      email: 'grace@example.com',
      linkedAt,
    };
    const identities = [{ _id: new Types.ObjectId(), ...identity }];
    await UserModel.updateOne({ _id: member.user.id }, { $set: { identities } });
    const list = async (of: string) => (await member.send('get', of)).body.data as object[];

    const answer = await exported(member);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      exportedAt: instant,
      user: member.user,
      security: (await member.send('get', '/users/me/security')).body,
      identities: [{ ...identity, linkedAt: linkedAt.toISOString() }],
      securityEvents: await list('/users/me/security-events'),
      sessions: await list('/auth/sessions'),
      apiTokens: await list('/users/me/api-tokens'),
      tasks,
      projects: await list('/projects?archived=all'),
      sections: await list('/sections'),
      labels: await list('/labels'),
      filters: await list('/filters'),
      comments: await list(`/tasks/${first.id}/comments`),
      attachments: await list(`/tasks/${first.id}/attachments`),
      reminders: await list(`/tasks/${first.id}/reminders`),
      trash: expect.arrayContaining([
        ...(await list('/trash')),
        expect.objectContaining({ id: child.id }),
      ]),
    });
    expect(answer.body.projects).toHaveLength(3);
    const { securityEvents, sessions, apiTokens } = answer.body;
    expect(securityEvents[0]).toMatchObject({ type: 'account_exported', address: '127.0.0.1' });
    expect(securityEvents.at(-1)).toMatchObject({ type: 'account_created' });
    expect(sessions).toMatchObject([
      { id: sessionIdOf(elsewhere), current: false },
      { id: sessionIdOf(member), current: true },
    ]);
    expect(apiTokens).toMatchObject([{ name: 'Nightly report', scopes: ['tasks:read'] }]);
  });

  test('is a file with a fixed name, which no cache keeps', async () => {
    const { headers } = await exported(await signUp(api));
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-disposition': 'attachment; filename="task-manager-export.json"',
      'cache-control': 'no-store',
    });
  });

  test('holds every task, each once, over many pages', async () => {
    const member = await signUp(api);
    await fill(member, 351, 10);
    const { body } = await exported(member);
    const ids = (body.tasks as { id: string }[]).map(({ id }) => id);
    const own = await TaskModel.find({ ownerId: member.user.id }).sort({ createdAt: 1, _id: 1 });
    expect(ids).toEqual(own.map(({ id }) => id));
    expect(ids).toHaveLength(351);
  });

  test('holds no secret, and no hash of one', async () => {
    const member = await signUp(api);
    const { token } = await createToken(member, { scopes: ['tasks:read'] });
    const link = { tokenHash: 'planted-link', email: 'x', expiresAt: new Date() };
    const secondFactor = {
      secret: 'planted-seed',
      enabledAt: new Date(),
      lastStep: 0,
      recoveryHashes: ['planted-code'],
    };
    const secrets = { secondFactor, emailLink: link, passwordLink: link };
    await UserModel.updateOne({ _id: member.user.id }, { $set: secrets });
    const { text } = await exported(member);
    const stored = await UserModel.findById(member.user.id).lean();
    for (const secret of [
      member.password,
      member.refreshToken,
      member.accessToken,
      String(stored?.passwordHash),
      token,
      'planted',
      'Hash',
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  test('holds nothing of anybody else', async () => {
    const stranger = await signUp(api, { name: 'A stranger' });
    const task = await createTask(stranger, { title: 'Private' });
    const { text, body } = await exported(await signUp(api));
    for (const trace of [stranger.user.id, stranger.user.email, 'A stranger', task.id, 'Private']) {
      expect(text).not.toContain(trace);
    }
    expect(body.tasks).toEqual([]);
    expect(await countExports(stranger)).toBe(0);
  });

  test('is recorded once, and not at all for HEAD', async () => {
    const member = await signUp(api);
    await exported(member);
    expect(await countExports(member)).toBe(1);
    const { status } = await api.request
      .head(`${basePath}${path}`)
      .set('Authorization', `Bearer ${member.accessToken}`);
    expect(status).toBe(200);
    expect(await countExports(member)).toBe(1);
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api, undefined, 'get', path), 'unauthenticated');
  });

  test('401: ends with the session', async () => {
    const member = await signUp(api);
    await member.send('post', '/auth/logout');
    expectUnauthorized(await exported(member), 'invalid_token');
  });

  test('403: is not for API tokens, whatever their scopes', async () => {
    const member = await signUp(api);
    const { token } = await createToken(member, { scopes: allScopes });
    expectProblem(await send(api, token, 'get', path), 403, 'insufficient_scope');
    expect(await countExports(member)).toBe(0);
  });

  test('429: refuses more than so many in an hour, to the account alone', async () => {
    const [member, bystander] = [await signUp(limited), await signUp(limited)];
    for (let count = 0; count < exportsPerHour; count += 1) {
      expect((await exported(member)).status).toBe(200);
    }
    const refused = await exported(member);
    expectProblem(refused, 429, 'rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect(refused.headers).not.toHaveProperty('content-disposition');
    expect((await exported(bystander)).status).toBe(200);
  });
});

describe('an export of many megabytes', () => {
  const total = 40_000_000;
  afterEach(() => {
    jest.restoreAllMocks();
  });

  /** Tells how often tasks have been read since. */
  function countPages(): () => number {
    const command = jest.spyOn(mongoose.connection.db as mongo.Db, 'command');
    const { name } = TaskModel.collection;
    return () => command.mock.calls.filter(([asked]) => asked['find'] === name).length;
  }

  let member: Member;
  beforeAll(async () => {
    member = await signUp(api);
    await fill(member, 4000, total / 4000);
  });

  test('leaves most of it in the database until the caller reads on', async () => {
    const pages = countPages();
    let taken = 0;
    let lead = 0;
    for await (const chunk of await begin(member)) {
      taken += (chunk as Buffer).length;
      lead = Math.max(lead, pages() - (40 * taken) / total);
    }
    expect(taken).toBeGreaterThan(total);
    // One for each page of tasks, and one that finds no more; those with reminders, and the trash.
    expect(pages()).toBe(43);
    // The pages of a megabyte that are in buffers on either side.
    expect(lead).toBeLessThan(20);
  });

  test('reads nothing more for a caller who has left', async () => {
    const pages = countPages();
    const asked = once(api.server, 'request');
    const response = await begin(member);
    const [, answer] = (await asked) as [unknown, EventEmitter];
    response.destroy();
    await once(answer, 'close');
    const before = pages();
    await exported(await signUp(api));
    // Its own three, and at most the one that was under way.
    expect(pages() - before).toBeGreaterThanOrEqual(3);
    expect(pages() - before).toBeLessThanOrEqual(4);
    expect(before).toBeLessThan(40);
  });

  test('is broken off when the database goes away, and never looks complete', async () => {
    const response = await begin(member);
    expect(response.statusCode).toBe(200);
    await wire.cut();
    await expect(response.toArray()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await wire.mend();
    for (let alive = false; !alive;) {
      if (!database.isReady()) await once(mongoose.connection, 'connected');
      alive = await database.ping().then(
        () => true,
        () => false,
      );
    }
    expect((await exported(await signUp(api))).status).toBe(200);
  });
});
