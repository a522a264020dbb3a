import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';
import type { Preconditions, Unchanged, Versioned } from '../versions.ts';
import type { Download, Upload } from './files.ts';
import type { Scope } from './scopes.ts';

/** Everything there is to know about an endpoint; routing, docs and clients derive from it. */
export interface Endpoint {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** Below the base path, with `:name` for each path parameter. */
  path: `/${string}`;
  /** Who may call: anybody, whoever is signed in, or an administrator who is. */
  access: 'public' | 'user' | 'admin';
  /** What an API token needs to call it; without a scope, only a session may. */
  scope?: Scope;
  summary: string;
  description?: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
  /** Whether the body is a file of any media type, which the handler reads as it comes in. */
  upload?: true;
  status: 200 | 201 | 204;
  /** The body of the answer; absent with 204. */
  answer?: z.ZodObject;
  /** Whether the answer is a file, with a strong ETag, which is sent as it is read. */
  download?: true;
  /** Where the created object stands (`/tasks/:id`), filled in from the answer. */
  location?: `/${string}`;
  /** With ?dryRun=true nothing is created, and the status is 200. */
  dryRun?: true;
  /** Whether members of the answer may be endless: each is sent as it is read. */
  streamed?: true;
  /** The name of the file as which browsers save the answer. */
  attachment?: string;
  /** Whether the answer is one versioned object, with an ETag. */
  versioned?: true;
  /** Whether the change obeys If-Match and If-None-Match. */
  preconditions?: true;
  /** Answers that no cache may keep, such as tokens. */
  secret?: true;
  /** Guards the guessing of passwords and tokens: counted per address, and strictly. */
  limit?: 'credentials';
  /** What can go wrong beyond what every endpoint of its shape shares. */
  errors: readonly ErrorCode[];
  example: { body?: unknown; query?: Record<string, string>; answer?: unknown };
}

type PathParameter<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Name | PathParameter<`/${Rest}`>
  : Path extends `${string}:${infer Name}`
    ? Name
    : never;

/** Each `:name` in the path has its schema, and no schema is without its `:name`. */
type ParametersOf<E extends Endpoint> = [PathParameter<E['path']>] extends [never]
  ? { params?: never }
  : {
      params: z.ZodObject<
        Record<PathParameter<E['path']>, z.ZodType<unknown, string>> &
          NoOthers<ShapeOf<E['params']>, PathParameter<E['path']>>
      >;
    };

type ShapeOf<Schema> = Schema extends z.ZodObject<infer Shape> ? Shape : unknown;

type NoOthers<T, Known> = { [K in Exclude<keyof T, Known>]: never };

type ExampleOf<E extends Endpoint> = {
  example: (E extends { body: infer Body extends z.ZodType }
    ? { body: z.input<Body> }
    : { body?: never }) &
    (E extends { query: infer Query extends z.ZodType }
      ? { query?: Partial<z.input<Query>> & NoOthers<E['example']['query'], keyof z.input<Query>> }
      : { query?: never }) &
    (E extends { answer: infer Answer extends z.ZodType }
      ? { answer: z.output<Answer> }
      : { answer?: never });
};

/** Nothing comes with 204; a 201 says where, in terms of its answer; a file needs no schema. */
type AnswerOf<E extends Endpoint> = E['download'] extends true
  ? { method: 'get'; status: 200; answer?: never; versioned?: never; location?: never }
  : JsonAnswerOf<E>;

type JsonAnswerOf<E extends Endpoint> = E['status'] extends 204
  ? { answer?: never; versioned?: never; location?: never }
  : E['status'] extends 201
    ? { answer: z.ZodObject; location: LocationOf<E> }
    : { answer: z.ZodObject; location?: never };

type LocationOf<E extends Endpoint> =
  PathParameter<`${E['location']}`> extends keyof ShapeOf<E['answer']> ? string : never;

/** A body has no defined meaning in a GET: caches and proxies drop it. */
type BodyOf<E extends Endpoint> = E['method'] extends 'get'
  ? { body?: never; upload?: never }
  : E['upload'] extends true
    ? { method: 'post'; body?: never }
    : unknown;

/** Only who is signed in has something that a scope could open to a token. */
type AccessOf<E extends Endpoint> = E['access'] extends 'user' ? unknown : { scope?: never };

/** Declares an endpoint; the compiler refuses one that contradicts itself. */
export function endpoint<const E extends Endpoint>(
  declaration: E &
    ParametersOf<E> &
    BodyOf<E> &
    AnswerOf<E> &
    AccessOf<E> &
    ExampleOf<E> &
    NoOthers<E, keyof Endpoint>,
): E {
  return declaration;
}

/** On whose behalf a request is made, by an access token or an API token. */
export interface Caller {
  readonly userId: string;
}

/** Somebody who has signed in. */
export interface SessionCaller extends Caller {
  readonly sessionId: string;
}

/** What joins records and lines of the log with the request that they stem from. */
export interface RequestIds {
  readonly requestId: string;
  readonly traceId: string | undefined;
}

/** Where a request comes from, as far as the trusted proxies tell. */
export interface Origin extends RequestIds {
  readonly address: string;
  /** The address, or its /64 in IPv6, which one subscriber has alone. */
  readonly network: string;
  readonly userAgent: string;
}

type Parsed<
  E extends Endpoint,
  Part extends 'params' | 'query' | 'body',
> = E[Part] extends z.ZodType ? { [K in Part]: z.output<E[Part]> } : unknown;

type CallerOf<E extends Endpoint> = E['access'] extends 'public'
  ? unknown
  : { caller: E['scope'] extends Scope ? Caller : SessionCaller };

/** What a handler receives: only what its endpoint declares. */
type EndpointRequest<E extends Endpoint> = { origin: Origin } & Parsed<E, 'params'> &
  Parsed<E, 'query'> &
  Parsed<E, 'body'> &
  (E['upload'] extends true ? { upload: Upload } : unknown) &
  CallerOf<E> &
  (E extends { preconditions: true } | { method: 'get' }
    ? { preconditions: Preconditions }
    : unknown);

/** A list may come bit by bit. */
export type Streamed<T> = {
  [K in keyof T]: T[K] extends readonly (infer Item)[] ? T[K] | AsyncIterable<Item> : T[K];
};

type EndpointAnswer<E extends Endpoint> = E['answer'] extends z.ZodType
  ? E['versioned'] extends true
    ? Versioned<z.output<E['answer']>>
    : E['streamed'] extends true
      ? Streamed<z.output<E['answer']>>
      : z.output<E['answer']>
  : E['download'] extends true
    ? Download
    : void;

/** Only what is read can be known already. */
type UnchangedOf<E extends Endpoint> = E['method'] extends 'get' ? Unchanged : never;

export type Handler<E extends Endpoint> = (
  request: EndpointRequest<E>,
) => Promise<EndpointAnswer<E> | UnchangedOf<E>> | EndpointAnswer<E>;

/** A feature's endpoints by operation name. */
export type Contract = Record<string, Endpoint>;

/** One handler for each endpoint of a contract. */
export type Handlers<C extends Contract> = { [Name in keyof C]: Handler<C[Name]> };
