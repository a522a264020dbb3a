import type { IncomingMessage, Server, ServerResponse } from 'node:http';

const waiting = new WeakSet<IncomingMessage>();

/**
 * Leaves `Expect: 100-continue` to whoever reads the body. Node would ask for it before anybody has
 * looked at the request; so a caller who is refused has sent nothing.
 */
export function holdBodiesBack(server: Server): void {
  server.on('checkContinue', (req, res) => {
    waiting.add(req);
    server.emit('request', req, res);
  });
}

/** Tells a caller who waits for it to send the body. */
export function askForBody(req: IncomingMessage, res: ServerResponse): void {
  if (waiting.delete(req)) res.writeContinue();
}
