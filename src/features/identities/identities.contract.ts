import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idParams, idSchema, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import { proofErrors, proofFields } from '../users/users.contract.ts';
import {
  exampleCompletion,
  exampleFlow,
  flowFields,
  providerParams,
  redirectUriSchema,
  startedFlowSchema,
} from './sign-in.contract.ts';

/** How many identities an account may be linked to. */
export const maximumIdentities = 10;

const identitySchema = z
  .object({
    id: idSchema,
    provider: z.string().meta({ description: 'The id of the provider.', example: 'github' }),
    email: z.string().nullable().meta({
      description: 'The address at the provider when it was linked; null if it told none.',
    }),
    linkedAt: instantSchema,
  })
  .meta({ id: 'Identity' });

export type Identity = z.infer<typeof identitySchema>;

const linkStartSchema = z
  .strictObject({ redirectUri: redirectUriSchema, ...proofFields })
  .meta({ id: 'IdentityLinkStart' });

export type LinkStart = z.output<typeof linkStartSchema>;

const linkSchema = z.strictObject(flowFields).meta({ id: 'IdentityLink' });

export type Link = z.output<typeof linkSchema>;

const unlinkSchema = z.strictObject(proofFields).meta({ id: 'IdentityUnlink' });

const identityQuery = z.strictObject(pageQuery);

export type IdentityQuery = z.output<typeof identityQuery>;

const exampleIdentity: Identity = {
  id: '68f1c2a79d3e4b5a6c7d8eb4',
  provider: 'github',
  email: 'ada@example.com',
  linkedAt: '2026-11-20T09:00:00.000Z',
};

export const identitiesContract = {
  start: endpoint({
    method: 'post',
    path: '/users/me/identities/:provider/start',
    access: 'user',
    summary: 'Start to link a provider',
    description: 'As a sign-in with the provider, which then lets you into this account.',
    params: providerParams,
    body: linkStartSchema,
    status: 200,
    answer: startedFlowSchema,
    secret: true,
    limit: 'credentials',
    errors: [...proofErrors, 'not_found', 'limit_reached', 'provider_unavailable'],
    example: {
      body: { redirectUri: 'https://app.example.com/signed-in', password: 'correct horse battery' },
      answer: exampleFlow,
    },
  }),
  link: endpoint({
    method: 'post',
    path: '/users/me/identities',
    access: 'user',
    summary: 'Link a provider',
    description: `Completes what was started. To link what is linked already changes nothing. An account has at most ${maximumIdentities} identities.`,
    body: linkSchema,
    status: 201,
    answer: identitySchema,
    location: '/users/me/identities/:id',
    limit: 'credentials',
    errors: ['sign_in_refused', 'identity_taken', 'limit_reached', 'provider_unavailable'],
    example: { body: exampleCompletion, answer: exampleIdentity },
  }),
  list: endpoint({
    method: 'get',
    path: '/users/me/identities',
    access: 'user',
    summary: 'List your identities',
    description: 'Whom you can sign in with, the newest first.',
    query: identityQuery,
    status: 200,
    answer: pageOf(identitySchema).meta({ id: 'IdentityList' }),
    errors: [],
    example: { answer: { data: [exampleIdentity], nextCursor: null } },
  }),
  read: endpoint({
    method: 'get',
    path: '/users/me/identities/:id',
    access: 'user',
    summary: 'Read an identity',
    params: idParams,
    status: 200,
    answer: identitySchema,
    errors: ['not_found'],
    example: { answer: exampleIdentity },
  }),
  unlink: endpoint({
    method: 'delete',
    path: '/users/me/identities/:id',
    access: 'user',
    summary: 'Unlink an identity',
    description:
      'It lets nobody in any more, and every other session of the account ends. The last one stays where there is no password.',
    params: idParams,
    body: unlinkSchema,
    status: 204,
    limit: 'credentials',
    errors: [...proofErrors, 'not_found', 'last_way_in'],
    example: { body: { password: 'correct horse battery' } },
  }),
};
