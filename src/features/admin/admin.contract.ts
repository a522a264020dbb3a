import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idParams, idSchema, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import { text } from '../../contract/text.ts';

const roles = ['user', 'admin'] as const;

/** What runs an account, and nothing of what its owner keeps in it. */
const adminUserSchema = z
  .object({
    id: idSchema,
    email: z.string(),
    name: z.string(),
    role: z.enum(roles),
    emailVerified: z.boolean(),
    secondFactor: z.boolean().meta({ description: 'Whether signing in takes a code as well.' }),
    disabledAt: instantSchema.nullable(),
    createdAt: instantSchema,
  })
  .meta({ id: 'AdminUser' });

export type AdminUser = z.infer<typeof adminUserSchema>;

const adminUserQuery = z.strictObject({
  ...pageQuery,
  q: text({ min: 1, max: 254 }).optional().meta({
    description: 'How the e-mail address or the name begins; case does not matter.',
  }),
  role: z.enum(roles).optional().meta({ description: 'Only those with this role.' }),
  disabled: z
    .enum(['true', 'false'])
    .transform((disabled) => disabled === 'true')
    .optional()
    .meta({ type: 'boolean', description: 'Only those who are disabled, or only the others.' }),
});

export type AdminUserQuery = z.output<typeof adminUserQuery>;

/** JSON Merge Patch (RFC 7396). */
const adminUserPatch = z
  .strictObject({ disabled: z.boolean().optional() })
  .meta({ id: 'AdminUserPatch' });

export type AdminUserPatch = z.output<typeof adminUserPatch>;

const exampleUser: AdminUser = {
  id: '68f1c2a79d3e4b5a6c7d8e90',
  email: 'ada@example.com',
  name: 'Ada',
  role: 'user',
  emailVerified: true,
  secondFactor: false,
  disabledAt: null,
  createdAt: '2026-11-20T09:00:00.000Z',
};

export const adminContract = {
  listUsers: endpoint({
    method: 'get',
    path: '/admin/users',
    access: 'admin',
    summary: 'List the accounts',
    description: 'The newest first. Needs an administrator with a second factor.',
    query: adminUserQuery,
    status: 200,
    answer: pageOf(adminUserSchema).meta({ id: 'AdminUserList' }),
    secret: true,
    errors: [],
    example: { query: { q: 'ada' }, answer: { data: [exampleUser], nextCursor: null } },
  }),
  readUser: endpoint({
    method: 'get',
    path: '/admin/users/:id',
    access: 'admin',
    summary: 'Read an account',
    params: idParams,
    status: 200,
    answer: adminUserSchema,
    secret: true,
    errors: ['not_found'],
    example: { answer: exampleUser },
  }),
  updateUser: endpoint({
    method: 'patch',
    path: '/admin/users/:id',
    access: 'admin',
    summary: 'Disable or enable an account',
    description:
      'Nobody can sign in to a disabled account: its sessions end at once and its API tokens are refused. Its data is kept. Administrators cannot disable themselves.',
    params: idParams,
    body: adminUserPatch,
    status: 200,
    answer: adminUserSchema,
    secret: true,
    errors: ['not_found'],
    example: {
      body: { disabled: true },
      answer: { ...exampleUser, disabledAt: '2026-11-21T08:00:00.000Z' },
    },
  }),
  endSessions: endpoint({
    method: 'delete',
    path: '/admin/users/:id/sessions',
    access: 'admin',
    summary: 'End all sessions of an account',
    description: 'Its access tokens and refresh tokens stop working at once.',
    params: idParams,
    status: 204,
    errors: ['not_found'],
    example: {},
  }),
};
