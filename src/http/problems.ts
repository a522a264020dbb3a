import type { ErrorRequestHandler, Request, Response } from 'express';
import { isDatabaseUnavailable } from '../database/unavailable.ts';
import { AppError, type ErrorCode, errorCodes, type Violation } from '../errors.ts';
import type { Logger } from '../logger.ts';
import { idsOf, pathOf, requestIdOf } from './observation.ts';
import { sendWhole, type WholeAnswer } from './whole-answer.ts';

/** The HTTP status of each error code. */
export const statusOf: Record<ErrorCode, number> = {
  malformed_request: 400,
  unauthenticated: 401,
  invalid_token: 401,
  invalid_refresh_token: 401,
  invalid_credentials: 401,
  invalid_email_token: 401,
  sign_in_refused: 401,
  wrong_password: 403,
  second_factor_required: 403,
  wrong_code: 403,
  fresh_sign_in_required: 403,
  account_disabled: 403,
  not_allowed: 403,
  inbox_stays: 403,
  insufficient_scope: 403,
  limit_reached: 403,
  email_unverified: 403,
  https_required: 403,
  not_found: 404,
  method_not_allowed: 405,
  not_acceptable: 406,
  request_timeout: 408,
  email_taken: 409,
  batch_held_back: 409,
  name_taken: 409,
  account_exists: 409,
  identity_taken: 409,
  idempotency_key_in_flight: 409,
  last_way_in: 409,
  second_factor_active: 409,
  length_required: 411,
  precondition_failed: 412,
  payload_too_large: 413,
  unsupported_media_type: 415,
  range_not_satisfiable: 416,
  validation_failed: 422,
  idempotency_key_reused: 422,
  rate_limited: 429,
  headers_too_large: 431,
  internal_error: 500,
  overloaded: 503,
  shutting_down: 503,
  mail_unavailable: 503,
  provider_unavailable: 503,
  storage_unavailable: 503,
  database_unavailable: 503,
};

/** Problem details (RFC 9457), with the members that this API adds. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  code: ErrorCode;
  requestId: string;
  errors?: Violation[];
}

/** The page that explains a code. */
export function problemPath(code: ErrorCode): string {
  return `/problems/${code.replaceAll('_', '-')}`;
}

export function problemOf(error: AppError, instance: string, requestId: string): Problem {
  return {
    type: problemPath(error.code),
    title: errorCodes[error.code].title,
    status: statusOf[error.code],
    detail: error.message,
    instance,
    code: error.code,
    requestId,
    ...(error.violations && { errors: error.violations }),
  };
}

/** As Express, body-parser and send throw them; other libraries' errors may have a status as well. */
interface FrameworkError {
  name?: string;
  status?: number;
  type?: string;
  expose?: boolean;
}

/** What the framework's own errors mean, by the `type` that body-parser gives them or their status. */
function fromFramework(error: FrameworkError): AppError | undefined {
  const known = error.expose === true || error.name === 'URIError';
  if (!known || error.status === undefined || error.status > 499) return undefined;
  if (error.status === 412) return new AppError('precondition_failed', { cause: error });
  if (error.status === 413) return new AppError('payload_too_large', { cause: error });
  if (error.status === 415) return new AppError('unsupported_media_type', { cause: error });
  const detail =
    error.type === 'entity.parse.failed' ? 'The body is not a well-formed JSON object.' : undefined;
  return new AppError('malformed_request', { ...(detail && { detail }), cause: error });
}

/** Whatever was thrown, as one of the failures that callers are told about. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (isDatabaseUnavailable(error)) {
    return new AppError('database_unavailable', { retryAfter: 2, cause: error });
  }
  const known = typeof error === 'object' && error !== null ? fromFramework(error) : undefined;
  return known ?? new AppError('internal_error', { cause: error });
}

/** RFC 6750: how to authenticate, and whether a token was refused or which scope it lacks. */
function challenge({ code, scope }: AppError): string | undefined {
  if (code === 'invalid_token') return 'Bearer error="invalid_token"';
  if (code === 'insufficient_scope') {
    return `Bearer error="insufficient_scope"${scope === undefined ? '' : `, scope="${scope}"`}`;
  }
  return statusOf[code] === 401 ? 'Bearer' : undefined;
}

/** But for those that belong to each exchange. */
export function headersOfFailure(error: AppError): Record<string, string> {
  const authenticate = challenge(error);
  return {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Cache-Control': 'no-store',
    ...(authenticate !== undefined && { 'WWW-Authenticate': authenticate }),
    ...(error.retryAfter !== undefined && { 'Retry-After': String(error.retryAfter) }),
    ...(error.version !== undefined && { ETag: `"${error.version}"` }),
  };
}

/** A failure as an answer. */
export function answerOfFailure(req: Request, res: Response, error: AppError): WholeAnswer {
  const problem = problemOf(error, pathOf(req), requestIdOf(res));
  return {
    status: problem.status,
    headers: headersOfFailure(error),
    body: JSON.stringify(problem),
    code: error.code,
  };
}

/** Answers with problem details. */
export function sendProblem(req: Request, res: Response, error: AppError): void {
  sendWhole(res, answerOfFailure(req, res, error));
}

/** The one place where failures become answers; a defect is logged and told in general words. */
export function answerFailures(logger: Logger): ErrorRequestHandler {
  return (thrown, req, res, _next) => {
    const error = toAppError(thrown);
    const ids = idsOf(res);
    if (error.code === 'internal_error') logger.error({ ...ids, err: error.cause }, 'defect');
    if (/^(database|provider|storage)_unavailable$/.test(error.code)) {
      const reason = error.cause instanceof Error ? error.cause.message : undefined;
      logger.warn({ ...ids, reason }, error.code.replace('_', ' '));
    }
    if (res.headersSent) res.destroy();
    else sendProblem(req, res, error);
  };
}
