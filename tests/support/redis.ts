import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe } from '@jest/globals';
import { hasRedis } from './redis-server.ts';

/** Tests that need a Redis; the set-up says so where they are left out. */
export const describeWithRedis = hasRedis ? describe : describe.skip;

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** A Redis for a test file, with nothing in it. */
export function useRedis(): () => { port: number } {
  let port = 0;
  let stop = async () => {};
  beforeAll(async () => {
    if (!hasRedis) return;
    port = await freePort();
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', '/tmp'];
    const server = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
    const ended = once(server, 'exit');
    stop = async () => {
      server.kill('SIGKILL');
      await ended;
    };
    for await (const line of createInterface(server.stdout)) {
      if (line.includes('Ready to accept connections')) break;
    }
  });
  afterAll(() => stop());
  return () => ({ port });
}
