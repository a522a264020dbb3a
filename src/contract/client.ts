import { ApiError } from './api-error.ts';
import { type Input, type Reach, send } from './client-request.ts';
import type { Answer, Call, Client } from './client-types.ts';
import type { Contract, Endpoint } from './endpoint.ts';

export type MaybePromise<T> = T | Promise<T>;

/** How to reach the API, and as whom. */
export interface Connection extends Reach {
  accessToken?: (() => MaybePromise<string | null | undefined>) | undefined;
  /** The token to go on with after `invalid_token`; undefined when there is none. */
  renewToken?: (refused: string) => Promise<string | undefined>;
  /** Sees each answer before the caller does. */
  onAnswer?: (endpoint: Endpoint, data: unknown) => Promise<void>;
}

async function exchange(
  connection: Connection,
  endpoint: Endpoint,
  input: Input,
): Promise<Answer<unknown>> {
  const token = endpoint.access === 'public' ? undefined : await connection.accessToken?.();
  const answer = await send(connection, endpoint, input, token).catch(async (error: unknown) => {
    const refused = error instanceof ApiError && error.code === 'invalid_token';
    const renewed = refused && token ? await connection.renewToken?.(token) : undefined;
    // What was read from a stream cannot be sent again.
    if (renewed === undefined || input.body instanceof ReadableStream) throw error;
    return send(connection, endpoint, input, renewed);
  });
  await connection.onAnswer?.(endpoint, answer.data);
  return answer;
}

interface Page {
  data: unknown[];
  nextCursor: string | null;
}

async function* itemsFrom(first: Promise<unknown>, after: (cursor: string) => Promise<unknown>) {
  let page = (await first) as Page;
  yield* page.data;
  while (page.nextCursor !== null) {
    page = (await after(page.nextCursor)) as Page;
    yield* page.data;
  }
}

function operation(connection: Connection, endpoint: Endpoint) {
  const call = (input: Input = {}): Call<unknown> => {
    const answer = exchange(connection, endpoint, input);
    const data = answer.then((whole) => whole.data);
    const next = (cursor: string) => call({ ...input, query: { ...input.query, cursor } });
    return Object.assign(data, {
      // By way of `data`, so that its failure never goes unhandled beside this one's.
      withResponse: () => data.then(() => answer),
      ...(endpoint.answer &&
        'nextCursor' in endpoint.answer.shape && {
          [Symbol.asyncIterator]: () => itemsFrom(data, next),
        }),
    });
  };
  return call;
}

/** The client of any contracts: a function for each endpoint. */
export function clientOf<Api extends Record<string, Contract>>(
  api: Api,
  connection: Connection,
): Client<Api> {
  const features = Object.entries(api).map(([feature, contract]) => {
    const operations = Object.entries(contract).map(
      ([name, endpoint]) => [name, operation(connection, endpoint)] as const,
    );
    return [feature, Object.fromEntries(operations)] as const;
  });
  return Object.fromEntries(features) as Client<Api>;
}
