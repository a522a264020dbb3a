import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
} from '@asteasolutions/zod-to-openapi';
import * as z from 'zod';
import type { Contract, Endpoint } from './endpoint.ts';
import { headersOf, registerHeaders } from './openapi-headers.ts';
import { type ProblemOptions, problemSchema, problemsIn } from './openapi-problems.ts';
import { registerSecurity, securityOf } from './openapi-security.ts';

type Response = RouteConfig['responses'][string];

/** What the HTTP layer adds to the declarations. */
interface OpenApiOptions extends ProblemOptions {
  title: string;
  version: string;
  description: string;
}

function answerOf(endpoint: Endpoint): Response {
  const { answer, attachment, example, location, status, versioned } = endpoint;
  const isList = answer && 'nextCursor' in answer.shape;
  return {
    description: status === 204 ? 'Done.' : status === 201 ? 'Created.' : 'The answer.',
    headers: headersOf(
      'X-Request-Id',
      ...(versioned ? (['ETag'] as const) : []),
      ...(location ? (['Location'] as const) : []),
      ...(attachment ? (['Content-Disposition'] as const) : []),
      ...(isList ? (['Link'] as const) : []),
      'RateLimit-Policy',
      'RateLimit',
    ),
    ...(answer && {
      content: { 'application/json': { schema: answer, example: example.answer } },
    }),
  };
}

function successesOf(endpoint: Endpoint): Record<string, Response> {
  const notModified = {
    description: 'If-None-Match names this version: what was read before still holds.',
    headers: headersOf('X-Request-Id', 'ETag'),
  };
  return {
    [endpoint.status]: answerOf(endpoint),
    ...(endpoint.versioned && endpoint.method === 'get' && { 304: notModified }),
  };
}

function conditions({ method, preconditions, versioned }: Endpoint): z.ZodObject | undefined {
  const tag = (description: string) => z.string().optional().meta({ description });
  const ifMatch = tag('Only where this is the version: an ETag in its quotes, several, or *.');
  const ifNoneMatch = tag('Only where this is not the version: as with If-Match.');
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
      const headers = conditions(endpoint);
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
