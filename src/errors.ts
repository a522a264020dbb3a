import { type ErrorCode, errorCodes } from './error-codes.ts';

export { type ErrorCode, errorCodes } from './error-codes.ts';

/** One broken rule: where (`body.title`), which (`too_small`), and what to do about it. */
export interface Violation {
  path: string;
  code: string;
  message: string;
}

interface AppErrorOptions {
  /** What happened in this very case, for the caller to read; the code's meaning when omitted. */
  detail?: string;
  violations?: Violation[];
  /** Seconds until a retry makes sense. */
  retryAfter?: number;
  /** The current version of an object that a precondition missed. */
  version?: string;
  /** What an API token would need; undefined where none will do. */
  scope?: string | undefined;
  cause?: unknown;
}

/** A failure that the caller is told about; everything else that is thrown is a defect. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly violations: Violation[] | undefined;
  readonly retryAfter: number | undefined;
  readonly version: string | undefined;
  readonly scope: string | undefined;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.detail ?? errorCodes[code].meaning, { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.violations = options.violations;
    this.retryAfter = options.retryAfter;
    this.version = options.version;
    this.scope = options.scope;
  }

  /** Over a limit, until the end of the window in which it is counted. */
  static rateLimited(resetsAt: Date): AppError {
    const retryAfter = Math.max(1, Math.ceil((resetsAt.getTime() - Date.now()) / 1000));
    return new AppError('rate_limited', { retryAfter });
  }

  /** Broken rules, of a schema or such as only a service can check; at least one. */
  static violations(violations: Violation[]): AppError {
    const [first] = violations;
    const detail = first && `${first.path.replace(/^(body|query|path)\./, '')}: ${first.message}`;
    return new AppError('validation_failed', { ...(detail && { detail }), violations });
  }
}
