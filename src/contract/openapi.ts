import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import { type ErrorCode, errorCodes } from '../errors.ts';
import type { Contract, Endpoint } from './endpoint.ts';

type Response = RouteConfig['responses'][string];

/** What the HTTP layer adds to the declarations. */
interface OpenApiOptions {
  basePath: string;
  title: string;
  version: string;
  description: string;
  statusOf: Record<ErrorCode, number>;
  problemPath: (code: ErrorCode) => string;
}

const problemSchema = z
  .object({
    type: z
      .string()
      .meta({ format: 'uri-reference', description: 'Where the problem is explained.' }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ format: 'uri-reference' }),
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    requestId: z.string(),
    errors: z
      .array(z.object({ path: z.string(), code: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every violation, when the code is validation_failed.' }),
  })
  .meta({ id: 'Problem', description: 'Problem details (RFC 9457).' });

/** The failures that an endpoint's shape implies, besides those that it declares. */
export function errorsOf(endpoint: Endpoint): ErrorCode[] {
  const implied: ErrorCode[] = [
    'malformed_request',
    ...(endpoint.access === 'user' ? (['unauthenticated', 'invalid_token'] as const) : []),
    'https_required',
    'not_acceptable',
    ...(endpoint.body ? (['payload_too_large', 'unsupported_media_type'] as const) : []),
    ...(endpoint.versioned && endpoint.method === 'get' ? (['precondition_failed'] as const) : []),
    'validation_failed',
    'rate_limited',
    'internal_error',
    'database_unavailable',
  ];
  return [...new Set([...endpoint.errors, ...implied])];
}

const text = (description: string) => ({ description, schema: { type: 'string' as const } });

function answerOf(endpoint: Endpoint): Response {
  const { answer, example, location, versioned } = endpoint;
  const headers = {
    'X-Request-Id': text('The id of this request, also in the logs.'),
    ...(versioned && { ETag: text('The version, for If-Match and If-None-Match.') }),
    ...(location && { Location: text('Where the created object is.') }),
    ...(answer &&
      'nextCursor' in answer.shape && { Link: text('The next page, with rel="next".') }),
  };
  return {
    description: endpoint.status === 204 ? 'Done.' : endpoint.summary,
    headers,
    ...(answer && {
      content: { 'application/json': { schema: answer, example: example.answer } },
    }),
  };
}

function failureOf(codes: ErrorCode[], endpoint: Endpoint, options: OpenApiOptions): Response {
  const examples = codes.map((code) => {
    const value = {
      type: options.problemPath(code),
      title: errorCodes[code].title,
      status: options.statusOf[code],
      detail: errorCodes[code].meaning,
      instance: options.basePath + endpoint.path,
      code,
      requestId: '0f8fad5b-d9cb-469f-a165-70867728950e',
    };
    return [code, { summary: errorCodes[code].title, value }] as const;
  });
  return {
    description: codes.map((code) => errorCodes[code].title).join('; '),
    content: {
      'application/problem+json': { schema: problemSchema, examples: Object.fromEntries(examples) },
    },
  };
}

function responsesOf(endpoint: Endpoint, options: OpenApiOptions): Record<string, Response> {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(endpoint)) {
    const status = options.statusOf[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const failures = [...byStatus].map(
    ([status, codes]) => [status, failureOf(codes, endpoint, options)] as const,
  );
  return {
    [endpoint.status]: answerOf(endpoint),
    ...(endpoint.versioned &&
      endpoint.method === 'get' && { 304: { description: 'If-None-Match names this version.' } }),
    ...Object.fromEntries(failures),
  };
}

function conditions({ method, preconditions, versioned }: Endpoint): z.ZodObject | undefined {
  const tag = (description: string) => z.string().optional().meta({ description });
  const ifMatch = tag('Only for these versions: ETags in quotes, or *.');
  const ifNoneMatch = tag('Not for these versions: ETags in quotes, or *.');
  const applies = preconditions ?? (versioned && method === 'get');
  return applies ? z.object({ 'If-Match': ifMatch, 'If-None-Match': ifNoneMatch }) : undefined;
}

function bodyOf({ body, example, method }: Endpoint) {
  const content = body && { schema: body, example: example.body };
  return (
    content && {
      required: true,
      content: {
        'application/json': content,
        ...(method === 'patch' && { 'application/merge-patch+json': content }),
      },
    }
  );
}

/** OpenAPI 3.1 from the declarations. */
export function describe(api: Record<string, Contract>, options: OpenApiOptions) {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'accessToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
  });
  for (const [feature, contract] of Object.entries(api)) {
    for (const [name, endpoint] of Object.entries(contract)) {
      const body = bodyOf(endpoint);
      const headers = conditions(endpoint);
      registry.registerPath({
        method: endpoint.method,
        path: options.basePath + endpoint.path.replace(/:(\w+)/g, '{$1}'),
        operationId: `${feature}.${name}`,
        tags: [feature],
        summary: endpoint.summary,
        ...(endpoint.description && { description: endpoint.description }),
        security: endpoint.access === 'user' ? [{ accessToken: [] }] : [],
        request: {
          ...(endpoint.params && { params: endpoint.params }),
          ...(endpoint.query && { query: endpoint.query }),
          ...(headers && { headers }),
          ...(body && { body }),
        },
        responses: responsesOf(endpoint, options),
      });
    }
  }
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: options.title,
      version: options.version,
      description: options.description,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: Object.keys(api).map((name) => ({ name })),
  });
}
