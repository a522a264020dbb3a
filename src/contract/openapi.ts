import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import type { Contract, Endpoint } from './endpoint.ts';
import { headersOf, registerHeaders } from './openapi-headers.ts';
import {
  hasVersionToRead,
  type ProblemOptions,
  problemSchema,
  problemsIn,
  takesKey,
} from './openapi-problems.ts';
import { entityTagsForm, idempotencyKeyForm } from './request-headers.ts';
import { registerSecurity, securityOf } from './openapi-security.ts';

type Response = RouteConfig['responses'][string];

/** What the HTTP layer adds to the declarations. */
interface OpenApiOptions extends ProblemOptions {
  title: string;
  version: string;
  description: string;
}

/** Any bytes: OpenAPI 3.1 tells them by a media type without a schema. */
const anyFile = { 'application/octet-stream': {} };
/** What a file is, is told from its bytes. */
const file = { '*/*': {} };

function answerOf(endpoint: Endpoint): Response {
  const { answer, attachment, download, example, location, status, versioned } = endpoint;
  const isList = answer && 'nextCursor' in answer.shape;
  return {
    description: status === 204 ? 'Done.' : status === 201 ? 'Created.' : 'The answer.',
    headers: headersOf(
      'X-Request-Id',
      ...(versioned || hasVersionToRead(endpoint) ? (['ETag'] as const) : []),
      ...(location ? (['Location'] as const) : []),
      ...(attachment || download ? (['Content-Disposition'] as const) : []),
      ...(download ? (['Accept-Ranges'] as const) : []),
      ...(isList ? (['Link'] as const) : []),
      ...(takesKey(endpoint) ? (['Idempotent-Replayed'] as const) : []),
      'RateLimit-Policy',
      'RateLimit',
    ),
    ...(answer && {
      content: { 'application/json': { schema: answer, example: example.answer } },
    }),
    ...(download && { content: file }),
  };
}

/** What answers a dry run: the same, but nothing stands anywhere. */
function trialOf(endpoint: Endpoint): Endpoint {
  const { location: _, ...trial } = endpoint;
  return { ...trial, status: 200 };
}

function successesOf(endpoint: Endpoint): Record<string, Response> {
  const notModified = {
    description: 'If-None-Match names this version: what was read before still holds.',
    headers: headersOf('X-Request-Id', 'ETag'),
  };
  const part = {
    description: 'The part of the file that Range asks for.',
    headers: headersOf('X-Request-Id', 'ETag', 'Content-Disposition', 'Content-Range'),
    content: file,
  };
  return {
    [endpoint.status]: answerOf(endpoint),
    ...(endpoint.dryRun && { 200: answerOf(trialOf(endpoint)) }),
    ...(endpoint.download && { 206: part }),
    ...(hasVersionToRead(endpoint) && { 304: notModified }),
  };
}

function headersFor(endpoint: Endpoint): z.ZodObject | undefined {
  const header = (description: string, form: object = {}) =>
    z
      .string()
      .optional()
      .meta({ description, ...form });
  const conditions = {
    'If-Match': header(
      'Only where this is the version: an ETag in its quotes, several, or *.',
      entityTagsForm,
    ),
    'If-None-Match': header(
      'Only where this is not the version: as with If-Match.',
      entityTagsForm,
    ),
  };
  const range = { Range: header('One part of the file, such as bytes=0-999 or bytes=1000-.') };
  const key = {
    'Idempotency-Key': header(
      'Makes repetitions safe: the same value, such as a UUID, for each of them, and another one for any other request.',
      idempotencyKeyForm,
    ),
  };
  const headers = {
    ...((endpoint.preconditions ?? hasVersionToRead(endpoint)) && conditions),
    ...(takesKey(endpoint) && key),
    ...(endpoint.download && range),
  };
  return Object.keys(headers).length > 0 ? z.object(headers) : undefined;
}

function bodyOf({ body, example, method, upload }: Endpoint) {
  if (upload) return { required: true, content: anyFile };
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

/** The example of a query goes here, as one in the parameters would be filled in on the docs page. */
function descriptionOf({ description = '', example }: Endpoint): { description?: string } {
  const query = new URLSearchParams(example.query).toString().replaceAll('%2C', ',');
  const text = query === '' ? description : `${description}\n\nFor example: \`?${query}\``;
  return text === '' ? {} : { description: text.trim() };
}

/** Writes out the schemas that metadata hold; a contract that did so would make the client heavier. */
function writtenOut(value: unknown): unknown {
  if (value instanceof z.ZodType) {
    const { $schema: _, ...schema } = z.toJSONSchema(value);
    return schema;
  }
  if (Array.isArray(value)) return value.map(writtenOut);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, writtenOut(part)]));
}

/** OpenAPI 3.1 from the declarations. */
export function describe(api: Record<string, Contract>, options: OpenApiOptions) {
  const registry = new OpenAPIRegistry();
  registerSecurity(registry);
  registerHeaders(registry);
  const failuresOf = problemsIn(registry, options);
  for (const [feature, contract] of Object.entries(api)) {
    for (const [name, endpoint] of Object.entries(contract)) {
      const body = bodyOf(endpoint);
      const headers = headersFor(endpoint);
      registry.registerPath({
        method: endpoint.method,
        path: options.basePath + endpoint.path.replace(/:(\w+)/g, '{$1}'),
        operationId: `${feature}.${name}`,
        tags: [feature],
        summary: endpoint.summary,
        ...descriptionOf(endpoint),
        security: securityOf(endpoint),
        request: {
          ...(endpoint.params && { params: endpoint.params }),
          ...(endpoint.query && { query: endpoint.query }),
          ...(headers && { headers }),
          ...(body && { body }),
        },
        responses: { ...successesOf(endpoint), ...failuresOf(endpoint) },
      });
    }
  }
  const problem = { type: 'schema' as const, schema: problemSchema };
  const generator = new OpenApiGeneratorV31([problem, ...registry.definitions]);
  const document = generator.generateDocument({
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
  return writtenOut(document) as typeof document;
}
