import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Config } from '../config.ts';
import type { Logger } from '../logger.ts';
import { version } from '../version.ts';

type Settings = Pick<
  Config,
  'OTEL_EXPORTER_OTLP_HEADERS' | 'OTEL_SERVICE_NAME' | 'OTEL_TRACES_SAMPLER_ARG'
>;

/** Milliseconds: how long spans wait to be sent together, and how long sending them is tried. */
const delay = 1000;
const patience = 3000;

/** Neither the address, which may have credentials in it, nor what the collector has said. */
function reasonFor(error: Error | undefined): string {
  const { code, name } = (error ?? {}) as { code?: string | number; name?: string };
  return String(code ?? name ?? 'no answer');
}

/** One line for each time that the collector goes away, however much is lost meanwhile. */
function warnOnce(exporter: SpanExporter, logger: Pick<Logger, 'warn'>): SpanExporter {
  let away = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined;
        if (failed && !away) logger.warn({ reason: reasonFor(result.error) }, 'traces not taken');
        away = failed;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
}

/**
 * Sends spans to a collector in batches, beside the requests: at most 2,048 wait, and what comes then is
 * dropped, as is what the collector does not take within 3 s.
 */
export function createTracerProvider(
  endpoint: string,
  settings: Settings,
  logger: Pick<Logger, 'warn'>,
): TracerProvider {
  const exporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    headers: settings.OTEL_EXPORTER_OTLP_HEADERS,
    timeoutMillis: patience,
  });
  return new TracerProvider({
    resource: resourceFromAttributes({
      'service.name': settings.OTEL_SERVICE_NAME,
      'service.version': version,
      'service.instance.id': crypto.randomUUID(),
    }),
    sampler: new ParentBasedSampler({
      root: new TraceIdRatioBasedSampler(settings.OTEL_TRACES_SAMPLER_ARG),
    }),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: warnOnce(exporter, logger),
        scheduledDelayMillis: delay,
        exportTimeoutMillis: patience + delay,
      }),
    ],
  });
}
