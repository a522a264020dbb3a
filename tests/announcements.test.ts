import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { createEndedSessions } from '../src/features/auth/ended-sessions.ts';
import { createLogger } from '../src/logger.ts';
import { type Announcements, redisAnnouncements } from '../src/redis/announcements.ts';
import { connectRedis, type Redis } from '../src/redis/connection.ts';
import { startInstance, useDatabase } from './support/api.ts';
import { signUp } from './support/factories.ts';
import { describeWithRedis, useRedis } from './support/redis.ts';

const database = useDatabase();
const redis = useRedis();
let connections: Redis[] = [];
afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  connections = [];
});

/** The announcements of another instance of a deployment. */
async function join(deployment: string): Promise<Announcements> {
  const connection = connectRedis(`redis://127.0.0.1:${redis().port}`, createLogger('silent'));
  connections.push(connection);
  const { client, subscriber } = connection;
  await Promise.all([once(client, 'ready'), once(subscriber, 'ready')]);
  return redisAnnouncements(connection, deployment);
}

/** Resolves once an instance has heard it. */
function heard(announcements: Announcements): Promise<void> {
  return new Promise((done) => {
    announcements.listen('ended sessions', done);
  });
}

/** Messages come in order: what was announced before this was heard by now, or never will be. */
async function settled(deployment: string): Promise<void> {
  const [listening, announcing] = [await join(deployment), await join(deployment)];
  const last = new Promise<void>((done) => {
    listening.listen('API tokens', done);
  });
  announcing.announce('API tokens');
  await last;
}

describeWithRedis('an announcement', () => {
  test('is heard by the other instances of the deployment, and nobody else', async () => {
    const deployment = randomUUID();
    const [own, other, stranger] = [
      await join(deployment),
      await join(deployment),
      await join(randomUUID()),
    ];
    const wrong: string[] = [];
    own.listen('ended sessions', () => wrong.push('own'));
    stranger.listen('ended sessions', () => wrong.push('stranger'));
    const reached = heard(other);
    own.announce('ended sessions');
    await reached;
    await settled(deployment);
    expect(wrong).toEqual([]);
  });

  test('of a logout has the others read which sessions have ended, without being asked', async () => {
    const settings = { REDIS_URL: `redis://127.0.0.1:${redis().port}` };
    const api = await startInstance(database(), settings);
    const other = await join(`task-manager:${database().name}:`);
    const read = new Promise<void>((done) => {
      const run = <T>(work: () => Promise<T> | T) => {
        done();
        return database().run(work);
      };
      createEndedSessions({ run }, 900, other);
    });
    const member = await signUp(api);
    expect((await member.send('post', '/auth/logout')).status).toBe(204);
    await read;
    await api.close();
  });
});
