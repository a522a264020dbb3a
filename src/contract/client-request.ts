import { ApiError, failureOf, metadataOf } from './api-error.ts';
import type { Answer, CallOptions, FileContent } from './client-types.ts';
import type { Endpoint } from './endpoint.ts';

/** The part of the global fetch that is needed, so that it can be wrapped with ease. */
export type Fetch = (address: string, init: RequestInit) => Promise<Response>;

/** Where the API is. */
export interface Reach {
  /** With its base path. */
  url: string;
  fetch?: Fetch | undefined;
}

type Query = Record<string, string | number | readonly string[] | undefined>;

/** Any endpoint's input, as this file sees it. */
export interface Input extends CallOptions {
  params?: Record<string, string>;
  query?: Query;
  body?: unknown;
  ifMatch?: string | undefined;
  idempotencyKey?: string | undefined;
}

/** @throws TypeError for a value that would lead to another path: the empty one, `.` and `..` */
function pathOf(endpoint: Endpoint, params: Record<string, string> = {}): string {
  return endpoint.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = params[name] ?? '';
    if (/^\.{0,2}$/.test(value)) throw new TypeError(`params.${name} cannot be "${value}"`);
    return encodeURIComponent(value);
  });
}

/** A string of structured fields (RFC 9651). */
function inQuotes(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

function searchOf(query: Query = {}): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, String(value));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

/** Every answer with a body is a JSON object; undefined for anything else. */
function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Sends one request and reads its answer.
 * @throws ApiError for every answer but the declared one, and for none
 */
export async function send(
  { url, fetch = globalThis.fetch }: Reach,
  endpoint: Endpoint,
  input: Input,
  token: string | null | undefined,
): Promise<Answer<unknown>> {
  const method = endpoint.method.toUpperCase();
  const request = `${method} ${url}${endpoint.path}`;
  const { ifMatch, idempotencyKey } = input;
  const address = url + pathOf(endpoint, input.params) + searchOf(input.query);
  const isFile = (status: number) => endpoint.download && (status === 200 || status === 206);
  const init: RequestInit & { duplex?: 'half' } = {
    method,
    headers: {
      ...(!endpoint.download && { Accept: 'application/json' }),
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(ifMatch !== undefined && { 'If-Match': ifMatch }),
      ...(idempotencyKey !== undefined && { 'Idempotency-Key': inQuotes(idempotencyKey) }),
      ...(endpoint.body && { 'Content-Type': 'application/json' }),
      ...(endpoint.upload && { 'Content-Type': 'application/octet-stream' }),
      ...input.headers,
    },
    ...(endpoint.body && { body: JSON.stringify(input.body) }),
    // Fetch demands to be told that a stream is sent before the answer is read.
    ...(endpoint.upload && { body: input.body as FileContent, duplex: 'half' }),
    ...(input.signal && { signal: input.signal }),
  };
  let response;
  let text;
  try {
    response = await fetch(address, init);
    text = isFile(response.status) ? '' : await response.text();
  } catch (cause) {
    // The caller's own doing keeps the shape that fetch gives it (AbortError, TimeoutError).
    if (input.signal?.aborted) throw cause;
    throw new ApiError('network_error', `${request}: no answer. ${String(cause)}`, { cause });
  }
  const { etag, requestId } = metadataOf(response);
  if (isFile(response.status)) return { data: response, etag, requestId, response };
  const data = objectIn(text);
  const expected = response.status === endpoint.status && (!endpoint.answer || data);
  if (!expected) throw failureOf(response, data, request);
  return { data, etag, requestId, response };
}
