import type { Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Each takes about 10 kB. A proxy keeps far fewer, and what a browser keeps it opens again by itself. */
const mostIdle = 2000;

export interface Connections {
  /** The newest answer on a connection, for as long as it matters to what comes next. */
  answerOn: (connection: Duplex) => ServerResponse | undefined;
}

/**
 * Keeps an eye on who is connected. Connections that wait for a request or have not sent a whole head
 * yet are cheap, but not free: when there are too many, those that have waited the longest are closed.
 */
export function watchConnections(server: Server, most = mostIdle): Connections {
  const newest = new WeakMap<Duplex, ServerResponse>();
  /** Those that have waited the longest come first. */
  const idle = new Set<Duplex>();

  function rest(connection: Duplex): void {
    if (connection.destroyed) return;
    idle.add(connection);
    if (idle.size <= most) return;
    const [longest] = idle;
    if (longest === undefined) return;
    idle.delete(longest);
    longest.destroy();
  }

  // Over TLS, a connection is one once it is encrypted.
  const event = 'setSecureContext' in server ? 'secureConnection' : 'connection';
  server.on(event, (connection: Duplex) => {
    connection.once('close', () => idle.delete(connection));
    rest(connection);
  });

  for (const kind of ['request', 'checkContinue', 'checkExpectation'] as const) {
    server.prependListener(kind, ({ socket }, res) => {
      idle.delete(socket);
      newest.set(socket, res);
      res.once('close', () => {
        if (newest.get(socket) !== res) return;
        // What is held here for an idle connection would cost more than the connection.
        if (res.req.complete) newest.delete(socket);
        rest(socket);
      });
    });
  }

  return { answerOn: (connection) => newest.get(connection) };
}
