import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

/** A mail server that keeps nothing but the newest token for each address. */
export async function startMailSink() {
  const tokens = new Map<string, string>();
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    logger: false,
    closeTimeout: 100,
    async onData(stream, { envelope }, answer) {
      const message = (await readText(stream)).replaceAll('=\r\n', '').replaceAll('=3D', '=');
      const token = /#token=(\S+)/.exec(message)?.[1];
      for (const { address } of envelope.rcptTo) if (token) tokens.set(address, token);
      answer();
    },
  });
  // Clients end when their server does.
  smtp.on('error', () => {});
  const listener = smtp.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    /** The token of the newest link that went to an address, once. */
    take(address: string): string | undefined {
      const token = tokens.get(address);
      tokens.delete(address);
      return token;
    },
    stop: () => new Promise<void>((resolve) => smtp.close(() => resolve())),
  };
}
