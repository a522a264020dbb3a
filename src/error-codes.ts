/** One entry per way in which a request can fail: what it means and how to mend it. */
export const errorCodes = {
  malformed_request: {
    title: 'The request cannot be parsed',
    meaning: 'The body, the path or a header is not what its format allows.',
    remedy:
      'Send well-formed JSON (RFC 8259) in UTF-8, an object or an array, nested at most 32 deep.',
  },
  unauthenticated: {
    title: 'Authentication is required',
    meaning: 'The route needs a caller and the request carries no access token.',
    remedy: 'Log in and send the header "Authorization: Bearer <accessToken>".',
  },
  invalid_token: {
    title: 'The access token is not valid',
    meaning: 'The token is malformed, expired, not signed by this API, or its session has ended.',
    remedy: 'Get a new access token with POST /api/v1/auth/refresh, or log in again.',
  },
  invalid_refresh_token: {
    title: 'The refresh token is not valid',
    meaning: 'The token is unknown, expired, used before, or its session has ended.',
    remedy: 'Log in again. Each refresh token works once: keep the newest one.',
  },
  invalid_credentials: {
    title: 'The e-mail address or the password is wrong',
    meaning: 'No account has this combination of e-mail address and password.',
    remedy: 'Check both and try again.',
  },
  wrong_password: {
    title: 'The current password is wrong',
    meaning: 'This change asks for the password of the account and got another one.',
    remedy: 'Send the password with which the account logs in.',
  },
  second_factor_required: {
    title: 'A second factor is required',
    meaning: 'The password is right, and the account also asks for a code.',
    remedy:
      'Send the same request with "code": six digits of the authenticator, or a recovery code.',
  },
  wrong_code: {
    title: 'The code is wrong',
    meaning: 'The code is not one of the authenticator or the recovery codes, or was used before.',
    remedy: 'Wait for the next code of the authenticator, or send an unused recovery code.',
  },
  fresh_sign_in_required: {
    title: 'A fresh sign-in is required',
    meaning: 'The account has no password to ask for, and this session began too long ago.',
    remedy: 'Sign in again and repeat the request within five minutes.',
  },
  account_disabled: {
    title: 'The account is disabled',
    meaning: 'An administrator has disabled the account; its data is kept.',
    remedy: 'Ask whoever runs this server.',
  },
  not_allowed: {
    title: 'The caller may not do this',
    meaning: 'The route is there for administrators only.',
    remedy: 'Sign in as an administrator.',
  },
  inbox_stays: {
    title: 'The Inbox stays where it is',
    meaning: 'The Inbox of an account cannot be deleted, archived or moved.',
    remedy: 'Move or delete its tasks instead.',
  },
  insufficient_scope: {
    title: 'The API token lacks a scope',
    meaning: 'The route needs a scope that the token does not have, or a session.',
    remedy: 'Make a token with the scope that /docs names for the route, or log in.',
  },
  limit_reached: {
    title: 'There is no room for more',
    meaning: 'The account has as many objects of this kind as it may have.',
    remedy: 'Delete what is no longer needed first.',
  },
  batch_held_back: {
    title: 'Another operation of the batch failed',
    meaning: 'The batch asked for all or none, and one of its operations cannot be done.',
    remedy: 'Mend the operations that have a problem of their own, and send the batch again.',
  },
  invalid_email_token: {
    title: 'The link is not valid',
    meaning:
      'The token from the e-mail is unknown, expired, used before, or replaced by a newer one.',
    remedy: 'Ask for a new e-mail; only the newest link works.',
  },
  sign_in_refused: {
    title: 'The sign-in was refused',
    meaning: 'The provider or the person declined, or the answer does not belong to this sign-in.',
    remedy: 'Start the sign-in again.',
  },
  email_unverified: {
    title: 'The e-mail address is not verified',
    meaning: 'The provider does not vouch for an e-mail address of this person.',
    remedy: 'Verify the address with the provider, or register with a password.',
  },
  account_exists: {
    title: 'An account with this e-mail address exists',
    meaning: 'Signing in with a provider does not take over an account that was made otherwise.',
    remedy: 'Log in as usual and link the provider from there.',
  },
  identity_taken: {
    title: 'The identity belongs to another account',
    meaning: 'Another account is linked to this identity of the provider.',
    remedy: 'Sign in with the provider, or unlink it from the other account first.',
  },
  last_way_in: {
    title: 'This is the last way to sign in',
    meaning: 'Without it, nobody could sign in to the account any more.',
    remedy: 'Set a password or link another provider first.',
  },
  second_factor_active: {
    title: 'A second factor is active',
    meaning: 'The account asks for a code already.',
    remedy: 'Remove the second factor first to set up another one.',
  },
  https_required: {
    title: 'HTTPS is required',
    meaning: 'The request came over plain HTTP, where its token and data can be read on the way.',
    remedy: 'Use the https:// address. Replace any token that was sent over plain HTTP.',
  },
  not_found: {
    title: 'Nothing is here',
    meaning: 'The route does not exist, or the object is absent, deleted or somebody else\u2019s.',
    remedy: 'Check the path and the id; /docs lists every route.',
  },
  method_not_allowed: {
    title: 'The method is not allowed here',
    meaning: 'The path exists and does not answer this method.',
    remedy: 'Use one of the methods in the Allow header.',
  },
  not_acceptable: {
    title: 'The media type cannot be served',
    meaning: 'The Accept header excludes the media type that this route answers with.',
    remedy: 'Accept application/json.',
  },
  request_timeout: {
    title: 'The request took too long to arrive',
    meaning: 'The headers or the body were not received within the time limit.',
    remedy: 'Send the request again, without pauses.',
  },
  name_taken: {
    title: 'The name is taken',
    meaning: 'Another object of this kind has the name, or is just giving it up.',
    remedy: 'Choose another name, or change the other object first.',
  },
  email_taken: {
    title: 'The e-mail address is taken',
    meaning: 'Another account uses this e-mail address; upper and lower case are the same.',
    remedy: 'Log in instead, or use another address.',
  },
  idempotency_key_in_flight: {
    title: 'The same request is still in flight',
    meaning: 'A request with this Idempotency-Key came before and has not been answered yet.',
    remedy: 'Repeat it after the number of seconds in the Retry-After header, with the same key.',
  },
  precondition_failed: {
    title: 'The object has changed',
    meaning: 'If-Match or If-None-Match does not allow the change for the current version.',
    remedy: 'Read the object again, redo the change, and send the new ETag in If-Match.',
  },
  payload_too_large: {
    title: 'The body is too large',
    meaning: 'A JSON body has at most 100,000 bytes; a file as many as this server takes.',
    remedy: 'Send less, or in several requests.',
  },
  length_required: {
    title: 'The length of the file is required',
    meaning: 'This server keeps files where their length has to be known beforehand.',
    remedy: 'Send a Content-Length, which clients do for a file, a Blob or a buffer.',
  },
  unsupported_media_type: {
    title: 'The media type is not supported',
    meaning: 'The body is not JSON, not in UTF-8, or in an unknown content encoding.',
    remedy:
      'Send Content-Type: application/json (for PATCH also application/merge-patch+json), in UTF-8.',
  },
  range_not_satisfiable: {
    title: 'The range lies outside of the file',
    meaning: 'The Range header asks for bytes behind the end; Content-Range tells the size.',
    remedy: 'Ask for a range within the file, or send no Range header.',
  },
  validation_failed: {
    title: 'The request does not match its schema',
    meaning: 'The body, the query or the path was parsed and breaks one or more rules.',
    remedy: 'Mend each entry of "errors"; /docs shows the schema of every route.',
  },
  idempotency_key_reused: {
    title: 'The idempotency key belongs to another request',
    meaning: 'The caller has sent this Idempotency-Key with another method, path, query or body.',
    remedy: 'Make a new key, such as a UUID, for each new request; repeat a request unchanged.',
  },
  headers_too_large: {
    title: 'The headers are too large',
    meaning: 'The request line and the headers have at most 16 KiB together.',
    remedy: 'Send fewer or shorter headers, or a shorter query.',
  },
  rate_limited: {
    title: 'Too many requests',
    meaning: 'The caller or its address is over a limit; the RateLimit-Policy header states it.',
    remedy: 'Wait for the number of seconds in the Retry-After header.',
  },
  internal_error: {
    title: 'The server failed',
    meaning: 'A defect of this API. It was logged under the request id.',
    remedy: 'Try again later; report the request id if it goes on.',
  },
  shutting_down: {
    title: 'The server is shutting down',
    meaning: 'This instance is about to end and takes no new work.',
    remedy: 'Try again: another instance, or the next one, answers.',
  },
  overloaded: {
    title: 'The server is busy',
    meaning: 'More work is waiting than the server can do in reasonable time.',
    remedy: 'Try again after the number of seconds in the Retry-After header.',
  },
  mail_unavailable: {
    title: 'No e-mail can be sent',
    meaning: 'Whoever runs this server has not set SMTP_URL.',
    remedy: 'Ask whoever runs this server.',
  },
  provider_unavailable: {
    title: 'The provider cannot be reached',
    meaning: 'The provider of the sign-in does not answer, or not as it should.',
    remedy:
      'Try again after the number of seconds in the Retry-After header, or sign in otherwise.',
  },
  storage_unavailable: {
    title: 'The storage of files is away',
    meaning: 'The service that keeps the files cannot be reached, or refuses.',
    remedy: 'Try again after the number of seconds in the Retry-After header.',
  },
  database_unavailable: {
    title: 'The database is away',
    meaning: 'The API cannot reach its database at the moment. A change may or may not be stored.',
    remedy: 'Try again after the number of seconds in the Retry-After header.',
  },
} as const satisfies Record<string, { title: string; meaning: string; remedy: string }>;

export type ErrorCode = keyof typeof errorCodes;
