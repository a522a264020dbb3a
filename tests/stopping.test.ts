import { once } from 'node:events';
import { Agent } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import express from 'express';
import { closeConnectionsWhenStopping } from '../src/http/lifecycle.ts';
import { createServer, stopServer } from '../src/http/server.ts';
import { useServers } from './support/serving.ts';
import { exchange } from './support/wire.ts';

const serve = useServers();

async function serving() {
  const lifecycle = { stopping: false };
  const app = express();
  app.use(closeConnectionsWhenStopping(lifecycle));
  app.get('/', (_req, res) => {
    res.json({});
  });
  const server = createServer(app, { TLS_CERT_FILE: undefined, TLS_KEY_FILE: undefined });
  const origin = await serve(server);
  return { server, lifecycle, address: `${origin}/` };
}

describe('a server that stops', () => {
  test('answers a last request on a connection that was idle, though it lets nobody in', async () => {
    const { server, lifecycle, address } = await serving();
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const before = await exchange(address, { agent });
    expect(before.headers.connection).toBe('keep-alive');
    const stopped = stopServer(server, lifecycle);
    while (server.listening) await turn();
    await expect(exchange(address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    const last = await exchange(address, { agent });
    expect(last).toMatchObject({ status: 200, headers: { connection: 'close' } });
    await stopped;
    agent.destroy();
  });

  test('closes connections that stay idle', async () => {
    const { server, lifecycle, address } = await serving();
    const agent = new Agent({ keepAlive: true });
    await exchange(address, { agent });
    const [idle] = Object.values(agent.freeSockets).flat();
    if (!idle) throw new Error('no connection was kept');
    await Promise.all([once(idle, 'close'), stopServer(server, lifecycle)]);
    agent.destroy();
  });
});
