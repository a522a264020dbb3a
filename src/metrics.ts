import cluster from 'node:cluster';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { joinMetrics } from './worker-metrics.ts';

interface ObservedRequest {
  method: string;
  /** The pattern of the route, such as /api/v1/tasks/:id. */
  route: string;
  status: number;
  milliseconds: number;
}

/** How many requests are under way, and how many may be. */
interface Concurrency {
  readonly underWay: number;
  readonly limit: number;
}

/** What is read when somebody asks, rather than counted along. */
interface Figure {
  type: 'gauge' | 'counter';
  /** By the conventions of Prometheus: with its unit, and `_total` for a counter. */
  name: string;
  help: string;
  label?: string;
  /** What the figures of several processes are together; those of a shared database are not a sum. */
  aggregator?: 'sum' | 'max' | 'min';
}

/** A value, or one for each value of the label; without one, the figure is left out. */
type Reading = number | ReadonlyMap<string, number>;
type Readings<Name extends string> = { readonly [Key in Name]?: Reading };

export interface Metrics {
  requestStarted(): void;
  observeRequest(request: ObservedRequest): void;
  /** Of a request that is more than the server can do. */
  countRefusal(): void;
  showConcurrency(concurrency: Concurrency): void;
  observeJob(name: string, outcome: 'done' | 'failed', milliseconds: number): void;
  observeConnectionWait(milliseconds: number): void;
  /** Has figures read together, by their names; who reads them bounds the time that it takes. */
  watch<Name extends string>(
    figures: readonly (Figure & { name: Name })[],
    read: () => Promise<Readings<Name>> | Readings<Name>,
  ): void;
  /** In the Prometheus text format. */
  render(): Promise<{ contentType: string; text: string }>;
}

/** Requests by route and outcome, jobs, what is watched, and what Node tells of itself. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  // Among it the delay of the event loop, with its percentiles since they were asked for last.
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  let inFlight = 0;
  const requestsInFlight: Gauge = new Gauge({
    name: 'http_requests_in_flight',
    help: 'Requests that have come and whose answers are not yet out.',
    registers,
    collect: () => requestsInFlight.set(inFlight),
  });
  const jobs = new Counter({
    name: 'jobs_total',
    help: 'Attempts at background jobs, such as sending an e-mail.',
    labelNames: ['name', 'outcome'],
    registers,
  });
  const jobDurations = new Histogram({
    name: 'job_duration_seconds',
    help: 'How long an attempt at a background job has taken.',
    labelNames: ['name'],
    buckets: [0.01, 0.05, 0.25, 1, 5, 20],
    registers,
  });
  const connectionWaits = new Histogram({
    name: 'database_connection_wait_seconds',
    help: 'How long operations have waited for a connection to the database.',
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers,
  });
  const refusals = new Counter({
    name: 'http_requests_refused_total',
    help: 'Requests that were refused at once, as too many were under way.',
    registers,
  });
  let concurrency: Concurrency = { underWay: 0, limit: 0 };
  const underWay: Gauge = new Gauge({
    name: 'http_requests_under_way',
    help: 'Requests that count towards the limit.',
    registers,
    collect: () => underWay.set(concurrency.underWay),
  });
  const limit: Gauge = new Gauge({
    name: 'http_requests_limit',
    help: 'How many requests may be under way at present.',
    registers,
    collect: () => limit.set(concurrency.limit),
  });
  // The library would look up its labels for each request anew.
  const ofRoutes = new Map<string, Histogram.Internal<string>>();
  function histogramOf({ method, route, status }: Omit<ObservedRequest, 'milliseconds'>) {
    const key = `${method} ${route} ${status}`;
    const known = ofRoutes.get(key);
    if (known) return known;
    const added = requests.labels({ method, route, status });
    ofRoutes.set(key, added);
    return added;
  }
  const connectionWait = connectionWaits.labels({});

  function watch<Name extends string>(
    figures: readonly (Figure & { name: Name })[],
    read: () => Promise<Readings<Name>> | Readings<Name>,
  ): void {
    let reading: Promise<Readings<Name>> | undefined;
    const readOnce = () => {
      reading ??= Promise.resolve(read()).finally(() => {
        reading = undefined;
      });
      return reading;
    };
    for (const { type, name, help, label, aggregator = 'sum' } of figures) {
      const options = { name, help, registers, aggregator, labelNames: label ? [label] : [] };
      const show = async () => {
        const found: Reading | undefined = (await readOnce())[name];
        metric.reset();
        if (found === undefined) metric.remove({});
        else if (typeof found === 'number') metric.inc(found);
        else for (const [value, number] of found) metric.inc({ [label ?? '']: value }, number);
      };
      const metric: Gauge | Counter =
        type === 'gauge'
          ? new Gauge({ ...options, collect: show })
          : new Counter({ ...options, collect: show });
    }
  }

  // Whichever worker is asked, it tells what all of them have counted.
  const readAll = cluster.isWorker ? joinMetrics(registry) : () => registry.metrics();

  return {
    countRefusal: () => refusals.inc(),
    showConcurrency: (shown) => {
      concurrency = shown;
    },
    requestStarted: () => {
      inFlight += 1;
    },
    observeRequest: ({ milliseconds, ...labels }) => {
      inFlight -= 1;
      histogramOf(labels).observe(milliseconds / 1000);
    },
    observeJob: (name, outcome, milliseconds) => {
      jobs.inc({ name, outcome });
      jobDurations.observe({ name }, milliseconds / 1000);
    },
    observeConnectionWait: (milliseconds) => connectionWait.observe(milliseconds / 1000),
    watch,
    render: async () => ({ contentType: registry.contentType, text: await readAll() }),
  };
}
