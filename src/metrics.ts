import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

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

export interface Metrics {
  observeRequest(request: ObservedRequest): void;
  observeJob(job: string, outcome: 'done' | 'failed'): void;
  /** Of a request that is more than the server can do. */
  countRefusal(): void;
  showConcurrency(concurrency: Concurrency): void;
  /** In the Prometheus text format. */
  render(): Promise<{ contentType: string; text: string }>;
}

/** Requests by route and outcome, background jobs by outcome, and what Node tells of itself. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  const jobs = new Counter({
    name: 'jobs_total',
    help: 'Attempts at background jobs, such as sending an e-mail.',
    labelNames: ['job', 'outcome'],
    registers: [registry],
  });
  const refusals = new Counter({
    name: 'http_requests_refused_total',
    help: 'Requests that were refused at once, as too many were under way.',
    registers: [registry],
  });
  let concurrency: Concurrency = { underWay: 0, limit: 0 };
  const underWay: Gauge = new Gauge({
    name: 'http_requests_under_way',
    help: 'Requests that count towards the limit.',
    registers: [registry],
    collect: () => underWay.set(concurrency.underWay),
  });
  const limit: Gauge = new Gauge({
    name: 'http_requests_limit',
    help: 'How many requests may be under way at present.',
    registers: [registry],
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

  return {
    countRefusal: () => refusals.inc(),
    showConcurrency: (shown) => {
      concurrency = shown;
    },
    observeJob: (job, outcome) => jobs.inc({ job, outcome }),
    observeRequest: ({ milliseconds, ...labels }) =>
      histogramOf(labels).observe(milliseconds / 1000),
    render: async () => ({
      contentType: registry.contentType,
      text: await registry.metrics(),
    }),
  };
}
