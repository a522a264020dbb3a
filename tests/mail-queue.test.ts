import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import mongoose, { type mongo } from 'mongoose';
import { SMTPServer } from 'smtp-server';
import { parseConfig } from '../src/config.ts';
import { createDependencies, type Dependencies } from '../src/dependencies.ts';
import {
  createFileTransport,
  createSmtpTransport,
  type MailTransport,
} from '../src/features/mail/transport.ts';
import { createLogger } from '../src/logger.ts';
import { jwtSecret, useDatabase } from './support/api.ts';
import { createUser } from '../src/features/users/users.service.ts';
import {
  linkIn,
  mailJobs,
  type MailServer,
  startMailServer,
  untilMailsAreSent,
} from './support/mail-server.ts';
import { inFolder, originOf, startProcess } from './support/processes.ts';

jest.setTimeout(90_000);

const newEmail = () => `${randomUUID()}@example.com`;

const message = (to = newEmail()) => ({ id: randomUUID(), to, subject: 'Hello', text: 'Hello\n' });

describe('a mail in the queue', () => {
  const sender = 'Task Manager <no-reply@example.com>';
  let server: MailServer;
  let dependencies: Dependencies;
  const written = new PassThrough();
  const log: string[] = [];
  const lines = createInterface(written).on('line', (text) => log.push(text));
  afterAll(async () => {
    await dependencies.jobs.stop();
    await server.stop();
  });
  const database = useDatabase();
  beforeAll(async () => {
    server = await startMailServer();
    const logger = createLogger('info', written);
    dependencies = createDependencies({
      config: parseConfig({ NODE_ENV: 'test' }),
      database: database(),
      logger,
      jwtSecret,
      mailTransport: createSmtpTransport(server.url, sender),
    });
    await dependencies.jobs.start();
  });

  /** Resolves with the line of the log that tells of the next failure. */
  async function failed(): Promise<string> {
    return new Promise((resolve) => {
      const listen = (text: string) => {
        if (!text.includes('"job failed"')) return;
        lines.off('line', listen);
        resolve(text);
      };
      lines.on('line', listen);
    });
  }

  /** Lets the mails that wait for their next attempt be due, and wakes the queue with one for nobody. */
  async function bringForward(): Promise<void> {
    const due = { $set: { nextRunAt: new Date() } };
    await mongoose.connection.collection('jobs').updateMany({ name: 'mail' }, due);
    await dependencies.mail.sendLink(new mongoose.Types.ObjectId(), 'verify_email');
  }

  const newUser = () => createUser({ email: newEmail(), name: 'Ada', emailVerified: false });

  async function countOf(outcome: string): Promise<number> {
    const { text } = await dependencies.metrics.render();
    const pattern = new RegExp(`^jobs_total{name="mail",outcome="${outcome}"} (\\d+)$`, 'm');
    return Number(pattern.exec(text)?.[1] ?? 0);
  }

  test('waits while the server is away, and is sent once it is back', async () => {
    await server.stop();
    const { _id, email } = await newUser();
    const failing = failed();
    await dependencies.mail.sendLink(_id, 'verify_email');
    expect(JSON.parse(await failing)).toMatchObject({
      level: 40,
      job: 'mail',
      failures: 1,
      err: { message: 'the mail was not taken (ESOCKET)' },
    });
    const [job] = await untilRetried();
    expect(job?.['nextRunAt'].getTime()).toBeGreaterThan(Date.now());
    await server.start();
    await bringForward();
    expect((await server.take(email)).from).toBe('no-reply@example.com');
  });

  /** The jobs, once the failed one waits for its next attempt. */
  async function untilRetried(): Promise<mongo.Document[]> {
    for (;;) {
      const jobs = await mailJobs();
      if (jobs.every(({ lockedAt, failCount }) => !lockedAt && failCount > 0)) return jobs;
    }
  }

  test.each([450, 550])('is tried again after the server has refused it (%i)', async (code) => {
    const { _id, email } = await newUser();
    server.refuseNext(code);
    const before = { failed: await countOf('failed'), done: await countOf('done') };
    const failing = failed();
    await dependencies.mail.sendLink(_id, 'verify_email');
    const line = await failing;
    expect(JSON.parse(line).err.message).toBe(`the mail was not taken (EMESSAGE ${code})`);
    await untilRetried();
    expect(await countOf('failed')).toBe(before.failed + 1);
    await bringForward();
    const { token } = linkIn(await server.take(email));
    await untilMailsAreSent();
    expect(await countOf('done')).toBe(before.done + 2);
    expect(token).toMatch(/^[0-9a-f]{24}\.[\w-]{43}$/);
    // The server's answer had quoted the whole mail.
    expect(log.join('\n')).not.toMatch(/#token=|Verify your e-mail/);
    expect(log.join('\n')).not.toContain(email);
  });

  test('holds neither the token nor the address while it waits', async () => {
    const { _id, email } = await newUser();
    server.refuseNext(451);
    const failing = failed();
    await dependencies.mail.sendLink(_id, 'verify_email');
    await failing;
    const waiting = await untilRetried();
    expect(waiting.map(({ data }) => data)).toEqual([
      { userId: _id.toHexString(), kind: 'verify_email' },
    ]);
    expect(JSON.stringify(waiting)).not.toContain(email);
    expect(JSON.stringify(waiting)).not.toMatch(/token/i);
    await bringForward();
    await server.take(email);
    await untilMailsAreSent();
  });

  test('of a notice keeps its id at each attempt, so that a copy can be told', async () => {
    const { _id, email } = await newUser();
    const facts = { at: new Date('2026-11-20T09:00:00.000Z'), address: '203.0.113.7' };
    server.refuseNext(451);
    const failing = failed();
    await dependencies.mail.notify(_id, 'password_changed', facts);
    await failing;
    const [job] = await untilRetried();
    await bringForward();
    const mail = await server.take(email);
    expect(mail.headers).toMatchObject({
      'message-id': `<${String(job?.['_id'])}@example.com>`,
      from: sender,
      subject: 'Task Manager: Your password was changed',
    });
    expect(mail.text).toMatch(
      /^Your password was changed, on 2026-11-20 09:00 UTC, from the IP address 203\.0\.113\.7\.\n/,
    );
    expect(mail.text).toMatch(/If it was not you, reset your password/);
  });

  test('goes with its account', async () => {
    const { _id } = await newUser();
    server.refuseNext(451);
    const failing = failed();
    await dependencies.mail.sendLink(_id, 'verify_email');
    await failing;
    await untilRetried();
    await dependencies.jobs.forget(_id.toHexString());
    expect(await mailJobs()).toEqual([]);
  });
});

describe('a process that is killed while it sends a mail', () => {
  test('has lost nothing: the next one sends it', () =>
    inFolder(async (folder) => {
      const server = await startMailServer();
      const MONGODB_URI = `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`;
      const settings = { MONGODB_URI, PORT: '0', BCRYPT_COST: '4', SMTP_URL: server.url };
      const connection = await mongoose.createConnection(MONGODB_URI).asPromise();
      const first = startProcess(folder, settings);
      let second: typeof first | undefined;
      try {
        const origin = await originOf(first);
        await first.line(/"database connected"/);
        const email = newEmail();
        const held = server.holdNext();
        const account = { email, password: 'correct horse battery', name: 'Ada' };
        await post(`${origin}/api/v1/auth/register`, account);
        await held;
        first.child.kill('SIGKILL');
        await first.ended;
        expect(server.mails).toEqual([]);
        const jobs = connection.collection('jobs');
        const stale = { $set: { lockedAt: new Date(Date.now() - 60_000) } };
        await jobs.updateMany({ lockedAt: { $ne: null } }, stale);
        second = startProcess(folder, settings);
        const { token } = linkIn(await server.take(email));
        const verify = `${await originOf(second)}/api/v1/auth/verify-email`;
        expect(await post(verify, { token })).toBe(204);
      } finally {
        first.child.kill('SIGKILL');
        second?.child.kill('SIGKILL');
        await second?.ended;
        await connection.dropDatabase();
        await connection.close();
        await server.stop();
      }
    }));

  /** The status; repeated while the database is not connected yet. */
  async function post(address: string, body: object): Promise<number> {
    for (;;) {
      const { status } = await fetch(address, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      if (status !== 503) return status;
    }
  }
});

describe('the transport', () => {
  let server: MailServer;
  beforeAll(async () => {
    server = await startMailServer();
  });
  afterAll(() => server.stop());

  test('sends in the clear to this machine only', async () => {
    const { port } = new URL(server.url);
    const from = 'no-reply@example.com';
    await createSmtpTransport(`smtp://LOCALHOST:${port}`, from).send(message());
    // The same machine, by a name that does not say so.
    const elsewhere: MailTransport = createSmtpTransport(`smtp://127.1:${port}`, from);
    await expect(elsewhere.send(message())).rejects.toThrow(/^the mail was not taken \(\w+/);
    expect(server.mails).toHaveLength(1);
  });

  test.each([
    ['smtps: from the start', { secure: true, scheme: 'smtps', host: '127.0.0.1' }],
    ['smtp: by STARTTLS', { secure: false, scheme: 'smtp', host: '127.1' }],
  ])('refuses a certificate that nobody vouches for, %s', async (_, { secure, scheme, host }) => {
    const received: string[] = [];
    // By itself it has a certificate that it has signed itself.
    const deceiver = new SMTPServer({
      secure,
      authOptional: true,
      logger: false,
      onMailFrom: ({ address }, _session, done) => {
        received.push(address);
        done();
      },
    });
    deceiver.on('error', () => {});
    const listener = deceiver.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const transport = createSmtpTransport(`${scheme}://${host}:${port}`, 'no-reply@example.com');
    await expect(transport.send(message())).rejects.toThrow(/^the mail was not taken \(\w+/);
    expect(received).toEqual([]);
    await new Promise<void>((resolve) => deceiver.close(resolve));
  });

  test('writes mails to a folder for the developer, and their links to the log', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'mails-'));
    const output = new PassThrough();
    const transport = createFileTransport(
      join(directory, 'mail'),
      'no-reply@example.com',
      createLogger('info', output),
    );
    const link = 'http://localhost:3000/verify-email#token=abc';
    await transport.send({ ...message('ada@example.com'), text: `Open\n\n${link}\n` });
    const [name = ''] = await readdir(join(directory, 'mail'));
    const file = join(directory, 'mail', name);
    expect(await readFile(file, 'utf8')).toMatch(/^From: no-reply@example\.com\r\nTo: ada@exam/);
    expect((await stat(file)).mode & 0o077).toBe(0);
    const line = String(output.read());
    expect(JSON.parse(line)).toMatchObject({ msg: 'mail written', to: 'ada@example.com', link });
    await rm(directory, { recursive: true });
  });
});
