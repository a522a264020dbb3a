import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { instantSchema } from '../../contract/schemas.ts';

const accountSecuritySchema = z
  .object({
    role: z.enum(['user', 'admin']),
    hasPassword: z.boolean().meta({
      description: 'Whether sensitive changes ask for a password, or for a fresh sign-in.',
    }),
    secondFactor: z
      .object({ enabledAt: instantSchema, recoveryCodesLeft: z.int() })
      .nullable()
      .meta({ description: 'null where sign-ins ask for no code.' }),
    identityCount: z.int().meta({ description: 'How many providers can be signed in with.' }),
  })
  .meta({ id: 'AccountSecurity' });

export type AccountSecurity = z.infer<typeof accountSecuritySchema>;

export const accountSecurityContract = {
  read: endpoint({
    method: 'get',
    path: '/users/me/security',
    access: 'user',
    scope: 'account:read',
    summary: 'Read how your account is protected',
    status: 200,
    answer: accountSecuritySchema,
    errors: [],
    example: {
      answer: {
        role: 'user',
        hasPassword: true,
        secondFactor: { enabledAt: '2026-11-20T09:00:00.000Z', recoveryCodesLeft: 10 },
        identityCount: 0,
      },
    },
  }),
};
