import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire to a server, which a test can cut. */
export interface Wire {
  readonly port: number;
  /** Refuses new connections and drops those that there are, as if the server had died. */
  cut(): Promise<void>;
  /** Lets bytes neither in nor out, as if the server hung. */
  freeze(): void;
  mend(): Promise<void>;
  close(): Promise<void>;
}

/** Lays a wire to the server at this address. */
export async function layWire(host: string, port: number): Promise<Wire> {
  const sockets = new Set<Socket>();
  let frozen = false;
  const server = createServer((near) => {
    const far = connect(port, host);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      if (frozen) socket.pause();
    }
    if (frozen) return;
    near.pipe(far);
    far.pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: ownPort } = server.address() as AddressInfo;

  async function cut(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  }

  return {
    port: ownPort,
    cut,
    close: cut,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend: async () => {
      frozen = false;
      for (const socket of sockets) socket.destroy();
      if (server.listening) return;
      server.listen(ownPort, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}
