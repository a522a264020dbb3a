import type { z } from 'zod';
import type { Contract, Endpoint } from './endpoint.ts';

type Flat<T> = { [K in keyof T]: T[K] };

/** As written on the wire, or as it is read where that is a number or a list: `limit: 50`. */
type QueryInput<Schema extends z.ZodType> = {
  [K in keyof z.input<Schema>]:
    | z.input<Schema>[K]
    | Extract<z.output<Schema>[K & keyof z.output<Schema>], number | readonly unknown[]>;
};

type QueryOf<Schema extends z.ZodType> =
  Partial<QueryInput<Schema>> extends QueryInput<Schema>
    ? { query?: QueryInput<Schema> | undefined }
    : { query: QueryInput<Schema> };

export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Sent besides the client's own. */
  headers?: Record<string, string> | undefined;
}

/** What a call takes: only what its endpoint declares. */
export type CallInput<E extends Endpoint> = Flat<
  (E['params'] extends z.ZodType ? { params: z.input<E['params']> } : unknown) &
    (E['query'] extends z.ZodType ? QueryOf<E['query']> : unknown) &
    (E['body'] extends z.ZodType ? { body: z.input<E['body']> } : unknown) &
    (E['upload'] extends true ? { body: FileContent } : unknown) &
    // An ETag: the change is made only if the object still has it.
    (E['preconditions'] extends true ? { ifMatch?: string | undefined } : unknown) &
    // The same for each repetition of one request, which then has one effect and one answer.
    (E['method'] extends 'post' ? { idempotencyKey?: string | undefined } : unknown) &
    CallOptions
>;

/**
 * The bytes of a file. A stream is sent as it is read, without its length being known; it is not
 * sent again where the access token has to be renewed first.
 */
export type FileContent = Blob | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>;

/** A file comes as the response itself, with its body yet to be read. */
type CallData<E extends Endpoint> = E['answer'] extends z.ZodType
  ? z.output<E['answer']>
  : E['download'] extends true
    ? Response
    : void;

export interface Answer<Data> {
  data: Data;
  /** The object's version, for `ifMatch`. */
  etag: string | undefined;
  requestId: string | undefined;
  /** Its status and headers; the body has been read, unless it is a file. */
  response: Response;
}

/** Resolves to the data alone, and through `withResponse()` to what came with it. */
export interface Call<Data> extends Promise<Data> {
  withResponse(): Promise<Answer<Data>>;
}

/** Lists are walked with `for await`, which fetches page after page as it goes. */
type PagesOf<Data> = Data extends { data: readonly (infer Item)[]; nextCursor: string | null }
  ? AsyncIterable<Item>
  : unknown;

type Operation<E extends Endpoint> =
  Partial<CallInput<E>> extends CallInput<E>
    ? (input?: CallInput<E>) => Call<CallData<E>> & PagesOf<CallData<E>>
    : (input: CallInput<E>) => Call<CallData<E>> & PagesOf<CallData<E>>;

/** A function for each endpoint, by feature and name. */
export type Client<Api extends Record<string, Contract>> = {
  readonly [Feature in keyof Api]: {
    readonly [Name in keyof Api[Feature]]: Operation<Api[Feature][Name]>;
  };
};
