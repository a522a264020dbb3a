import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import mongoose from 'mongoose';
import { createApp } from '../src/app.ts';
import { createServer } from '../src/http/server.ts';
import { useApi } from './support/api.ts';
import { signUp } from './support/factories.ts';
import { figure, figures, until } from './support/metrics.ts';
import { useServers } from './support/serving.ts';

const api = useApi();
const serve = useServers();

describe('requests', () => {
  test('are counted while they are in flight, also where their senders leave', async () => {
    const asked = new EventEmitter();
    const { dependencies, lifecycle } = api();
    const requireActive = () => {
      asked.emit('now');
      return new Promise<void>(() => undefined);
    };
    const endedSessions = { ...dependencies.endedSessions, requireActive };
    const app = createApp({ ...dependencies, endedSessions }, lifecycle);
    const origin = await serve(createServer(app, dependencies.config));
    const { accessToken } = await signUp(api());
    // The request that asks is one itself.
    expect(await figure(api(), 'http_requests_in_flight')).toBe(1);
    const { hostname, port } = new URL(origin);
    const socket = connect(Number(port), hostname);
    const asking = once(asked, 'now');
    const head = ['GET /api/v1/tasks HTTP/1.1', 'Host: localhost'];
    socket.write([...head, `Authorization: Bearer ${accessToken}`, '', ''].join('\r\n'));
    await asking;
    expect(await figure(api(), 'http_requests_in_flight')).toBe(2);
    socket.destroy();
    expect(await until(api(), 'http_requests_in_flight', (value) => value === 1)).toBe(1);
  });
});

describe('the event loop', () => {
  test('shows its delay since it was asked for last', async () => {
    await figures(api(), 'nodejs_eventloop_lag_max_seconds');
    const since = performance.now();
    while (performance.now() - since < 300);
    // The delay is noticed by a timer that comes after it.
    await new Promise((resolve) => {
      setTimeout(resolve, 20);
    });
    expect(await figure(api(), 'nodejs_eventloop_lag_max_seconds')).toBeGreaterThan(0.25);
    expect(await figure(api(), 'nodejs_eventloop_lag_p99_seconds')).toBeDefined();
  });
});

describe('the database', () => {
  test('is up, with its connections and the waits for them', async () => {
    const member = await signUp(api());
    const before = (await figure(api(), 'database_connection_wait_seconds_count')) ?? 0;
    await member.send('get', '/tasks');
    expect(await figure(api(), 'database_connection_wait_seconds_count')).toBeGreaterThan(before);
    expect(await figure(api(), 'database_up')).toBe(1);
    expect(await figure(api(), 'database_connections_open')).toBeGreaterThan(0);
    expect(await figure(api(), 'database_connections_waiting')).toBe(0);
    // Whatever runs in the background gives its connection back.
    await until(api(), 'database_connections_in_use', (value) => value === 0);
  });
});

describe('passwords', () => {
  test('are counted while they are hashed, while they wait, and when they are refused', async () => {
    const { passwords } = api().dependencies;
    const hashing: Promise<unknown>[] = [];
    const hash = async () => passwords.hash('whatever it is');
    while (passwords.queue().refused === 0) {
      hashing.push(hash().catch(() => undefined));
    }
    const { text } = await api().dependencies.metrics.render();
    const valueOf = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    expect(valueOf('password_hashes_running')).toBeGreaterThan(0);
    expect(valueOf('password_hashes_waiting')).toBeGreaterThan(0);
    expect(valueOf('password_hashes_refused_total')).toBe(1);
    await Promise.all(hashing);
    expect(await figure(api(), 'password_hashes_running')).toBe(0);
    expect(await figure(api(), 'password_hashes_waiting')).toBe(0);
  });
});

describe('jobs', () => {
  test('are counted while they are due, and once they are done', async () => {
    const { jobs, mail } = api().dependencies;
    const due = await figures(api(), 'jobs_due');
    await mail.sendLink(new mongoose.Types.ObjectId(), 'verify_email');
    const before = due.get('name="mail"') ?? 0;
    expect(await figure(api(), 'jobs_due', 'name="mail"')).toBe(before + 1);
    expect(await figure(api(), 'jobs_due_oldest_seconds', 'name="mail"')).toBeGreaterThanOrEqual(0);
    expect(await figure(api(), 'jobs_due_oldest_seconds', 'name="reminder"')).toBe(0);
    await jobs.start();
    const done = () => figure(api(), 'jobs_total', 'name="mail",outcome="done"');
    while (((await done()) ?? 0) <= before);
    await jobs.stop();
    expect(await figure(api(), 'jobs_due', 'name="mail"')).toBe(0);
    expect(await figure(api(), 'job_duration_seconds_count', 'name="mail"')).toBe(await done());
  });
});
