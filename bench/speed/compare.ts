import type { ChildProcess } from 'node:child_process';
import { median } from '../shared/figures.ts';
import { ask, type BenchedServer } from '../shared/processes.ts';
import type { Load, Operation, Run } from './load.ts';

/** What one server did under one load: medians of its rounds. */
export interface Figures {
  requestsPerSecond: number;
  /** Milliseconds. */
  p99: number;
  /** Microseconds of the server's own processor time for each request. */
  cpu: number;
}

/** The API beside something else, of which each round came right after one of its own. */
export interface Pair {
  api: Figures;
  other: Figures;
}

/** A server and what it is asked for. */
export interface Asked {
  server: BenchedServer;
  operation: Operation;
}

/** In milliseconds, but for the number of rounds. */
export interface Lengths {
  rounds: number;
  warmUp: number;
  round: number;
}

async function measure(load: ChildProcess, { server, operation }: Asked, duration: number) {
  const order: Run = { origin: server.origin, operation, milliseconds: duration };
  const before = await server.usage();
  const { requests, failures, seconds, p99 } = await ask<Load>(load, order);
  const after = await server.usage();
  if (failures > 0) throw new Error(`${failures} of ${requests} requests failed (${operation})`);
  const cpu = after.user + after.system - before.user - before.system;
  return { requestsPerSecond: requests / seconds, p99, cpu: cpu / requests };
}

function mediansOf(measured: readonly Figures[]): Figures {
  const medianOf = (figure: keyof Figures) => median(measured.map((figures) => figures[figure]));
  return {
    requestsPerSecond: medianOf('requestsPerSecond'),
    p99: medianOf('p99'),
    cpu: medianOf('cpu'),
  };
}

/** The two take turns, so that whatever else the machine does meets both. */
export async function compare(
  load: ChildProcess,
  api: Asked,
  other: Asked,
  { rounds, warmUp, round }: Lengths,
): Promise<Pair> {
  const measured = { api: [] as Figures[], other: [] as Figures[] };
  await measure(load, api, warmUp);
  await measure(load, other, warmUp);
  for (let count = 0; count < rounds; count += 1) {
    measured.api.push(await measure(load, api, round));
    measured.other.push(await measure(load, other, round));
  }
  return { api: mediansOf(measured.api), other: mediansOf(measured.other) };
}
