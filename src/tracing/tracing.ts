import type { IncomingHttpHeaders } from 'node:http';
import type { mongo } from 'mongoose';

/** Where a trace goes on, as W3C Trace Context writes it. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  /** Whether the caller records the trace. */
  readonly sampled: boolean;
}

/** How a request has ended. */
export interface RequestEnd {
  method: string;
  /** The pattern of the route; undefined for a path that has none. */
  route: string | undefined;
  /** Without what callers have made up. */
  path: string;
  status: number;
  requestId: string;
  /** Of a failure. */
  code: string | undefined;
}

interface RequestTrace {
  /** Joins the lines of the log with the spans, here and at the caller's. */
  readonly traceId: string | undefined;
  /** Handles the request: what it asks the database belongs to it. */
  run(handle: () => void): void;
  end(request: RequestEnd): void;
}

/** Spans of requests, of jobs and of the commands to the database that belong to them. */
export interface Tracing {
  startRequest(headers: IncomingHttpHeaders): RequestTrace;
  /** @param traceparent of whoever has asked for the job */
  runJob<T>(job: string, traceparent: string | undefined, work: () => Promise<T>): Promise<T>;
  /** For what will go on elsewhere with that which is under way; undefined while nothing is recorded. */
  traceparent(): string | undefined;
  /** Follows a client's commands; absent where nothing is recorded, as telling them costs the driver time. */
  readonly recordCommands?: (client: mongo.MongoClient) => void;
  /** Sends what is left, for 1 s at most. */
  stop(): Promise<void>;
}

const form =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** Reads the header `traceparent`; undefined where there is none that is valid. */
export function parseTraceParent(header: unknown): TraceParent | undefined {
  if (typeof header !== 'string') return undefined;
  const [, traceId, spanId, flags = ''] = form.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

const run = (handle: () => void) => handle();
const end = () => undefined;
const noTrace: RequestTrace = { traceId: undefined, run, end };

/** Records nothing; still the log has the id that a caller gave. */
export const untraced: Tracing = {
  startRequest({ traceparent }) {
    if (traceparent === undefined) return noTrace;
    const traceId = parseTraceParent(traceparent)?.traceId;
    return { traceId, run, end };
  },
  runJob: (_job, _traceparent, work) => work(),
  traceparent: () => undefined,
  stop: async () => undefined,
};
