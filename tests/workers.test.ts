import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { inFolder, originOf, type ApiProcess, startProcess } from './support/processes.ts';

const settings = () => ({
  MONGODB_URI: `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`,
  PORT: '0',
  WORKERS: '2',
});

interface Line {
  msg: string;
  worker?: number;
  pid?: number;
}

/** What the log has of a message. */
function logged({ lines }: ApiProcess, message: string): Line[] {
  return lines
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)
    .filter(({ msg }) => msg === message);
}

/** Gives a test a server whose processes are all gone afterwards. */
function withWorkers(use: (api: ApiProcess, origin: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    const api = startProcess(folder, settings());
    try {
      const origin = await originOf(api);
      await api.line(/"worker":2.*"listening"/);
      await api.line(/^Task Manager API/);
      await use(api, origin);
    } finally {
      // Workers end with the process that supervises them.
      api.child.kill('SIGKILL');
      await api.ended;
    }
  });
}

/** Each over a connection of its own, as connections are what workers share. */
async function workersThatAnswer(api: ApiProcess, origin: string): Promise<Set<unknown>> {
  const ask = () => fetch(`${origin}/livez`, { headers: { Connection: 'close' } });
  const before = logged(api, 'request').length;
  for (const _ of ['first', 'second', 'third', 'fourth']) expect((await ask()).status).toBe(200);
  await api.line(/"route":"\/livez"/);
  return new Set(
    logged(api, 'request')
      .slice(before)
      .map(({ worker }) => worker),
  );
}

test('several workers share the port and say in the log who they are', () =>
  withWorkers(async (api, origin) => {
    const answered = await workersThatAnswer(api, origin);
    for (const worker of answered) expect([1, 2]).toContain(worker);
    expect(logged(api, 'listening').map(({ worker }) => worker)).toEqual([1, 2]);
    const banners = api.lines.filter((line) => line.startsWith('Task Manager API'));
    expect(banners).toHaveLength(1);
  }));

test('each tells what all of them have counted', () =>
  withWorkers(async (api, origin) => {
    for (const _ of ['first', 'second', 'third']) await workersThatAnswer(api, origin);
    const count =
      /^http_request_duration_seconds_count\{method="GET",route="\/livez",status="200"\} 12$/m;
    // A request is counted once its answer has left, which may be after it has arrived.
    for (let metrics = ''; !count.test(metrics);) {
      metrics = await (await fetch(`${origin}/metrics`)).text();
    }
  }));

test('a worker that dies is replaced, and the others go on', () =>
  withWorkers(async (api, origin) => {
    const [first] = logged(api, 'worker started');
    process.kill(first?.pid ?? 0, 'SIGKILL');
    await api.line(/"worker":1.*"worker died, starting another one"/);
    expect((await fetch(`${origin}/livez`)).status).toBe(200);
    await api.line(/"worker":3.*"listening"/);
  }));

test('all end with 0 on SIGTERM', () =>
  withWorkers(async (api) => {
    api.child.kill('SIGTERM');
    expect(await api.ended).toEqual({ status: 0, signal: null, complaint: '' });
    expect(logged(api, 'stopped').map(({ worker }) => worker)).toHaveLength(2);
  }));

test('what keeps them from serving is said once', () =>
  inFolder(async (folder) => {
    const other = createServer().listen(0, '0.0.0.0');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { ended } = startProcess(folder, { ...settings(), PORT: String(port) });
    const { status, complaint } = await ended;
    other.close();
    expect({ status, complaint }).toEqual({
      status: 1,
      complaint: `PORT: ${port} is in use; set another one\n`,
    });
  }));
