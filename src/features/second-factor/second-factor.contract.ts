import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { codeSchema, proofErrors, proofFields } from '../users/users.contract.ts';

const enrolmentSchema = z
  .object({
    secret: z
      .string()
      .meta({ description: 'In base32, to be typed where nothing can be scanned.' }),
    uri: z.string().meta({ description: 'An otpauth:// link, for an app on the same device.' }),
    qrCode: z.string().meta({ description: 'The same as a picture: a data: URI of an SVG.' }),
  })
  .meta({ id: 'AuthenticatorEnrolment' });

const recoveryCodesSchema = z
  .object({
    recoveryCodes: z.array(z.string()).meta({
      description: 'Each works once in place of a code of the authenticator. Shown only now.',
    }),
  })
  .meta({ id: 'RecoveryCodes' });

const confirmationSchema = z
  .strictObject({ code: codeSchema.meta({ description: 'Six digits of the authenticator.' }) })
  .meta({ id: 'AuthenticatorConfirmation' });

const proofSchema = z.strictObject(proofFields).meta({ id: 'SecondFactorProof' });

export type Enrolment = z.infer<typeof enrolmentSchema>;
export type RecoveryCodes = z.infer<typeof recoveryCodesSchema>;

const exampleEnrolment: Enrolment = {
  secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
  uri: 'otpauth://totp/Task%20Manager:ada%40example.com?issuer=Task%20Manager&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30',
  qrCode: 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=',
};

const exampleRecoveryCodes: RecoveryCodes = {
  recoveryCodes: ['DV5TXO-PU74EJ-4PGDQW-22GZVQ', 'Q2MZKE-7HTN4A-XW5RJB-CL3UYD'],
};

const exampleProof = { password: 'correct horse battery', code: '123456' };

export const secondFactorContract = {
  enrol: endpoint({
    method: 'post',
    path: '/users/me/totp',
    access: 'user',
    summary: 'Begin to set up an authenticator',
    description:
      'Nothing asks for codes until the first one is confirmed; asking again before that replaces the secret.',
    body: proofSchema,
    status: 200,
    answer: enrolmentSchema,
    secret: true,
    limit: 'credentials',
    errors: [...proofErrors, 'second_factor_active'],
    example: { body: { password: 'correct horse battery' }, answer: exampleEnrolment },
  }),
  confirm: endpoint({
    method: 'post',
    path: '/users/me/totp/confirm',
    access: 'user',
    summary: 'Turn on the second factor',
    description:
      'From now on, sign-ins and sensitive changes ask for a code. Every other session of the account ends.',
    body: confirmationSchema,
    status: 200,
    answer: recoveryCodesSchema,
    secret: true,
    limit: 'credentials',
    errors: ['wrong_code', 'not_found', 'second_factor_active'],
    example: { body: { code: '123456' }, answer: exampleRecoveryCodes },
  }),
  disable: endpoint({
    method: 'delete',
    path: '/users/me/totp',
    access: 'user',
    summary: 'Turn off the second factor',
    description: 'Every other session of the account ends.',
    body: proofSchema,
    status: 204,
    limit: 'credentials',
    errors: [...proofErrors, 'not_found'],
    example: { body: exampleProof },
  }),
  replaceRecoveryCodes: endpoint({
    method: 'post',
    path: '/users/me/totp/recovery-codes',
    access: 'user',
    summary: 'Get new recovery codes',
    description: 'The old ones stop working. Every other session of the account ends.',
    body: proofSchema,
    status: 200,
    answer: recoveryCodesSchema,
    secret: true,
    limit: 'credentials',
    errors: [...proofErrors, 'not_found'],
    example: { body: exampleProof, answer: exampleRecoveryCodes },
  }),
};
