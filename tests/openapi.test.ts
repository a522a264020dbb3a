import { beforeAll, describe, expect, test } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { api as contracts, basePath } from '../src/api.ts';
import { isPageOfVersions } from '../src/contract/schemas.ts';
import type { Endpoint } from '../src/contract/endpoint.ts';
import { scopes } from '../src/contract/scopes.ts';
import { type ErrorCode, errorCodes } from '../src/errors.ts';
import { problemPath, statusOf } from '../src/http/problems.ts';
import { makeAdministrator } from './support/administrators.ts';
import { useApi } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import type { Document, Operation } from './support/openapi-document.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

let document: Document;
beforeAll(async () => {
  const { text } = await exchange(`${api().origin}/openapi.json`);
  document = JSON.parse(text) as Document;
});

/** What a reference points to; undefined when it dangles. */
function resolve($ref: string): unknown {
  const names = $ref
    .replace(/^#\//, '')
    .split('/')
    .map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    document,
  );
}

/** However a request is meant, it can end with these. */
const always = [400, 403, 406, 422, 429, 431, 500, 503];

/** Every object in the document. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : [value as Record<string, unknown>];
  return [...own, ...Object.values(value).flatMap(objectsIn)];
}

const endpoints: (Endpoint & { name: string })[] = Object.entries(contracts).flatMap(
  ([feature, contract]) =>
    Object.entries(contract).map(([name, endpoint]) => ({
      ...endpoint,
      name: `${feature}.${name}`,
    })),
);

/** Whether an answer says which version it is, so that a caller can ask for another one only. */
function readsVersion({ answer, download, method, versioned }: Endpoint): boolean {
  return method === 'get' && (download ?? versioned ?? isPageOfVersions(answer));
}

function operationOf({ method, path }: Endpoint): Operation {
  const operation = document.paths[basePath + path.replace(/:(\w+)/g, '{$1}')]?.[method];
  if (!operation) throw new Error(`${method} ${path} is not described`);
  return operation;
}

function responseOf(endpoint: Endpoint, status: number) {
  const response = operationOf(endpoint).responses[status];
  return response?.$ref ? (resolve(response.$ref) as typeof response) : response;
}

describe('The document', () => {
  test('is OpenAPI 3.1, as JSON', async () => {
    const { headers } = await exchange(`${api().origin}/openapi.json`);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(document.openapi).toMatch(/^3\.1\.\d+$/);
    expect(document.info.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  test('is valid by the schema of OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone({ ...document }));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  test('describes every endpoint, and nothing else', () => {
    const described = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method} ${path}`),
    );
    const declared = endpoints.map(
      ({ method, path }) => `${method} ${basePath}${path.replace(/:(\w+)/g, '{$1}')}`,
    );
    expect(described.toSorted()).toEqual(declared.toSorted());
  });

  test('refers to nothing that it does not have', () => {
    const references = objectsIn(document).flatMap(({ $ref }) =>
      typeof $ref === 'string' ? [$ref] : [],
    );
    expect(references.length).toBeGreaterThan(50);
    expect(references.filter((reference) => resolve(reference) === undefined)).toEqual([]);
  });

  test('tells the two kinds of token, and what each scope allows', () => {
    const schemes = resolve('#/components/securitySchemes');
    const bearer = { type: 'http', scheme: 'bearer', description: expect.any(String) };
    expect(schemes).toEqual({
      accessToken: { ...bearer, bearerFormat: 'JWT' },
      apiToken: { ...bearer, bearerFormat: 'opaque' },
    });
    const { description } = (schemes as { apiToken: { description: string } }).apiToken;
    for (const [name, meaning] of Object.entries(scopes)) {
      expect(description).toContain(`\`${name}\`: ${meaning}`);
    }
  });

  test('describes every property of a problem', () => {
    const problem = resolve('#/components/schemas/Problem') as {
      properties: Record<string, { description?: string; enum?: string[] }>;
    };
    for (const { description } of Object.values(problem.properties))
      expect(description).toBeTruthy();
    expect(problem.properties['code']?.enum).toEqual(Object.keys(errorCodes));
  });
});

