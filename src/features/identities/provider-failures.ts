import { AppError } from '../../errors.ts';

/** The codes of openid-client for an answer that came and is not to be believed. */
const refusals = new Set<unknown>([
  'OAUTH_AUTHORIZATION_RESPONSE_ERROR',
  'OAUTH_INVALID_RESPONSE',
  'OAUTH_JSON_ATTRIBUTE_COMPARISON_FAILED',
  'OAUTH_JWT_CLAIM_COMPARISON_FAILED',
  'OAUTH_JWT_TIMESTAMP_CHECK_FAILED',
  'OAUTH_KEY_SELECTION_FAILED',
  'OAUTH_RESPONSE_BODY_ERROR',
  'OAUTH_UNSUPPORTED_OPERATION',
]);

/** What a provider refuses whoever signs in: it is down, or this API is not set up as it expects. */
const notOfTheCaller = new Set<unknown>([
  'application_suspended',
  'incorrect_client_credentials',
  'invalid_client',
  'invalid_scope',
  'redirect_uri_mismatch',
  'server_error',
  'temporarily_unavailable',
  'unauthorized_client',
  'unsupported_grant_type',
  'unsupported_response_type',
]);

/**
 * A copy without what openid-client attaches to its errors: codes, tokens and claims, which must not
 * get into a log. A parser quotes what it could not parse, so its words are left out as well.
 */
function withoutSecrets(error: unknown): Error | undefined {
  if (!(error instanceof Error) || error.name === 'SyntaxError') return undefined;
  const { cause, message, name, stack } = error;
  const copy = new Error(message, { cause: withoutSecrets(cause) });
  return Object.assign(copy, { name }, stack !== undefined && { stack });
}

export function providerUnavailable(provider: string, error: unknown): AppError {
  return new AppError('provider_unavailable', {
    detail: `${provider} cannot be asked at the moment.`,
    retryAfter: 5,
    cause: withoutSecrets(error),
  });
}

export function signInRefused(provider: string, error?: unknown): AppError {
  const { error: reason } = (error ?? {}) as { error?: unknown };
  const detail =
    reason === 'access_denied'
      ? `The sign-in was declined at ${provider}.`
      : `${provider} does not confirm this sign-in; start it again.`;
  return new AppError('sign_in_refused', { detail, cause: withoutSecrets(error) });
}

/**
 * What went wrong while asking a provider, as callers are told. Only an answer that is known for a
 * refusal counts as one; wrong use of the library stays a defect.
 */
export function signInFailure(provider: string, error: unknown): unknown {
  const { code, error: reason, status } = error as Partial<Record<string, unknown>>;
  if (error instanceof AppError || String(code).startsWith('ERR_')) return error;
  const isRefusal = refusals.has(code) && !notOfTheCaller.has(reason) && status !== 429;
  return isRefusal ? signInRefused(provider, error) : providerUnavailable(provider, error);
}
