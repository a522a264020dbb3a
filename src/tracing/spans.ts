import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api';
import type { TracerProvider } from '@opentelemetry/sdk-trace';
import { recordCommands } from './commands.ts';
import { parseTraceParent, type RequestEnd, type Tracing } from './tracing.ts';

/** The span of a request or a job, which what happens meanwhile belongs to. */
interface Scope {
  readonly context: Context;
  /** What is still done then, such as a refresh for everybody, belongs to nothing. */
  over: boolean;
}

/** Milliseconds that the end of the process waits for the collector. */
const patience = 1000;

/** Those that semantic conventions know; others are told as one, as callers may make them up. */
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);

/** The context of the caller's span, for the one that follows. */
function contextOf(traceparent: unknown): Context {
  const parent = parseTraceParent(traceparent);
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId, sampled } = parent;
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function endRequest(
  span: Span,
  { method, route, path, status, requestId, code }: RequestEnd,
): void {
  const known = methods.has(method);
  span.updateName(`${known ? method : 'HTTP'}${route === undefined ? '' : ` ${route}`}`);
  span.setAttributes({
    'http.request.method': known ? method : '_OTHER',
    'http.response.status_code': status,
    'url.path': path,
    'request.id': requestId,
    ...(route !== undefined && { 'http.route': route }),
    ...(code !== undefined && { 'problem.code': code }),
  });
  if (status >= 500) {
    span.setAttribute('error.type', code ?? String(status));
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  span.end();
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & TraceFlags.SAMPLED}`;
}

/**
 * Records spans by the semantic conventions of OpenTelemetry. What belongs together is found by asynchronous
 * context, which costs each promise of the process a little: nothing else here uses it.
 */
export function createTracing(provider: TracerProvider): Tracing {
  const tracer: Tracer = provider.getTracer('task-manager-api');
  const scopes = new AsyncLocalStorage<Scope>();

  const scopeOf = (span: Span): Scope => ({
    context: trace.setSpan(ROOT_CONTEXT, span),
    over: false,
  });

  function contextNow(): Context | undefined {
    const scope = scopes.getStore();
    return scope?.over === false ? scope.context : undefined;
  }

  return {
    startRequest({ traceparent }) {
      const options = { kind: SpanKind.SERVER };
      const span = tracer.startSpan('HTTP', options, contextOf(traceparent));
      const scope = scopeOf(span);
      return {
        traceId: span.spanContext().traceId,
        run: (handle) => scopes.run(scope, handle),
        end(request) {
          scope.over = true;
          endRequest(span, request);
        },
      };
    },

    async runJob(job, traceparent, work) {
      const options = { kind: SpanKind.CONSUMER, attributes: { 'job.name': job } };
      const span = tracer.startSpan(`job ${job}`, options, contextOf(traceparent));
      const scope = scopeOf(span);
      try {
        return await scopes.run(scope, work);
      } catch (error) {
        span.setAttribute('error.type', error instanceof Error ? error.name : typeof error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        scope.over = true;
        span.end();
      }
    },

    traceparent() {
      const context = contextNow();
      const span = context && trace.getSpan(context);
      return span && traceparentOf(span);
    },

    recordCommands: (client) => recordCommands(client, tracer, contextNow),

    async stop() {
      const sent = provider.shutdown().catch(() => undefined);
      await Promise.race([sent, sleep(patience, undefined, { ref: false })]);
    },
  };
}
