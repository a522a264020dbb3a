import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import type { Endpoint } from './endpoint.ts';
import { scopes } from './scopes.ts';

const scopeList = Object.entries(scopes).map(([name, meaning]) => `- \`${name}\`: ${meaning}`);

/** The two kinds of token, which go into the same header. */
export function registerSecurity(registry: OpenAPIRegistry): void {
  registry.registerComponent('securitySchemes', 'accessToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The accessToken of a session, which signing in and refreshing answer with.',
  });
  registry.registerComponent('securitySchemes', 'apiToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'opaque',
    description: [
      'An API token, for scripts: it begins with `tma_`. It may call the endpoints that name one of its scopes, and no others:',
      '',
      ...scopeList,
    ].join('\n'),
  });
}

/** OpenAPI 3.1 allows names of roles and scopes for schemes of any type. */
export function securityOf({ access, scope }: Endpoint): Record<string, string[]>[] {
  if (access === 'public') return [];
  if (access === 'admin') return [{ accessToken: ['admin'] }];
  return [{ accessToken: [] }, ...(scope === undefined ? [] : [{ apiToken: [scope] }])];
}
