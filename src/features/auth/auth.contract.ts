import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idParams, idSchema, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import {
  codeSchema,
  emailSchema,
  exampleUser,
  passwordSchema,
  registrationSchema,
  userSchema,
} from '../users/users.contract.ts';

const tokenFields = {
  accessToken: z.string().meta({ description: 'Goes into `Authorization: Bearer <accessToken>`.' }),
  refreshToken: z.string().meta({ description: 'Works once; the answer brings the next one.' }),
  tokenType: z.literal('Bearer'),
  expiresIn: z.int().meta({ description: 'Seconds until the access token expires.' }),
};

const tokensSchema = z.object(tokenFields).meta({ id: 'Tokens' });
const signInSchema = z.object({ user: userSchema, ...tokenFields }).meta({ id: 'SignIn' });

const loginSchema = z
  .strictObject({ email: emailSchema, password: passwordSchema, code: codeSchema.optional() })
  .meta({ id: 'Login' });

const refreshSchema = z
  .strictObject({ refreshToken: z.string().min(1).max(200) })
  .meta({ id: 'Refresh' });

const sessionSchema = z
  .object({
    id: idSchema,
    userAgent: z.string(),
    address: z.string().meta({ description: 'The IP address of the last sign-in or refresh.' }),
    createdAt: instantSchema,
    lastUsedAt: instantSchema,
    expiresAt: instantSchema,
    current: z.boolean().meta({ description: 'Whether this request belongs to it.' }),
  })
  .meta({ id: 'Session' });

export type Session = z.infer<typeof sessionSchema>;
export type Tokens = z.infer<typeof tokensSchema>;
export type SignIn = z.infer<typeof signInSchema>;
export type Login = z.output<typeof loginSchema>;

const sessionQuery = z.strictObject(pageQuery);

export type SessionQuery = z.output<typeof sessionQuery>;

const exampleTokens: Tokens = {
  accessToken: 'eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.c2lnbmF0dXJl',
  refreshToken: '68f1c2a79d3e4b5a6c7d8e91.q1w2e3r4t5y6u7i8o9p0a1s2d3f4g5h6j7k8l9z0x1c',
  tokenType: 'Bearer',
  expiresIn: 900,
};

const exampleSession: Session = {
  id: '68f1c2a79d3e4b5a6c7d8e91',
  userAgent: 'curl/8.5.0',
  address: '203.0.113.7',
  createdAt: '2026-11-20T09:00:00.000Z',
  lastUsedAt: '2026-11-20T09:15:00.000Z',
  expiresAt: '2026-12-20T09:15:00.000Z',
  current: true,
};

export const authContract = {
  register: endpoint({
    method: 'post',
    path: '/auth/register',
    access: 'public',
    summary: 'Create an account',
    description: 'Creates the account and signs in.',
    body: registrationSchema,
    status: 201,
    answer: signInSchema,
    location: '/users/me',
    secret: true,
    limit: 'credentials',
    errors: ['email_taken'],
    example: {
      body: { email: 'ada@example.com', password: 'correct horse battery', name: 'Ada' },
      answer: { user: exampleUser, ...exampleTokens },
    },
  }),
  login: endpoint({
    method: 'post',
    path: '/auth/login',
    access: 'public',
    summary: 'Log in',
    description:
      'Where the account has a second factor, the answer is second_factor_required until the same request brings a code.',
    body: loginSchema,
    status: 200,
    answer: signInSchema,
    secret: true,
    limit: 'credentials',
    errors: ['invalid_credentials', 'second_factor_required', 'wrong_code', 'account_disabled'],
    example: {
      body: { email: 'ada@example.com', password: 'correct horse battery' },
      answer: { user: exampleUser, ...exampleTokens },
    },
  }),
  refresh: endpoint({
    method: 'post',
    path: '/auth/refresh',
    access: 'public',
    summary: 'Get new tokens',
    description:
      'Exchanges a refresh token for a new pair. Each refresh token works once; a replay ends the session.',
    body: refreshSchema,
    status: 200,
    answer: tokensSchema,
    secret: true,
    limit: 'credentials',
    errors: ['invalid_refresh_token'],
    example: { body: { refreshToken: exampleTokens.refreshToken }, answer: exampleTokens },
  }),
  logout: endpoint({
    method: 'post',
    path: '/auth/logout',
    access: 'user',
    summary: 'Log out',
    description: 'Ends the session of this access token, at once.',
    status: 204,
    errors: [],
    example: {},
  }),
  listSessions: endpoint({
    method: 'get',
    path: '/auth/sessions',
    access: 'user',
    summary: 'List your sessions',
    query: sessionQuery,
    status: 200,
    answer: pageOf(sessionSchema).meta({ id: 'SessionList' }),
    errors: [],
    example: { answer: { data: [exampleSession], nextCursor: null } },
  }),
  endSession: endpoint({
    method: 'delete',
    path: '/auth/sessions/:id',
    access: 'user',
    summary: 'End a session',
    description: 'Its access token and its refresh token stop working at once.',
    params: idParams,
    status: 204,
    errors: ['not_found'],
    example: {},
  }),
  endOtherSessions: endpoint({
    method: 'delete',
    path: '/auth/sessions',
    access: 'user',
    summary: 'End all other sessions',
    description: 'Only the session of this access token goes on.',
    status: 204,
    errors: [],
    example: {},
  }),
};
