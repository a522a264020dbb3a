import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import { type ErrorCode, errorCodes } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { type Header, headersOf } from './openapi-headers.ts';
import { isPageOfVersions } from './schemas.ts';

/** What the HTTP layer tells about failures. */
export interface ProblemOptions {
  basePath: string;
  statusOf: Record<ErrorCode, number>;
  problemPath: (code: ErrorCode) => string;
}

const violationSchema = z.object({
  path: z.string().meta({
    description: 'Where: the part of the request, then the way to the member.',
    example: 'body.title',
  }),
  code: z.string().meta({ description: 'Which rule, by its name.', example: 'too_small' }),
  message: z.string().meta({
    description: 'What to do about it.',
    example: 'must have at least 1 character',
  }),
});

/** The body of every failure. */
export const problemSchema = z
  .object({
    type: z
      .string()
      .meta({ format: 'uri-reference', description: 'The page that explains the problem.' }),
    title: z.string().meta({ description: 'The same for every problem of this type.' }),
    status: z.int().meta({ description: 'The status of the answer.' }),
    detail: z.string().meta({ description: 'What happened in this very case, for people.' }),
    instance: z
      .string()
      .meta({ format: 'uri-reference', description: 'The path that was asked for.' }),
    code: z
      .enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]])
      .meta({ description: 'The name of the problem, for programs.' }),
    requestId: z.string().meta({ description: 'The same as in X-Request-Id, and in the logs.' }),
    errors: z
      .array(violationSchema)
      .optional()
      .meta({ description: 'Every violation; only when the code is validation_failed.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

const signedIn = ['unauthenticated', 'invalid_token', 'insufficient_scope'] as const;
const administrator = ['not_allowed', 'second_factor_required'] as const;
const keyed = ['idempotency_key_in_flight', 'idempotency_key_reused'] as const;

/** Whether a caller can ask for the answer only if it is new. */
export function hasVersionToRead({ answer, download, method, versioned }: Endpoint): boolean {
  if (method !== 'get') return false;
  return download === true || versioned === true || isPageOfVersions(answer);
}

/** Whether repetitions of a request are told by a key; a file would have to be kept to compare it. */
export function takesKey({ method }: Endpoint): boolean {
  return method === 'post';
}

/** The failures that an endpoint's shape implies, besides those that it declares. */
function errorsOf(endpoint: Endpoint): ErrorCode[] {
  const implied: ErrorCode[] = [
    'malformed_request',
    ...(endpoint.access === 'public' ? [] : signedIn),
    ...(endpoint.access === 'admin' ? administrator : []),
    'https_required',
    'not_acceptable',
    ...(endpoint.body || endpoint.upload
      ? (['request_timeout', 'payload_too_large', 'unsupported_media_type'] as const)
      : []),
    ...(hasVersionToRead(endpoint) ? (['precondition_failed'] as const) : []),
    ...(endpoint.download ? (['range_not_satisfiable'] as const) : []),
    ...(takesKey(endpoint) ? keyed : []),
    'validation_failed',
    'rate_limited',
    'headers_too_large',
    'internal_error',
    'overloaded',
    'database_unavailable',
  ];
  return [...new Set([...endpoint.errors, ...implied])];
}

function exampleOf(code: ErrorCode, { basePath, problemPath, statusOf }: ProblemOptions) {
  const violation = {
    path: 'query.colour',
    code: 'unrecognized_key',
    message: 'is not known here: remove it',
  };
  const invalid = code === 'validation_failed';
  return {
    type: problemPath(code),
    title: errorCodes[code].title,
    status: statusOf[code],
    detail: invalid ? `colour: ${violation.message}` : errorCodes[code].meaning,
    instance: `${basePath}/tasks`,
    code,
    requestId: '0f8fad5b-d9cb-469f-a165-70867728950e',
    ...(invalid && { errors: [violation] }),
  };
}

const headersByStatus: Record<number, Header[]> = {
  401: ['WWW-Authenticate'],
  412: ['ETag'],
  416: ['Content-Range', 'ETag'],
  429: ['RateLimit-Policy', 'RateLimit', 'Retry-After'],
  503: ['Retry-After'],
};

function responseOf(status: number, codes: ErrorCode[], options: ProblemOptions) {
  const examples = codes.map((code) => {
    const value = exampleOf(code, options);
    return [code, { summary: errorCodes[code].title, value }] as const;
  });
  return {
    description: codes.map((code) => errorCodes[code].title).join('; '),
    headers: headersOf(
      'X-Request-Id',
      ...(codes.includes('insufficient_scope') ? (['WWW-Authenticate'] as const) : []),
      ...(codes.includes('idempotency_key_in_flight') ? (['Retry-After'] as const) : []),
      ...(headersByStatus[status] ?? []),
    ),
    content: {
      'application/problem+json': {
        schema: { $ref: '#/components/schemas/Problem' },
        examples: Object.fromEntries(examples),
      },
    },
  };
}

/**
 * Describes the failures of endpoints: a response for each status, with an example of each code.
 * Endpoints fail alike, so the document has each response once and refers to it.
 */
export function problemsIn(registry: OpenAPIRegistry, options: ProblemOptions) {
  const known = new Map<string, { $ref: string }>();

  function referenceTo(status: number, codes: ErrorCode[]): { $ref: string } {
    const name = codes.join('.');
    const existing = known.get(name);
    if (existing) return existing;
    const response = responseOf(status, codes, options);
    const { ref } = registry.registerComponent('responses', name, response);
    known.set(name, ref);
    return ref;
  }

  return (endpoint: Endpoint): Record<string, { $ref: string }> => {
    const byStatus = new Map<number, ErrorCode[]>();
    for (const code of errorsOf(endpoint)) {
      const status = options.statusOf[code];
      byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
    }
    const references = [...byStatus].map(
      ([status, codes]) => [status, referenceTo(status, codes)] as const,
    );
    return Object.fromEntries(references);
  };
}
