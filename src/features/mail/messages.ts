import type { Config } from '../../config.ts';
import {
  securityEvents,
  type SecurityEventType,
} from '../security-events/security-events.contract.ts';
import type { Circumstances, LinkKind } from './mail.ts';
import type { Message } from './transport.ts';

/**
 * What a mail says. It is plain text, and nothing that a user wrote is in it: a stranger may have
 * registered the address, with a name that advertises something.
 */
type Content = Pick<Message, 'subject' | 'text'>;

type Places = Pick<Config, 'APP_URL' | 'PUBLIC_URL'>;

const linkTexts: Record<
  LinkKind,
  { subject: string; page: string; before: string; after: string }
> = {
  verify_email: {
    subject: 'Verify your e-mail address',
    page: '/verify-email',
    before: 'To verify that this address is yours, open this link within 24 hours:',
    after: 'If you did not create an account, ignore this mail: nobody else can open the link.',
  },
  change_email: {
    subject: 'Verify your new e-mail address',
    page: '/verify-email',
    before: 'To make this address the one of your account, open this link within 24 hours:',
    after: 'If you did not ask for this, ignore this mail, and nothing changes.',
  },
  reset_password: {
    subject: 'Reset your password',
    page: '/reset-password',
    before: 'To choose a new password, open this link within one hour:',
    after: 'If you did not ask for this, ignore this mail, and your password stays as it is.',
  },
};

function written(subject: string, { PUBLIC_URL }: Places, paragraphs: readonly string[]): Content {
  const account = `This is about your account at ${PUBLIC_URL}`;
  return {
    subject: `Task Manager: ${subject}`,
    text: `${[...paragraphs, account].join('\n\n')}\n`,
  };
}

/** The token stands in the fragment, which browsers do not send, so that no log on the way has it. */
export function linkContent(kind: LinkKind, token: string, places: Places): Content {
  const { subject, page, before, after } = linkTexts[kind];
  const link = `${places.APP_URL ?? places.PUBLIC_URL}${page}#token=${token}`;
  return written(subject, places, [before, link, 'Only the newest link works, and once.', after]);
}

const ownWords: Partial<Record<SecurityEventType, { notice: string; advice: string }>> = {
  email_changed: {
    notice: 'The e-mail address of your account was changed',
    advice:
      'If it was not you, tell whoever runs the server at once: mail to the old address no longer gives you back the account.',
  },
};

const advice =
  'If it was not you, reset your password ("forgotten password", where you sign in): that ends all sessions and deletes all API tokens. Then look through the security events of your account.';

/** What tells an owner about an event; undefined for one that needs no notice. */
export function noticeContent(
  type: SecurityEventType,
  { at, address }: Circumstances,
  places: Places,
): Content | undefined {
  const event: { notice?: string } = securityEvents[type];
  const own = ownWords[type];
  const notice = own?.notice ?? event.notice;
  if (notice === undefined) return undefined;
  const when = at.toISOString().slice(0, 16).replace('T', ' ');
  const where = address === '' ? 'on the server itself' : `from the IP address ${address}`;
  return written(notice, places, [
    `${notice}, on ${when} UTC, ${where}.`,
    'If it was you, there is nothing to do.',
    own?.advice ?? advice,
  ]);
}
