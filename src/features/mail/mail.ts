import type { Types } from 'mongoose';
import type { Origin } from '../../contract/endpoint.ts';
import type { SecurityEventType } from '../security-events/security-events.contract.ts';
import type { Message } from './transport.ts';

/** Which link an e-mail brings. */
export type LinkKind = 'verify_email' | 'change_email' | 'reset_password';

/** The circumstances of what an owner is told about. */
export interface Circumstances {
  readonly at: Date;
  /** The IP address; empty where there was no request. */
  readonly address: string;
}

/**
 * E-mails to the owners of accounts; each is a job in the database before the promise resolves. Nothing
 * is done while mail is not available, and no mail is sent to an account that is disabled or deleted
 * by then.
 */
export interface Mail {
  /** Whether there is anything to send mail with. */
  readonly isAvailable: boolean;
  /**
   * Tells the owner about an event that has a notice.
   * @param to another address than the account's, such as the one that it had before
   */
  notify(
    userId: Types.ObjectId,
    type: SecurityEventType,
    facts: Circumstances,
    to?: string,
  ): Promise<void>;
  /**
   * Sends a link that works once; at most five of a kind within an hour.
   * @param to with `change_email`, the address that the account asks for
   */
  sendLink(userId: Types.ObjectId, kind: LinkKind, to?: string): Promise<void>;
  /**
   * Sends a mail at once, for the work of a job, which is repeated where this fails. As it may have words
   * of the user in it, it goes to a verified address only: a stranger may have registered any other.
   * @param id the same at each attempt
   */
  deliver(
    userId: string,
    id: string,
    write: (user: { readonly timeZone: string }) => Pick<Message, 'subject' | 'text'>,
  ): Promise<void>;
  /** Sends the link to a new password where an account has this address; looks that up later. */
  sendResetLink(email: string, origin: Origin): Promise<void>;
}