describe.each(endpoints)('$name', (endpoint) => {
  test('says who may call it', () => {
    const { security, summary } = operationOf(endpoint);
    const { access, scope } = endpoint;
    const session = [{ accessToken: access === 'admin' ? ['admin'] : [] }];
    const apiToken = scope ? [{ apiToken: [scope] }] : [];
    expect(security).toEqual(access === 'public' ? [] : [...session, ...apiToken]);
    expect(summary).toMatch(/^[A-Z].*[^.]$/);
  });

  test('has examples that its own schemas accept', () => {
    const { body, query, answer, example } = endpoint;
    expect(body?.safeParse(example.body).error).toBeUndefined();
    expect(query?.safeParse(example.query ?? {}).error).toBeUndefined();
    expect(answer?.strict().safeParse(example.answer).error).toBeUndefined();
  });

  test('shows its body and its answer with the examples', () => {
    const { body, answer, download, example, method, status, upload } = endpoint;
    const { requestBody } = operationOf(endpoint);
    if (upload) {
      expect(requestBody).toEqual({ required: true, content: { 'application/octet-stream': {} } });
      return;
    }
    const types = [
      'application/json',
      ...(method === 'patch' ? ['application/merge-patch+json'] : []),
    ];
    expect(Object.keys(requestBody?.content ?? {})).toEqual(body ? types : []);
    for (const media of Object.values(requestBody?.content ?? {})) {
      expect(media).toEqual({ schema: { $ref: expect.any(String) }, example: example.body });
    }
    const content = responseOf(endpoint, status)?.content;
    expect(content?.['application/json']?.example).toEqual(answer ? example.answer : undefined);
    expect(content?.['*/*']).toEqual(download ? {} : undefined);
  });

  test('tells every status with which it can end', () => {
    const { access, body, download, errors, method, params, preconditions, status } = endpoint;
    const { upload } = endpoint;
    const reads = readsVersion(endpoint);
    const expected = new Set([
      status,
      ...(endpoint.dryRun ? [200] : []),
      ...always,
      ...(access === 'public' ? [] : [401]),
      ...(body || upload ? [408, 413, 415] : []),
      ...(download ? [206, 416] : []),
      ...(params ? [404] : []),
      ...(reads ? [304] : []),
      ...(reads || preconditions ? [412] : []),
      ...(method === 'post' ? [409] : []),
      ...errors.map((code) => statusOf[code]),
    ]);
    const told = Object.keys(operationOf(endpoint).responses).map(Number);
    expect(told.toSorted()).toEqual([...expected].toSorted());
  });

  test('has an example of each way to fail', () => {
    const statuses = Object.keys(operationOf(endpoint).responses).map(Number);
    for (const status of statuses.filter((value) => value >= 400)) {
      const media = responseOf(endpoint, status)?.content?.['application/problem+json'];
      expect(media?.schema).toEqual({ $ref: '#/components/schemas/Problem' });
      const examples = Object.entries(media?.examples ?? {});
      expect(examples.length).toBeGreaterThan(0);
      for (const [code, { value }] of examples) {
        const { title } = errorCodes[code as ErrorCode];
        const type = problemPath(code as ErrorCode);
        expect(value).toMatchObject({ code, status, title, type, detail: expect.any(String) });
      }
    }
  });

  test('names the headers that come with its answers', () => {
    const headers = (status: number) => Object.keys(responseOf(endpoint, status)?.headers ?? {});
    for (const status of Object.keys(operationOf(endpoint).responses)) {
      expect(headers(Number(status))).toContain('X-Request-Id');
    }
    expect(headers(429)).toEqual(
      expect.arrayContaining(['Retry-After', 'RateLimit', 'RateLimit-Policy']),
    );
    expect(headers(503)).toContain('Retry-After');
    const tagged = endpoint.versioned ?? readsVersion(endpoint);
    expect(headers(endpoint.status).includes('ETag')).toBe(tagged);
    expect(headers(endpoint.status).includes('Location')).toBe(endpoint.location !== undefined);
    const takesKey = endpoint.method === 'post';
    expect(headers(endpoint.status).includes('Idempotent-Replayed')).toBe(takesKey);
    expect(headers(409).includes('Retry-After')).toBe(takesKey);
    const needsToken = endpoint.access !== 'public';
    if (needsToken) expect(headers(401)).toContain('WWW-Authenticate');
    expect(headers(403).includes('WWW-Authenticate')).toBe(needsToken);
  });

  test('explains its parameters', () => {
    const { parameters = [] } = operationOf(endpoint);
    for (const { name, description, schema, in: place, required } of parameters) {
      expect(`${name}: ${description}`).toMatch(/: \S.*\.$/);
      expect(schema.type ?? schema.anyOf).toBeDefined();
      const needed = place === 'query' && endpoint.query?.safeParse({}).success === false;
      expect(required).toBe(place === 'path' || needed);
    }
    const { download, method, preconditions } = endpoint;
    const conditional = preconditions ?? readsVersion(endpoint);
    const named = parameters.filter((one) => one.in === 'header').map(({ name }) => name);
    expect(named).toEqual([
      ...(conditional ? ['If-Match', 'If-None-Match'] : []),
      ...(method === 'post' ? ['Idempotency-Key'] : []),
      ...(download ? ['Range'] : []),
    ]);
  });

  test('has lists with commas between for parameters of several values', () => {
    const { parameters = [] } = operationOf(endpoint);
    for (const { schema, style, explode } of parameters.filter((one) => one.schema.items)) {
      expect({ style, explode }).toEqual({ style: 'form', explode: false });
      expect(schema).toMatchObject({ type: 'array', items: { type: 'string' } });
    }
  });

  test('takes its defaults as they are described', async () => {
    // What a list does can be asked for twice.
    if (endpoint.method !== 'get') return;
    const { parameters = [] } = operationOf(endpoint);
    const defaults = parameters.flatMap(({ name, schema }) =>
      schema.default === undefined ? [] : [`${name}=${String(schema.default)}`],
    );
    if (defaults.length === 0) return;
    const member = await signUp(api());
    if (endpoint.access === 'admin') await makeAdministrator(member);
    const { path } = endpoint;
    const ofTask = path.startsWith('/tasks/:id/');
    const list = ofTask ? path.replace(':id', (await createTask(member)).id) : path;
    const answer = await member.send('get', `${list}?${defaults.join('&')}`);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual((await member.send('get', list)).body);
  });
});

test('The parameters of a list of tasks are typed', () => {
  const { parameters = [] } = operationOf(contracts.tasks.list);
  const schemas = Object.fromEntries(parameters.map(({ name, schema }) => [name, schema]));
  expect(schemas).toMatchObject({
    limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    status: { type: 'array', items: { enum: ['todo', 'in_progress', 'done'] } },
    sort: { type: 'array', items: { type: 'string' } },
    include: { type: 'string', enum: ['total'] },
  });
});

test('Text is described with the bounds that are checked', () => {
  expect(resolve('#/components/schemas/TaskCreate')).toMatchObject({
    additionalProperties: false,
    required: ['title'],
    properties: {
      title: { type: 'string', minLength: 1, maxLength: 200 },
      description: { type: 'string', maxLength: 10_000, default: '' },
      labels: { type: 'array', maxItems: 20, items: { minLength: 1, maxLength: 50 } },
      status: { enum: ['todo', 'in_progress', 'done'], default: 'todo' },
    },
  });
});
