import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { authContract } from '../auth/auth.contract.ts';
import { codeSchema } from '../users/users.contract.ts';

const providerSchema = z
  .object({
    id: z.string().meta({ description: 'Goes into the path of the start.', example: 'github' }),
    name: z.string().meta({ description: 'For a button.', example: 'GitHub' }),
  })
  .meta({ id: 'Provider' });

export type Provider = z.infer<typeof providerSchema>;

export const providerParams = z.strictObject({
  provider: z.string().min(1).meta({ description: 'The id of a provider.', example: 'github' }),
});

export const redirectUriSchema = z.string().min(1).max(2000).meta({
  format: 'uri',
  description: 'Where the provider sends the browser back to: one of `OAUTH_REDIRECT_URIS`.',
  example: 'https://app.example.com/signed-in',
});

const startSchema = z.strictObject({ redirectUri: redirectUriSchema }).meta({ id: 'SignInStart' });

export const startedFlowSchema = z
  .object({
    authorizationUrl: z.string().meta({ description: 'Where to send the browser.' }),
    flowToken: z.string().meta({
      description: 'Completes the sign-in, once. Keep it where the browser can only be yours.',
    }),
    expiresIn: z.int().meta({ description: 'Seconds until the flow token expires.' }),
  })
  .meta({ id: 'StartedSignIn' });

export type StartedFlow = z.infer<typeof startedFlowSchema>;

const parameter = z.string().max(4096);

/** Providers add parameters of their own, which are passed on to be ignored. */
const callbackSchema = z
  .object({
    code: parameter.optional(),
    state: parameter.optional(),
    iss: parameter.optional(),
    error: parameter.optional(),
  })
  .catchall(parameter)
  .refine((callback) => Object.keys(callback).length <= 20, 'must have at most 20 parameters')
  .meta({
    id: 'ProviderCallback',
    maxProperties: 20,
    description: 'All query parameters with which the provider sent the browser back.',
  });

export type Callback = Record<string, string>;

export const flowFields = {
  flowToken: z.string().min(1).max(200),
  callback: callbackSchema.transform((given) => given as Callback),
};

const completionSchema = z
  .strictObject({ ...flowFields, code: codeSchema.optional() })
  .meta({ id: 'SignInCompletion' });

export type SignInCompletion = z.output<typeof completionSchema>;

export const exampleFlow: StartedFlow = {
  authorizationUrl: 'https://github.com/login/oauth/authorize?client_id=Iv1.0123&state=Zk3w',
  flowToken: 'x9Zk3wQ0v7bN1mC5tR8yU2iO4pA6sD0fG7hJ9kL1zXc',
  expiresIn: 600,
};

export const exampleCompletion = {
  flowToken: exampleFlow.flowToken,
  callback: { code: 'a6b1c9d0e4f2', state: 'Zk3w', iss: 'https://github.com/login/oauth' },
};

export const signInContract = {
  listProviders: endpoint({
    method: 'get',
    path: '/auth/providers',
    access: 'public',
    summary: 'List who else people can sign in with',
    description: 'All of them; none where the server is not set up with any.',
    status: 200,
    answer: z.object({ data: z.array(providerSchema) }).meta({ id: 'ProviderList' }),
    errors: [],
    example: { answer: { data: [{ id: 'github', name: 'GitHub' }] } },
  }),
  start: endpoint({
    method: 'post',
    path: '/auth/oauth/:provider/start',
    access: 'public',
    summary: 'Start to sign in with a provider',
    description:
      'Keep the flow token, send the browser to the address, and complete the sign-in with what it comes back with.',
    params: providerParams,
    body: startSchema,
    status: 200,
    answer: startedFlowSchema,
    secret: true,
    limit: 'credentials',
    errors: ['not_found', 'provider_unavailable'],
    example: { body: { redirectUri: 'https://app.example.com/signed-in' }, answer: exampleFlow },
  }),
  complete: endpoint({
    method: 'post',
    path: '/auth/oauth/complete',
    access: 'public',
    summary: 'Complete a sign-in with a provider',
    description:
      'Signs in whoever is linked to the identity; somebody new gets an account, if the provider vouches for their e-mail address. An account with this address is never taken over: link the provider from within it. Where the account has a second factor, the answer is second_factor_required until the same request brings a code.',
    body: completionSchema,
    status: 200,
    answer: authContract.login.answer,
    secret: true,
    limit: 'credentials',
    errors: [
      'sign_in_refused',
      'invalid_credentials',
      'email_unverified',
      'account_disabled',
      'second_factor_required',
      'wrong_code',
      'account_exists',
      'provider_unavailable',
    ],
    example: { body: exampleCompletion, answer: authContract.login.example.answer },
  }),
};
