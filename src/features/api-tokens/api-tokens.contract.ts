import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idParams, idSchema, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import { type Scope, scopes } from '../../contract/scopes.ts';
import { text } from '../../contract/text.ts';
import { proofErrors, proofFields } from '../users/users.contract.ts';

/** How many tokens an account may have that have not expired. */
export const maximumTokens = 50;

/** In days. */
const lifetime = { default: 90, max: 365 };

const scopeSchema = z.enum(Object.keys(scopes) as [Scope, ...Scope[]]);

const tokenFields = {
  id: idSchema,
  name: z.string(),
  scopes: z.array(scopeSchema),
  ending: z.string().meta({
    description: 'The last four characters of the token, to tell it from others.',
  }),
  createdAt: instantSchema,
  expiresAt: instantSchema,
  lastUsedAt: instantSchema
    .nullable()
    .meta({ description: 'Up to a minute behind; null before the first use.' }),
};

const apiTokenSchema = z.object(tokenFields).meta({ id: 'ApiToken' });

const newTokenSchema = z
  .object({
    ...tokenFields,
    token: z.string().meta({
      description: 'Goes into `Authorization: Bearer <token>`; it is never shown again.',
      pattern: '^tma_[0-9A-Za-z]{36}$',
    }),
  })
  .meta({ id: 'NewApiToken' });

export type ApiToken = z.infer<typeof apiTokenSchema>;
export type NewApiToken = z.infer<typeof newTokenSchema>;

const createSchema = z
  .strictObject({
    name: text({ min: 1, max: 100 }).meta({ description: 'What it is for.' }),
    scopes: z
      .array(scopeSchema)
      .min(1)
      .max(Object.keys(scopes).length)
      .refine((given) => new Set(given).size === given.length, 'must not name a scope twice')
      .meta({ uniqueItems: true }),
    expiresInDays: z.int().min(1).max(lifetime.max).default(lifetime.default),
    ...proofFields,
  })
  .meta({ id: 'ApiTokenCreate' });

export type ApiTokenCreate = z.output<typeof createSchema>;

const listQuery = z.strictObject(pageQuery);

export type ApiTokenQuery = z.output<typeof listQuery>;

const exampleToken: ApiToken = {
  id: '68f1c2a79d3e4b5a6c7d8ea3',
  name: 'Nightly report',
  scopes: ['tasks:read'],
  ending: 'k9Qz',
  createdAt: '2026-11-20T09:00:00.000Z',
  expiresAt: '2027-02-18T09:00:00.000Z',
  lastUsedAt: null,
};

export const apiTokensContract = {
  create: endpoint({
    method: 'post',
    path: '/users/me/api-tokens',
    access: 'user',
    summary: 'Create an API token',
    description: `Makes a token for scripts, which may do what its scopes say, until it expires. It is shown this once. Secret scanners find tokens by \`\\btma_[0-9A-Za-z]{36}\\b\`; the last six characters are the CRC-32 of the 30 before them, in base 62 (0-9A-Za-z). An account has at most ${maximumTokens} tokens that have not expired.`,
    body: createSchema,
    status: 201,
    answer: newTokenSchema,
    location: '/users/me/api-tokens/:id',
    secret: true,
    limit: 'credentials',
    errors: [...proofErrors, 'limit_reached'],
    example: {
      body: {
        name: 'Nightly report',
        scopes: ['tasks:read'],
        expiresInDays: 90,
        password: 'correct horse battery',
      },
      // Its checksum is wrong, so that no scanner takes the example for a token.
      answer: { ...exampleToken, token: 'tma_EXAMPLEexampleEXAMPLEexample0000k9Qz' },
    },
  }),
  list: endpoint({
    method: 'get',
    path: '/users/me/api-tokens',
    access: 'user',
    summary: 'List your API tokens',
    description: 'The newest first. An expired token is listed for a day more.',
    query: listQuery,
    status: 200,
    answer: pageOf(apiTokenSchema).meta({ id: 'ApiTokenList' }),
    errors: [],
    example: { answer: { data: [exampleToken], nextCursor: null } },
  }),
  read: endpoint({
    method: 'get',
    path: '/users/me/api-tokens/:id',
    access: 'user',
    summary: 'Read an API token',
    description: 'Everything but the token itself.',
    params: idParams,
    status: 200,
    answer: apiTokenSchema,
    errors: ['not_found'],
    example: { answer: exampleToken },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/users/me/api-tokens/:id',
    access: 'user',
    summary: 'Delete an API token',
    description: 'The token stops working at once.',
    params: idParams,
    status: 204,
    errors: ['not_found'],
    example: {},
  }),
};
