import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';

/** The headers of answers, described once. */
const headers = {
  'Accept-Ranges': { description: 'Says that one part can be asked for.', example: 'bytes' },
  'Content-Disposition': {
    description: 'Lets a browser keep the answer as a file.',
    example: 'attachment; filename="export.json"',
  },
  'Content-Range': {
    description: 'Which part this is, and of how many bytes (RFC 9110).',
    example: 'bytes 0-999/48213',
  },
  ETag: {
    description: 'The version of the object in quotes, for If-Match and If-None-Match.',
    example: '"1"',
  },
  'Idempotent-Replayed': {
    description: 'Only where this answer was given before, to the same request with the same key.',
    example: 'true',
  },
  Link: {
    description: 'The next page (RFC 8288), on all pages but the last.',
    example: '</api/v1/tasks?cursor=WyJ4IiwgW10sICIwIl0>; rel="next"',
  },
  Location: { description: 'Where the created object is.' },
  RateLimit: {
    description: 'What is left of each limit: r requests, until it begins anew in t seconds.',
    example: '"user"; r=999; t=60',
  },
  'RateLimit-Policy': {
    description: 'The limits that apply: q requests in w seconds.',
    example: '"user"; q=1000; w=60',
  },
  'Retry-After': { description: 'The seconds to wait before trying again.', example: '5' },
  'WWW-Authenticate': {
    description: 'How to authenticate, or which scope an API token lacks (RFC 6750).',
    example: 'Bearer error="invalid_token"',
  },
  'X-Request-Id': {
    description: 'The id of this request, also in the logs: the one that was sent, or a new one.',
    example: '0f8fad5b-d9cb-469f-a165-70867728950e',
  },
} as const;

export type Header = keyof typeof headers;

export function registerHeaders(registry: OpenAPIRegistry): void {
  for (const [name, { description, ...example }] of Object.entries(headers)) {
    const schema = { type: 'string' as const };
    registry.registerComponent('headers', name, { description, schema, ...example });
  }
}

/** References to these headers, for a response. */
export function headersOf(...names: Header[]): Record<string, { $ref: string }> {
  return Object.fromEntries(
    names.map((name) => [name, { $ref: `#/components/headers/${name}` }] as const),
  );
}
