import type { z } from 'zod';
import { basePath } from '../../src/api.ts';
import type { Endpoint } from '../../src/contract/endpoint.ts';

/** Something that Postman sends with a request or shows in a table; v2.1 of the format. */
interface Parameter {
  key: string;
  value: string;
  description?: string;
  disabled?: true;
}

interface Script {
  listen: 'prerequest' | 'test';
  script: { type: 'text/javascript'; exec: string[] };
}

export interface Item {
  name: string;
  event: Script[];
  request: {
    method: string;
    header: Parameter[];
    auth?: { type: 'noauth' };
    body?: { mode: 'raw'; raw: string; options: { raw: { language: 'json' | 'text' } } };
    url: {
      raw: string;
      host: string[];
      path: string[];
      query?: Parameter[];
      variable?: Parameter[];
    };
    description: string;
  };
  response: [];
}

/** What the declaration of an endpoint cannot tell. */
export interface Extras {
  /** The summary when omitted. */
  name?: string;
  /** Takes the place of these members of the example's body. */
  body?: Record<string, string>;
  /** A variable that only its user can fill: the request is left out while that is empty. */
  needs?: string;
  /** Runs after the declared answer, which it finds as `answer`. */
  after?: string;
}

/** The members of a body that stand for what the collection keeps. */
const kept: Record<string, string> = {
  email: '{{email}}',
  password: '{{password}}',
  currentPassword: '{{password}}',
  newPassword: '{{newPassword}}',
  refreshToken: '{{refreshToken}}',
  token: '{{emailToken}}',
  code: '{{code}}',
  flowToken: '{{flowToken}}',
};

/** `id` in `/users/me/api-tokens/:id` is kept as `apiTokenId`; what has a name of its own, by that. */
export function variableFor(path: string, parameter: string): string {
  if (parameter !== 'id') return parameter;
  const [owner = ''] = path.split(`/:${parameter}`);
  const singular = owner
    .slice(owner.lastIndexOf('/') + 1)
    .replace(/ies$/, 'y')
    .replace(/s$/, '')
    .replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  return singular + parameter.charAt(0).toUpperCase() + parameter.slice(1);
}

export function script(listen: Script['listen'], code: string): Script {
  return { listen, script: { type: 'text/javascript', exec: code.trim().split('\n') } };
}

export function parametersIn(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name);
}

function requiredMembers(answer: z.ZodObject): string[] {
  return Object.keys(answer.shape).filter((name) => !answer.shape[name]?.isOptional());
}

/** Keeps what later requests need: tokens, and the id of what was created. */
function keep({ answer, location = '/' }: Endpoint): string[] {
  const ids = parametersIn(location).map(
    (name) => `pm.collectionVariables.set('${variableFor(location, name)}', answer.${name});`,
  );
  const tokens =
    answer && 'refreshToken' in answer.shape
      ? [
          "pm.collectionVariables.set('accessToken', answer.accessToken);",
          "pm.collectionVariables.set('refreshToken', answer.refreshToken);",
          "pm.collectionVariables.set('expiresAt', Date.now() + answer.expiresIn * 1000);",
        ]
      : [];
  return [...ids, ...tokens];
}

function testsOf(endpoint: Endpoint, extras: Extras): string {
  const { answer, download, location, status, versioned } = endpoint;
  const lines = [
    `pm.test('answers ${status}', () => pm.response.to.have.status(${status}));`,
    "pm.test('has a request id', () => pm.response.to.have.header('X-Request-Id'));",
  ];
  if (answer) {
    lines.push(
      "pm.test('is JSON with every member', () => {",
      "  pm.expect(pm.response.headers.get('Content-Type')).to.match(/^application\\/json/);",
      `  pm.expect(pm.response.json()).to.include.all.keys(${JSON.stringify(requiredMembers(answer))});`,
      '});',
    );
  } else if (download) {
    lines.push("pm.test('has a body', () => pm.expect(pm.response.text()).not.to.equal(''));");
  } else lines.push("pm.test('has no body', () => pm.expect(pm.response.text()).to.equal(''));");
  if (versioned) {
    lines.push(
      "pm.test('has an ETag', () => pm.expect(pm.response.headers.get('ETag')).to.match(/^\"[^\"]+\"$/));",
    );
  }
  if (location) {
    lines.push("pm.test('says where it is', () => pm.response.to.have.header('Location'));");
  }
  const after = [...keep(endpoint), ...(extras.after?.trim().split('\n') ?? [])];
  if (after.length > 0) {
    lines.push(
      `if (pm.response.code === ${status}) {`,
      ...(answer ? ['  const answer = pm.response.json();'] : []),
      ...after.map((line) => `  ${line}`),
      '}',
    );
  }
  return lines.join('\n');
}

