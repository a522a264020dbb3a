import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '../../logger.ts';

/** An e-mail in plain text. */
export interface Message {
  /** The same for mails that say the same, so that one that arrives twice can be told. */
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface MailTransport {
  /** @throws Error where the server refuses the message or does not take it within 15 s */
  send(message: Message): Promise<void>;
}

/** Milliseconds: all together less than a job may take. */
const patience = 15_000;
const timeouts = { connectionTimeout: 5000, greetingTimeout: 5000, socketTimeout: 10_000 };

function isLoopback(hostname: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname.toLowerCase());
}

/** Over TLS with a certificate that is checked, unless the server is on the same machine. */
function encryptionFor(url: string): { requireTLS: boolean } | { ignoreTLS: boolean } | undefined {
  const { hostname, protocol } = new URL(url);
  if (protocol === 'smtps:') return undefined;
  return isLoopback(hostname) ? { ignoreTLS: true } : { requireTLS: true };
}

/** Without what the server said, in which addresses and the mail itself may be quoted. */
function failureOf(error: unknown): Error {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const known = [code, responseCode].filter((part) => part !== undefined).map(String);
  return new Error(`the mail was not taken (${known.join(' ') || 'no code'})`);
}

/** Sends through a mail server. The library is loaded with the first mail, which many instances never see. */
export function createSmtpTransport(url: string, from: string): MailTransport {
  const options = { url, ...timeouts, ...encryptionFor(url) };
  const domain = /@([\w.-]+)/.exec(from)?.[1] ?? 'localhost';
  return {
    async send({ id, to, subject, text }) {
      const { createTransport } = await import('nodemailer');
      const sending = createTransport(options, { from }).sendMail({
        messageId: `<${id}@${domain}>`,
        to: { name: '', address: to },
        subject,
        text,
        // RFC 3834: nobody's absence note is to answer it.
        headers: { 'Auto-Submitted': 'auto-generated' },
        disableFileAccess: true,
        disableUrlAccess: true,
        signal: AbortSignal.timeout(patience),
      });
      await sending.catch((error: unknown) => {
        throw failureOf(error);
      });
    },
  };
}

/** Writes each mail to a file, and its link to the log: for development, where nobody gets mail. */
export function createFileTransport(
  directory: string,
  from: string,
  logger: Logger,
): MailTransport {
  const options = { streamTransport: true, buffer: true } as const;
  return {
    async send({ to, subject, text }) {
      const { createTransport } = await import('nodemailer');
      const transport = createTransport(options, { from });
      const { message } = await transport.sendMail({
        to: { name: '', address: to },
        subject,
        text,
      });
      await mkdir(directory, { recursive: true });
      const writtenAt = new Date().toISOString().replaceAll(':', '-');
      const file = join(directory, `${writtenAt}-${randomUUID()}.eml`);
      await writeFile(file, message as Buffer, { mode: 0o600 });
      const [link] = /https?:\S+#token=\S+/.exec(text) ?? [];
      logger.info({ to, subject, file, ...(link && { link }) }, 'mail written');
    },
  };
}
