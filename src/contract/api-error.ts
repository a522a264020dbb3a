import type { ErrorCode, Violation } from '../errors.ts';

/**
 * The API's own codes, and two for when it was not the API that spoke: nothing answered at all, or
 * something else did (a proxy's error page, a portal, another server).
 */
export type ApiErrorCode = ErrorCode | 'network_error' | 'unexpected_answer';

interface ApiErrorOptions {
  status?: number;
  title?: string;
  errors?: Violation[];
  requestId?: string | undefined;
  retryAfter?: number | undefined;
  etag?: string | undefined;
  cause?: unknown;
}

/** Why a call failed. The message is the problem's `detail`, written for people. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;
  /** Of the answer; 0 when there was none. */
  readonly status: number;
  /** The same for every failure with this code. */
  readonly title: string;
  /** Every broken rule, when the code is `validation_failed`. */
  readonly errors: readonly Violation[];
  /** To be quoted when asking for help: the server's logs have it too. */
  readonly requestId: string | undefined;
  /** Seconds until a retry makes sense. */
  readonly retryAfter: number | undefined;
  /** The current version of an object, when the code is `precondition_failed`. */
  readonly etag: string | undefined;

  constructor(code: ApiErrorCode, message: string, options: ApiErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'ApiError';
    this.code = code;
    this.status = options.status ?? 0;
    this.title = options.title ?? message;
    this.errors = options.errors ?? [];
    this.requestId = options.requestId;
    this.retryAfter = options.retryAfter;
    this.etag = options.etag;
  }
}

/** What an answer's headers say besides its body; proxies may have dropped any of them. */
export function metadataOf({ headers }: Response) {
  const retryAfter = headers.get('Retry-After') ?? '';
  return {
    etag: headers.get('ETag') ?? undefined,
    requestId: headers.get('X-Request-Id') ?? undefined,
    retryAfter: /^\d+$/.test(retryAfter) ? Number(retryAfter) : undefined,
  };
}

/** The failure that an answer tells of; `body` is the JSON object in it, if there is one. */
export function failureOf(
  response: Response,
  body: { code?: unknown; title?: unknown; detail?: unknown; errors?: Violation[] } = {},
  request: string,
): ApiError {
  const { status } = response;
  const { code, title, detail, errors = [] } = body;
  if (status < 400 || typeof code !== 'string' || typeof detail !== 'string') {
    const message = `${request}: the answer (${status}) is not one of this API's. Check the base URL, and what stands before the server.`;
    return new ApiError('unexpected_answer', message, { status, ...metadataOf(response) });
  }
  return new ApiError(code as ErrorCode, detail, {
    status,
    title: String(title),
    errors,
    ...metadataOf(response),
  });
}