function headersOf({ body, preconditions, upload }: Endpoint): Parameter[] {
  const ifMatch: Parameter = {
    key: 'If-Match',
    value: '"1"',
    description: 'The ETag that you have read: nothing is changed if the object has another one.',
    disabled: true,
  };
  return [
    ...(body ? [{ key: 'Content-Type', value: 'application/json' }] : []),
    ...(upload ? [{ key: 'Content-Type', value: 'text/plain' }] : []),
    ...(preconditions ? [ifMatch] : []),
  ];
}

/** Every parameter of the query; those that the example does not use are switched off. */
function queryOf({ query, example }: Endpoint): Parameter[] {
  return Object.entries(query?.shape ?? {}).map(([key, schema]) => {
    const description = (schema as z.ZodType).meta()?.description;
    const value = example.query?.[key];
    return {
      key,
      value: value ?? '',
      ...(description !== undefined && { description }),
      ...(value === undefined && { disabled: true }),
    };
  });
}

function urlOf(endpoint: Endpoint): Item['request']['url'] {
  const path = basePath + endpoint.path;
  const query = queryOf(endpoint);
  const search = query
    .filter(({ disabled }) => !disabled)
    .map(({ key, value }) => `${key}=${value}`)
    .join('&');
  const variable = parametersIn(endpoint.path).map((key) => ({
    key,
    value: `{{${variableFor(endpoint.path, key)}}}`,
  }));
  return {
    raw: `{{baseUrl}}${path}${search && `?${search}`}`,
    host: ['{{baseUrl}}'],
    path: path.slice(1).split('/'),
    ...(query.length > 0 && { query }),
    ...(variable.length > 0 && { variable }),
  };
}

function bodyOf(
  { body, example, upload }: Endpoint,
  extras: Extras,
): Pick<Item['request'], 'body'> {
  // A person picks a file here instead.
  if (upload) {
    return { body: { mode: 'raw', raw: 'Hello', options: { raw: { language: 'text' } } } };
  }
  if (!body) return {};
  const members = Object.entries(example.body as object).map(([name, value]: [string, unknown]) => [
    name,
    extras.body?.[name] ?? kept[name] ?? value,
  ]);
  const raw = JSON.stringify(Object.fromEntries(members), null, 2);
  return { body: { mode: 'raw', raw, options: { raw: { language: 'json' } } } };
}

function skipWithout(variable: string): Script {
  const code = `if (!pm.collectionVariables.get('${variable}')) pm.execution.skipRequest();`;
  return script('prerequest', code);
}

/** A request with its tests, from an endpoint's declaration. */
export function itemOf(endpoint: Endpoint, extras: Extras = {}): Item {
  return {
    name: extras.name ?? endpoint.summary,
    event: [
      ...(extras.needs ? [skipWithout(extras.needs)] : []),
      script('test', testsOf(endpoint, extras)),
    ],
    request: {
      method: endpoint.method.toUpperCase(),
      header: headersOf(endpoint),
      ...(endpoint.access === 'public' && { auth: { type: 'noauth' } }),
      ...bodyOf(endpoint, extras),
      url: urlOf(endpoint),
      description: endpoint.description ?? `${endpoint.summary}.`,
    },
    response: [],
  };
}
