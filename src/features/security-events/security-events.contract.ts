import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idSchema, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';

/** What is recorded of an account, and in which words its owner is told by e-mail, if at all. */
export const securityEvents = {
  account_created: {},
  signed_in: {},
  sign_in_failed: {},
  password_refused: {},
  code_refused: {},
  signed_out: {},
  session_ended: {},
  refresh_token_replayed: { notice: 'A session was ended, as its refresh token was used twice' },
  password_changed: { notice: 'Your password was changed' },
  password_reset_requested: {},
  password_reset: { notice: 'Your password was reset' },
  email_verified: {},
  email_change_requested: { notice: 'A change of your e-mail address was requested' },
  email_changed: {},
  second_factor_enabled: { notice: 'A second factor was set up' },
  second_factor_disabled: { notice: 'The second factor was removed' },
  recovery_codes_replaced: { notice: 'New recovery codes were made' },
  recovery_code_used: { notice: 'A recovery code was used' },
  identity_linked: { notice: 'Another way to sign in was added' },
  identity_unlinked: { notice: 'A way to sign in was removed' },
  api_token_created: { notice: 'An API token was made' },
  api_token_deleted: {},
  account_exported: { notice: 'Your data was exported' },
  account_disabled: {},
  account_enabled: {},
  role_granted: { notice: 'You became an administrator' },
  role_revoked: {},
  sessions_ended_by_administrator: {},
} as const satisfies Record<string, { notice?: string }>;

export type SecurityEventType = keyof typeof securityEvents;

const eventSchema = z
  .object({
    id: idSchema,
    type: z.enum(Object.keys(securityEvents) as [SecurityEventType, ...SecurityEventType[]]),
    at: instantSchema,
    address: z.string().meta({ description: 'The IP address; empty where there was no request.' }),
    userAgent: z.string(),
  })
  .meta({ id: 'SecurityEvent' });

export type SecurityEvent = z.infer<typeof eventSchema>;

const eventQuery = z.strictObject(pageQuery);

export type SecurityEventQuery = z.output<typeof eventQuery>;

export const exampleEvent: SecurityEvent = {
  id: '68f1c2a79d3e4b5a6c7d8ea2',
  type: 'signed_in',
  at: '2026-11-20T09:00:00.000Z',
  address: '203.0.113.7',
  userAgent: 'curl/8.5.0',
};

export const securityEventsContract = {
  list: endpoint({
    method: 'get',
    path: '/users/me/security-events',
    access: 'user',
    scope: 'account:read',
    summary: 'List what happened to your account',
    description: 'Sign-ins and changes of how to sign in, the newest first, for 180 days.',
    query: eventQuery,
    status: 200,
    answer: pageOf(eventSchema).meta({ id: 'SecurityEventList' }),
    errors: [],
    example: { answer: { data: [exampleEvent], nextCursor: null } },
  }),
};
