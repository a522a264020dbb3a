import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import {
  emailSchema,
  newPasswordSchema,
  proofErrors,
  proofFields,
} from '../users/users.contract.ts';

const tokenSchema = z
  .string()
  .min(1)
  .max(200)
  .meta({ description: 'From the link in the e-mail.' });

const verificationSchema = z.strictObject({ token: tokenSchema }).meta({ id: 'EmailVerification' });

const emailChangeSchema = z
  .strictObject({ email: emailSchema, ...proofFields })
  .meta({ id: 'EmailChange' });

export type EmailChange = z.output<typeof emailChangeSchema>;

const forgottenPasswordSchema = z
  .strictObject({ email: emailSchema })
  .meta({ id: 'ForgottenPassword' });

const passwordResetSchema = z
  .strictObject({ token: tokenSchema, newPassword: newPasswordSchema })
  .meta({ id: 'PasswordReset' });

export type PasswordReset = z.output<typeof passwordResetSchema>;

const exampleToken = '68f1c2a79d3e4b5a6c7d8e90.q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c';

export const emailContract = {
  verify: endpoint({
    method: 'post',
    path: '/auth/verify-email',
    access: 'public',
    summary: 'Verify an e-mail address',
    description:
      'Takes the token of the link that came by e-mail, which works once. If the link went to a new address, that becomes the address of the account. No session ends, as neither the password nor the second factor changes.',
    body: verificationSchema,
    status: 204,
    limit: 'credentials',
    errors: ['invalid_email_token', 'email_taken'],
    example: { body: { token: exampleToken } },
  }),
  sendVerification: endpoint({
    method: 'post',
    path: '/users/me/email/verification',
    access: 'user',
    summary: 'Send the verification of your address again',
    description:
      'Replaces older links, and gives up a change of the address that waits for its link. Does nothing if the address is verified. At most five such e-mails an hour are sent.',
    status: 204,
    errors: ['mail_unavailable'],
    example: {},
  }),
  change: endpoint({
    method: 'put',
    path: '/users/me/email',
    access: 'user',
    summary: 'Change your e-mail address',
    description:
      'Sends a link to the new address, which works for 24 hours; the address changes when it is used. Both addresses are told. At most five such e-mails an hour are sent.',
    body: emailChangeSchema,
    status: 204,
    limit: 'credentials',
    errors: [...proofErrors, 'email_taken', 'mail_unavailable'],
    example: { body: { email: 'ada@example.org', password: 'correct horse battery' } },
  }),
  forgotPassword: endpoint({
    method: 'post',
    path: '/auth/forgot-password',
    access: 'public',
    summary: 'Ask for a new password',
    description:
      'Sends a link that works for one hour, where an account has this address; the answer is the same where none has. At most five such e-mails an hour are sent.',
    body: forgottenPasswordSchema,
    status: 204,
    limit: 'credentials',
    errors: ['mail_unavailable'],
    example: { body: { email: 'ada@example.com' } },
  }),
  resetPassword: endpoint({
    method: 'post',
    path: '/auth/reset-password',
    access: 'public',
    summary: 'Set a new password',
    description:
      'Takes the token of the link that came by e-mail, which works once. Ends all sessions, deletes all API tokens and verifies the address. It does not sign in, and the second factor stays.',
    body: passwordResetSchema,
    status: 204,
    limit: 'credentials',
    errors: ['invalid_email_token'],
    example: { body: { token: exampleToken, newPassword: 'staple battery horse' } },
  }),
};
