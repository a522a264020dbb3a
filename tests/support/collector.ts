import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll } from '@jest/globals';

type Value = { stringValue?: string; intValue?: number };

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Value }[];
  status: { code?: number };
}

interface OtlpRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: Value }[] };
    scopeSpans: { spans: OtlpSpan[] }[];
  }[];
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** A span as a collector gets it, with its attributes as one object. */
export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  name: string;
  kind: string | undefined;
  failed: boolean;
  attributes: Record<string, string | number | undefined>;
}

const valuesOf = (attributes: OtlpSpan['attributes']) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue]),
  );

const readSpan = (span: OtlpSpan): CollectedSpan => ({
  traceId: span.traceId,
  spanId: span.spanId,
  parentSpanId: span.parentSpanId,
  name: span.name,
  kind: kinds[span.kind],
  failed: span.status.code === 2,
  attributes: valuesOf(span.attributes),
});

/** What takes traces as an OpenTelemetry collector does: OTLP over HTTP, in JSON. */
export interface Collector {
  /** For the setting OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** As they came, with all that is in them. */
  readonly received: readonly string[];
  readonly headers: readonly IncomingHttpHeaders[];
  /** Resolves with the first span for which this holds, also one that has come already. */
  span(matches: (span: CollectedSpan) => boolean): Promise<CollectedSpan>;
  /** What describes the service in all that came. */
  resource(): Record<string, unknown>;
}

/** Starts one on a free port, for a whole test file. */
export function useCollector(): () => Collector {
  const spans: CollectedSpan[] = [];
  const received: string[] = [];
  const headers: IncomingHttpHeaders[] = [];
  const waiting = new Set<() => void>();
  let resource = {};

  const server = createServer((req, res) => {
    void json(req).then((body) => {
      received.push(JSON.stringify(body));
      headers.push(req.headers);
      for (const group of (body as OtlpRequest).resourceSpans) {
        resource = valuesOf(group.resource.attributes);
        spans.push(...group.scopeSpans.flatMap((scope) => scope.spans.map(readSpan)));
      }
      for (const look of waiting) look();
      res.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });

  return () => ({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    received,
    headers,
    resource: () => resource,
    span: (matches) =>
      new Promise((found) => {
        const look = () => {
          const span = spans.find(matches);
          if (!span) return;
          waiting.delete(look);
          found(span);
        };
        waiting.add(look);
        look();
      }),
  });
}
