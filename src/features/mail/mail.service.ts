import { randomUUID } from 'node:crypto';
import type { Config } from '../../config.ts';
import type { Origin } from '../../contract/endpoint.ts';
import { countDown, countUp } from '../../database/counters.ts';
import type { Attempt, JobQueue } from '../../jobs/queue.ts';
import type { Logger } from '../../logger.ts';
import type { SecurityEventType } from '../security-events/security-events.contract.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import type { UserRecord } from '../users/users.model.ts';
import { createLink, findReachable, recipientOf } from './links.service.ts';
import type { LinkKind, Mail } from './mail.ts';
import { linkContent, noticeContent } from './messages.ts';
import type { MailTransport } from './transport.ts';

export type { Mail } from './mail.ts';

/** Mails with a link of one kind, to one address and for one account, within an hour. */
const linkLimit = 5;
const hour = 3600;

interface Given {
  config: Config;
  jobs: JobQueue;
  logger: Logger;
  transport: MailTransport | undefined;
}

/** What a job holds: never a token, which is made anew when the mail is written. */
type LinkJob = { userId: string; kind: LinkKind; to?: string; origin?: Origin };
type NoticeJob = {
  userId: string;
  event: SecurityEventType;
  at: string;
  address: string;
  to?: string;
};
type ResetJob = { email: string; origin: Origin };

const unavailable: Mail = {
  isAvailable: false,
  notify: async () => {},
  sendLink: async () => {},
  deliver: async () => {},
  sendResetLink: async () => {},
};

/** Mail through a transport; without one, there is none. */
export function createMail({ config, jobs, logger, transport }: Given): Mail {
  if (!transport) return unavailable;

  /**
   * Sends unless too many were sent, whoever asked for them; what fails does not count.
   * @returns whether it was sent
   */
  async function sendLimited(keys: string[], send: () => Promise<boolean>): Promise<boolean> {
    const counted = keys.map((key) => ({ key: `links:${key}`, window: hour }));
    const forgive = () => Promise.all(counted.map((one) => countDown(one)));
    const counts = await Promise.all(counted.map((one) => countUp(one)));
    if (config.RATE_LIMIT && counts.some(({ count }) => count > linkLimit)) {
      await forgive();
      return false;
    }
    try {
      const sent = await send();
      if (!sent) await forgive();
      return sent;
    } catch (error) {
      await forgive();
      throw error;
    }
  }

  async function writeLink(user: UserRecord, kind: LinkKind, to: string): Promise<boolean> {
    const token = await createLink(user, kind, to);
    if (token === undefined) return false;
    // Each has another token, and must not be taken for a copy of the one before.
    await transport?.send({ id: randomUUID(), to, ...linkContent(kind, token, config) });
    return true;
  }

  async function deliverLink({ userId, kind, to, origin }: LinkJob): Promise<void> {
    const user = await findReachable({ _id: userId });
    const recipient = user ? recipientOf(user, kind, to) : undefined;
    if (!user || recipient === undefined) return;
    const keys = [`${kind}:${userId}`, `${kind}:${recipient.toLowerCase()}`];
    const sent = await sendLimited(keys, () => writeLink(user, kind, recipient));
    if (sent && kind === 'reset_password') {
      await recordEvent({ logger, mail }, user._id, 'password_reset_requested', origin);
    }
  }

  async function deliverNotice(job: NoticeJob, { id }: Attempt): Promise<void> {
    const { userId, event, at, address, to } = job;
    const content = noticeContent(event, { at: new Date(at), address }, config);
    const user = content && (await findReachable({ _id: userId }));
    if (!content || !user) return;
    await transport?.send({ id, to: to ?? user.email, ...content });
  }

  const add = jobs.define<LinkJob | NoticeJob>('mail', (job, attempt) =>
    'kind' in job ? deliverLink(job) : deliverNotice(job, attempt),
  );

  /** Two steps, so that no address of somebody unknown waits for a mail server that is away. */
  const addReset = jobs.define<ResetJob>('find account to reset', async ({ email, origin }) => {
    const user = await findReachable({ emailKey: email.toLowerCase() });
    if (!user) return;
    await add({ userId: user._id.toHexString(), kind: 'reset_password', origin });
  });

  const mail: Mail = {
    isAvailable: true,
    notify: (userId, event, { at, address }, to) =>
      add({
        userId: userId.toHexString(),
        event,
        at: at.toISOString(),
        address,
        ...(to !== undefined && { to }),
      }),
    sendLink: (userId, kind, to) =>
      add({ userId: userId.toHexString(), kind, ...(to !== undefined && { to }) }),
    async deliver(userId, id, write) {
      const user = await findReachable({ _id: userId });
      if (user?.emailVerified) await transport.send({ id, to: user.email, ...write(user) });
    },
    sendResetLink: (email, origin) => addReset({ email, origin }),
  };
  return mail;
}
