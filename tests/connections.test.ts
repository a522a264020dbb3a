import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { watchConnections } from '../src/http/connections.ts';
import { useServers } from './support/serving.ts';

const serve = useServers();

const ask = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

/** A server that lets so many connections wait, and a way to connect to it. */
async function serving(most: number) {
  const server = createServer((req, res) => {
    if (req.url !== '/held') res.end('x');
  });
  watchConnections(server, most);
  const { hostname, port } = new URL(await serve(server));
  /** Resolves once the server knows of the connection. */
  async function open(first = ''): Promise<Socket> {
    const socket = connect(Number(port), hostname);
    const known = once(server, 'connection');
    const answered = first.endsWith(ask) ? once(socket, 'data') : undefined;
    socket.write(first);
    await known;
    await answered;
    return socket;
  }
  return { server, open };
}

const closed = (socket: Socket) => once(socket.resume(), 'close');

describe('of too many connections that wait', () => {
  test('the one that has waited the longest is closed', async () => {
    const { open } = await serving(2);
    const [first, second] = [await open(ask), await open(ask)];
    first.write(ask);
    await once(first, 'data');
    const ended = closed(second);
    const third = await open(ask);
    await ended;
    expect([first.destroyed, third.destroyed]).toEqual([false, false]);
  });

  test('none is closed that has a request under way', async () => {
    const { server, open } = await serving(1);
    const asked = once(server, 'request');
    const busy = await open('GET /held HTTP/1.1\r\nHost: x\r\n\r\n');
    await asked;
    const idle = await open(ask);
    const ended = closed(idle);
    await open(ask);
    await ended;
    expect(busy.destroyed).toBe(false);
  });

  test('those count that have sent nothing, or half a head', async () => {
    const { open } = await serving(2);
    const silent = await open();
    const slow = await open('GET / HTTP/1.1\r\nHo');
    const ended = closed(silent);
    await open(ask);
    await ended;
    expect(slow.destroyed).toBe(false);
  });
});
