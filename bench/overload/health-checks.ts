import { setTimeout as sleep } from 'node:timers/promises';
import { median, percentile } from '../shared/figures.ts';

export interface HealthChecks {
  answered: number;
  /** Answers of another status than 200, and none. */
  failures: number;
  /** Milliseconds within which 99 of 100 were answered. */
  p99: number;
  /** The limits of requests under way that were seen: the lowest, the median and the highest. */
  limits: [number, number, number];
}

/** Milliseconds between rounds. */
const pause = 100;
const paths = ['/livez', '/readyz', '/metrics'];

/** Asks for a sign of life over and over, as a load balancer and Prometheus do. */
export function watchHealth(origin: string, metricsToken: string) {
  const times: number[] = [];
  const limits: number[] = [];
  let failures = 0;
  let going = true;

  async function check(path: string): Promise<void> {
    const startedAt = performance.now();
    try {
      const headers = { authorization: `Bearer ${metricsToken}` };
      const answer = await fetch(origin + path, { headers });
      const text = await answer.text();
      if (answer.status !== 200) throw new Error(`answered with ${answer.status}`);
      times.push(performance.now() - startedAt);
      const limit = /^http_requests_limit (\d+)$/m.exec(text)?.[1];
      if (limit !== undefined) limits.push(Number(limit));
    } catch {
      failures += 1;
    }
  }

  async function watch(): Promise<void> {
    while (going) {
      await Promise.all(paths.map(check));
      await sleep(pause);
    }
  }

  const watching = watch();
  return {
    async stop(): Promise<HealthChecks> {
      going = false;
      await watching;
      return {
        answered: times.length,
        failures,
        p99: percentile(times, 0.99),
        limits: [Math.min(...limits), median(limits), Math.max(...limits)],
      };
    },
  };
}
