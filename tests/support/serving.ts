import { once } from 'node:events';
import type { Server } from 'node:http';
import { afterAll } from '@jest/globals';

/** Lets a test serve what it has put together itself; answers the address of a free port. */
export function useServers(): (server: Server, scheme?: 'http' | 'https') => Promise<string> {
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  });
  return async (server, scheme = 'http') => {
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    return `${scheme}://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  };
}
