import { setTimeout as sleep } from 'node:timers/promises';
import type { startMailSink } from './mail-sink.ts';
import { doSomething } from './mixed-operations.ts';
import { createPeople, type Person } from './mixed-people.ts';
import { choicesFrom } from '../shared/random.ts';

interface Work {
  origin: string;
  /** Operations a second. */
  rate: number;
  seed: number;
  mails: Awaited<ReturnType<typeof startMailSink>>;
}

const population = 20;
/** Milliseconds between two who come and go: all that takes a password stays below its limit. */
const turnover = 7500;

/** Lets people do what people do, at a steady rate, until it is stopped. */
export function startMixedWork({ origin, rate, seed, mails }: Work) {
  const random = choicesFrom(seed);
  const people = createPeople(origin, random);
  const underWay = new Set<Promise<void>>();
  const failures: string[] = [];
  let operations = 0;
  let paused = false;
  let stopped = false;

  function track(work: Promise<void>): void {
    const settled = work
      .catch((error: unknown) => {
        failures.push(error instanceof Error ? error.message : String(error));
      })
      .finally(() => underWay.delete(settled));
    underWay.add(settled);
  }

  async function as(person: Person, work: () => Promise<void>): Promise<void> {
    person.busy = true;
    operations += 1;
    await work().finally(() => {
      person.busy = false;
    });
  }

  const idle = () => people.all.filter((person) => !person.busy);

  async function join(): Promise<void> {
    const person = await people.join();
    await as(person, async () => {
      const deadline = performance.now() + 30_000;
      let token = mails.take(person.email);
      while (token === undefined && performance.now() < deadline) {
        await sleep(100);
        token = mails.take(person.email);
      }
      if (token === undefined) throw new Error('no mail came');
      const call = { method: 'POST', path: '/auth/verify-email', body: { token } };
      await people.ask(person, call, 204);
    });
  }

  async function turn(): Promise<void> {
    await join();
    if (people.all.length <= population) return;
    const chosen = people.all.filter((person) => !person.busy).slice(0, 3);
    const [oldest, second, third] = chosen;
    if (!oldest || !second || !third) return;
    for (const person of chosen) person.busy = true;
    await as(oldest, () => people.leave(oldest));
    await as(second, () => people.logIn(second));
    await as(third, () => people.refresh(third));
    // Whoever was served goes to the end of the row.
    people.all.push(...people.all.splice(people.all.indexOf(second), 1));
    people.all.push(...people.all.splice(people.all.indexOf(third), 1));
  }

  async function repeat(interval: () => number, begin: () => void): Promise<void> {
    while (!stopped) {
      if (!paused) begin();
      await sleep(interval());
    }
  }

  const turning = repeat(
    () => (people.all.length < population ? turnover / 3 : turnover),
    () => track(turn()),
  );
  const working = repeat(
    () => (2000 / rate) * random.next(),
    () => {
      const free = idle();
      if (free.length === 0) return;
      const person = random.pick(free);
      track(as(person, () => doSomething({ people, person, random, origin })));
    },
  );

  return {
    /** Resolves once nothing is under way, and nobody is connected. */
    async pause(): Promise<void> {
      paused = true;
      await Promise.all(underWay);
      people.hangUp();
      await sleep(500);
    },
    resume: () => {
      paused = false;
    },
    async stop() {
      stopped = true;
      await Promise.all([turning, working]);
      await Promise.all(underWay);
      return { operations, failures };
    },
  };
}
