import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idSchema, instantSchema } from '../../contract/schemas.ts';
import { text } from '../../contract/text.ts';
import { timeZoneSchema } from '../../contract/time-zone.ts';

const nameSchema = text({ min: 1, max: 100 });

/** bcrypt reads 72 bytes; a longer password would match on its beginning alone. */
export const newPasswordSchema = text({ min: 8, max: 64, trim: false })
  .refine(
    (password) => new TextEncoder().encode(password).length <= 72,
    'must have at most 72 bytes in UTF-8',
  )
  .meta({ format: 'password', description: 'At most 72 bytes in UTF-8.' });

/** A password to compare, not to choose: whatever was chosen may be tried. */
export const passwordSchema = z.string().min(1).max(1000).meta({ format: 'password' });

/** Of an authenticator, or a recovery code with or without its hyphens. */
export const codeSchema = z.string().trim().min(6).max(40).meta({
  description: 'Six digits of the authenticator, or a recovery code.',
  example: '123456',
});

/** What a sensitive change asks for, besides a session. */
export const proofFields = {
  password: passwordSchema
    .optional()
    .meta({ description: 'Required unless the account has none; then a fresh sign-in is.' }),
  code: codeSchema
    .optional()
    .meta({ description: 'Required where the account has a second factor.' }),
};

/** How such a change can be refused. */
export const proofErrors = [
  'wrong_password',
  'fresh_sign_in_required',
  'second_factor_required',
  'wrong_code',
] as const;

/** As mail servers take it (RFC 5321): up to 64 characters, then a domain name with labels of up to 63. */
const emailPattern =
  /^(?=.{1,64}@)(?:[A-Za-z0-9_'+-]+\.)*[A-Za-z0-9_'+-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/;

export const emailSchema = z
  .string()
  .trim()
  .max(254)
  .pipe(z.email({ pattern: emailPattern }))
  .meta({ format: 'email', pattern: emailPattern.source, example: 'ada@example.com' });

export const userSchema = z
  .object({
    id: idSchema,
    email: z.string(),
    name: z.string(),
    timeZone: z.string().meta({ description: 'A name of the IANA time zone database.' }),
    emailVerified: z.boolean(),
    createdAt: instantSchema,
    updatedAt: instantSchema,
  })
  .meta({ id: 'User' });

export type User = z.infer<typeof userSchema>;

export const registrationSchema = z
  .strictObject({ email: emailSchema, password: newPasswordSchema, name: nameSchema })
  .meta({ id: 'Registration' });

export type Registration = z.output<typeof registrationSchema>;

/** JSON Merge Patch (RFC 7396). */
const patchSchema = z
  .strictObject({
    name: nameSchema.optional(),
    timeZone: timeZoneSchema
      .nullable()
      .optional()
      .meta({ description: 'null brings it back to UTC.' }),
  })
  .meta({ id: 'UserPatch' });

export type UserPatch = z.output<typeof patchSchema>;

const deletionSchema = z.strictObject(proofFields).meta({ id: 'AccountDeletion' });

const passwordChangeSchema = z
  .strictObject({
    currentPassword: proofFields.password,
    newPassword: newPasswordSchema,
    code: proofFields.code,
  })
  .meta({ id: 'PasswordChange' });

export type PasswordChange = z.output<typeof passwordChangeSchema>;

export const exampleUser: User = {
  id: '68f1c2a79d3e4b5a6c7d8e90',
  email: 'ada@example.com',
  name: 'Ada',
  timeZone: 'UTC',
  emailVerified: false,
  createdAt: '2026-11-20T09:00:00.000Z',
  updatedAt: '2026-11-20T09:00:00.000Z',
};

export const usersContract = {
  read: endpoint({
    method: 'get',
    path: '/users/me',
    access: 'user',
    scope: 'account:read',
    summary: 'Read your account',
    status: 200,
    answer: userSchema,
    versioned: true,
    errors: [],
    example: { answer: exampleUser },
  }),
  update: endpoint({
    method: 'patch',
    path: '/users/me',
    access: 'user',
    scope: 'account:write',
    summary: 'Change your name or time zone',
    body: patchSchema,
    status: 200,
    answer: userSchema,
    versioned: true,
    preconditions: true,
    errors: ['precondition_failed'],
    example: {
      body: { timeZone: 'Europe/Paris' },
      answer: { ...exampleUser, timeZone: 'Europe/Paris' },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/users/me',
    access: 'user',
    summary: 'Delete your account',
    description: 'Deletes the account, its sessions and its tasks, for good.',
    body: deletionSchema,
    status: 204,
    preconditions: true,
    limit: 'credentials',
    errors: [...proofErrors, 'precondition_failed'],
    example: { body: { password: 'correct horse battery' } },
  }),
  changePassword: endpoint({
    method: 'put',
    path: '/users/me/password',
    access: 'user',
    summary: 'Change your password',
    description: 'Every other session of the account ends; this one goes on.',
    body: passwordChangeSchema,
    status: 204,
    limit: 'credentials',
    errors: [...proofErrors],
    example: {
      body: { currentPassword: 'correct horse battery', newPassword: 'staple battery horse' },
    },
  }),
};
