import { askerOf, type Filled, settings } from './model-fill.ts';
import { type Asker, type Kind, kinds, send } from './model-requests.ts';
import { type BenchedServer, startApi } from '../shared/processes.ts';
import { median } from '../shared/figures.ts';

/** How many requests of a kind are sent in a row, in each turn: fewer where a large account makes them slow. */
const inARow = (size: 'small' | 'large', { onFerret }: Kind) =>
  size === 'large' && onFerret === 'linear' ? 4 : 20;
/** How many of each kind come before, as the compiler takes a while to be done with a server. */
const warmUps = { small: 40, large: 1 };

/** Milliseconds in which a server is ready, right after a million tasks were written. */
const patience = 180_000;

/** What one kind of request has cost. */
export interface Cost {
  /** A median. */
  milliseconds: number;
  /** Microseconds of the processor for each request; not a number where nobody tells. */
  api: number;
  database: number;
}

export interface Measured {
  kind: Kind;
  /** By the sizes of the databases, in their order. */
  small: Cost[];
  large: Cost[];
}

interface Running extends Filled {
  api: BenchedServer;
  askers: Record<'small' | 'large', Asker>;
}

class Series {
  private readonly times: number[] = [];
  private api = 0;
  private database = 0;

  async record(
    work: (number: number) => Promise<unknown>,
    count: number,
    { api }: Pick<Running, 'api'>,
    databaseTime: () => number,
  ): Promise<void> {
    const before = { api: await api.usage(), database: databaseTime() };
    for (let number = 0; number < count; number += 1) {
      const startedAt = performance.now();
      await work(this.times.length);
      this.times.push(performance.now() - startedAt);
    }
    const after = { api: await api.usage(), database: databaseTime() };
    this.api += after.api.user + after.api.system - before.api.user - before.api.system;
    this.database += after.database - before.database;
  }

  cost(): Cost {
    const count = this.times.length;
    return {
      milliseconds: median(this.times),
      api: this.api / count,
      database: this.database / count,
    };
  }
}

async function startAll(filled: readonly Filled[], started: BenchedServer[]): Promise<Running[]> {
  const running: Running[] = [];
  for (const one of filled) {
    const api = await startApi(one.place, settings, { patience });
    started.push(api);
    const small = await askerOf(api.origin, one.people.small);
    const large = await askerOf(api.origin, one.people.large);
    running.push({ ...one, api, askers: { small, large } });
  }
  return running;
}

/**
 * Sends every kind of request to every database, in turns, so that whatever else the machine does meets all
 * sizes alike.
 * @param databaseTime the processor time that the database has used, in microseconds
 */
export async function measureAll(
  filled: readonly Filled[],
  turns: number,
  databaseTime: () => number,
): Promise<Measured[]> {
  const started: BenchedServer[] = [];
  try {
    const running = await startAll(filled, started);
    const measured = kinds.map((kind) => ({
      kind,
      small: running.map(() => new Series()),
      large: running.map(() => new Series()),
    }));
    for (let turn = -1; turn < turns; turn += 1) {
      for (const { kind, small, large } of measured) {
        for (const [index, one] of running.entries()) {
          const sizes = { small: small[index], large: large[index] };
          for (const name of ['small', 'large'] as const) {
            const ask = (number: number) => send(one.api.origin, kind, one.askers[name], number);
            if (turn < 0)
              for (let number = 0; number < warmUps[name]; number += 1) await ask(number);
            else await sizes[name]?.record(ask, inARow(name, kind), one, databaseTime);
          }
        }
      }
    }
    return measured.map(({ kind, small, large }) => ({
      kind,
      small: small.map((series) => series.cost()),
      large: large.map((series) => series.cost()),
    }));
  } finally {
    await Promise.all(started.map((api) => api.stop()));
  }
}
