import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { afterAll, beforeAll } from '@jest/globals';
import mongoose from 'mongoose';
import { SMTPServer } from 'smtp-server';
import type { Database } from '../../src/database/connection.ts';
import { type Api, startInstance, useDatabase } from './api.ts';

/** A mail as its recipient sees it. */
export interface ReceivedMail {
  from: string;
  to: string[];
  /** As they came, in lower case by name. */
  headers: Record<string, string>;
  /** The names of all headers, in the order of their lines. */
  headerNames: string[];
  text: string;
}

export interface MailServer {
  readonly url: string;
  /** All mails that were taken, the oldest first. */
  readonly mails: ReceivedMail[];
  /** Resolves with the next mail to an address that was not taken out before, and takes it out. */
  take(to: string, subject?: RegExp): Promise<ReceivedMail>;
  /** What comes back for the next mail after its text, such as 451; then it takes mails again. */
  refuseNext(responseCode: number): void;
  /** Lets the next mail wait for its answer; resolves once its text is there. */
  holdNext(): Promise<void>;
  /** Goes away: new connections are refused. */
  stop(): Promise<void>;
  /** Comes back at the same address. */
  start(): Promise<void>;
}

function unquoted(body: string): string {
  const bytes = body
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  return Buffer.from(bytes, 'latin1').toString();
}

/** RFC 5322, with the encodings that plain text comes in. */
function parse(message: string): Pick<ReceivedMail, 'headers' | 'headerNames' | 'text'> {
  const end = message.indexOf('\r\n\r\n');
  const lines = message
    .slice(0, end)
    .replaceAll(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  const fields = lines.map((line): [string, string] => {
    const [name = '', ...value] = line.split(': ');
    return [name.toLowerCase(), value.join(': ')];
  });
  const headers = Object.fromEntries(fields);
  const body = message.slice(end + 4);
  const encoding = headers['content-transfer-encoding'] ?? '7bit';
  if (!['7bit', 'quoted-printable'].includes(encoding)) throw new Error(`encoded as ${encoding}`);
  const text = encoding === '7bit' ? body : unquoted(body);
  const headerNames = fields.map(([name]) => name);
  return { headers, headerNames, text: text.replaceAll('\r\n', '\n') };
}

/** The link in a mail, and the token in it. */
export function linkIn({ text }: ReceivedMail): { link: string; token: string } {
  const [link = '', token = ''] = /https?:\/\/\S+#token=(\S+)/.exec(text) ?? [];
  if (token === '') throw new Error(`no link in: ${text}`);
  return { link, token };
}

/** A real SMTP server on a free port of this machine. */
export async function startMailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const untaken: ReceivedMail[] = [];
  const events = new EventEmitter().setMaxListeners(0);
  let refusal: number | undefined;
  let isHolding = false;
  let smtp: SMTPServer;
  let port = 0;

  function createSmtpServer(): SMTPServer {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['AUTH', 'STARTTLS'],
      logger: false,
      closeTimeout: 100,
      async onData(stream, { envelope }, answer) {
        const message = await readText(stream);
        if (isHolding) {
          isHolding = false;
          events.emit('held');
          return;
        }
        if (refusal !== undefined) {
          const error = Object.assign(new Error(`no: ${message}`), { responseCode: refusal });
          refusal = undefined;
          answer(error);
          return;
        }
        const from = envelope.mailFrom ? envelope.mailFrom.address : '';
        const to = envelope.rcptTo.map(({ address }) => address);
        const mail = { from, to, ...parse(message) };
        mails.push(mail);
        untaken.push(mail);
        answer();
        events.emit('mail');
      },
    });
    // Clients that end in the midst of it are what some tests are about.
    server.on('error', () => {});
    return server;
  }

  async function start(): Promise<void> {
    smtp = createSmtpServer();
    const listener = smtp.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    ({ port } = listener.address() as AddressInfo);
  }

  await start();
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    async take(to, subject = /./) {
      for (;;) {
        const index = untaken.findIndex(
          (mail) => mail.to.includes(to) && subject.test(mail.headers['subject'] ?? ''),
        );
        const [mail] = index === -1 ? [] : untaken.splice(index, 1);
        if (mail) return mail;
        await once(events, 'mail');
      }
    },
    refuseNext: (responseCode) => {
      refusal = responseCode;
    },
    holdNext: async () => {
      isHolding = true;
      await once(events, 'held');
    },
    start,
    stop: () => new Promise((resolve) => smtp.close(() => resolve())),
  };
}

/** The jobs that send mails, as they lie in the database. */
export function mailJobs() {
  const filter = { name: { $in: ['mail', 'find account to reset'] } };
  return mongoose.connection.collection('jobs').find(filter).toArray();
}

/** Resolves once every mail is sent; it asks without a pause, as each question takes a while. */
export async function untilMailsAreSent(): Promise<void> {
  while ((await mailJobs()).length > 0);
}

/** An instance that sends its mails to a server, both for a whole test file. */
export function useMailedApi(settings: Record<string, string> = {}): {
  api: () => Api;
  database: () => Database;
  mailServer: () => MailServer;
} {
  let api: Api | undefined;
  let server: MailServer | undefined;
  // Before the database goes.
  afterAll(async () => {
    await api?.dependencies.jobs.stop();
    await api?.close();
    await server?.stop();
  });
  const database = useDatabase();
  beforeAll(async () => {
    server = await startMailServer();
    api = await startInstance(database(), { SMTP_URL: server.url, ...settings });
    await api.dependencies.jobs.start();
  });
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('it is there from the first test on');
    return value;
  };
  return { api: () => there(api), database, mailServer: () => there(server) };
}
