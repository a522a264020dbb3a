import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../shared/figures.ts';
import type { Discrepancies, Entry, Writer } from './ledger.ts';
import { randomFrom } from '../shared/random.ts';
import { type Account, type Answered, api, type Asked, send } from '../shared/requests.ts';

/** What all writers together have met. */
export interface Tally {
  acknowledged: number;
  /** Requests that were sent again, as they had no answer or one that says to try again. */
  retries: number;
  /** Answers that no client could expect. */
  wrong: string[];
}

export interface Writers {
  readonly writers: readonly Writer[];
  readonly tally: Tally;
  /** Resolves once each writer has its last answer. */
  finish(): Promise<void>;
}

/** Of an API that many sign up with and write to. */
export const settings = {
  RATE_LIMIT: 'off',
  BCRYPT_COST: '10',
  LOG_LEVEL: 'warn',
  ACCESS_TOKEN_TTL: '12h',
};

/** Milliseconds between two writes of one writer, at most. */
const longestPause = 400;

/** Refused for now: it may be sent again as it is. */
function isTransient({ status, body }: Answered): boolean {
  const { code } = (body ?? {}) as { code?: string };
  return status === 503 || status === 429 || code === 'idempotency_key_in_flight';
}

interface Circumstances {
  origin: string;
  account: Account;
  random: () => number;
  tally: Tally;
  signal: AbortSignal;
}

/** One client that creates, changes, completes and deletes tasks, each time until it is acknowledged. */
function createWriter(number: number, { origin, account, random, tally, signal }: Circumstances) {
  const entries: Entry[] = [];
  const pick = () => {
    const left = entries.filter(({ deleted, done }) => !deleted && !done);
    return left[Math.floor(random() * left.length)];
  };

  async function untilAnswered(asked: Asked) {
    for (let attempts = 1; ; attempts += 1) {
      const answer = await send(origin, { ...asked, token: account.token }).catch(() => undefined);
      if (answer && !isTransient(answer)) return { answer, repeated: attempts > 1 };
      tally.retries += 1;
      const seconds = answer?.retryAfter ?? 0;
      const pause = (50 + random() * 200) * Math.min(attempts, 5);
      await sleep(seconds * 1000 + pause, undefined, { signal });
    }
  }

  /** Counts what was acknowledged, and notes what is no acknowledgement. */
  function settle(what: string, acknowledged: boolean, { status, body }: Answered): boolean {
    if (acknowledged) tally.acknowledged += 1;
    else tally.wrong.push(`${what}: ${status} ${JSON.stringify(body)}`);
    return acknowledged;
  }

  async function create(): Promise<void> {
    const name = `writer ${number} task ${entries.length + tally.wrong.length}`;
    const recurring = random() < 0.2;
    const asked: Asked = {
      method: 'POST',
      path: `${api}/tasks`,
      headers: { 'idempotency-key': name.replaceAll(' ', '-') },
      body: {
        title: name,
        description: name,
        ...(recurring && { dueDate: '2026-12-01', recurrence: 'FREQ=DAILY' }),
      },
    };
    const { answer } = await untilAnswered(asked);
    const { id, version, title } = answer.body as Entry;
    if (!settle(name, answer.status === 201 && title === name, answer)) return;
    entries.push({ name, id, recurring, version, title, done: false, deleted: false });
    if (random() > 0.1) return;
    // As if the answer had been lost on its way.
    const { answer: again } = await untilAnswered(asked);
    const isSame = again.status === 201 && again.replayed && (again.body as Entry).id === id;
    if (!isSame) tally.wrong.push(`${name} again: ${again.status} ${JSON.stringify(again.body)}`);
  }

  /** After a request without an answer, the version tells whether it was done. */
  async function change(entry: Entry, changes: { title?: string; status?: string }) {
    const { id, version } = entry;
    const path = `${api}/tasks/${id}`;
    const headers = { 'if-match': `"${version}"` };
    let { answer, repeated } = await untilAnswered({
      method: 'PATCH',
      path,
      headers,
      body: changes,
    });
    if (repeated && answer.status === 412) {
      ({ answer } = await untilAnswered({ method: 'GET', path }));
    }
    const task = answer.body as Entry & { status: string };
    const isOurs =
      answer.status === 200 &&
      task.version === version + 1 &&
      (changes.title ?? task.title) === task.title &&
      (changes.status ?? task.status) === task.status;
    if (!settle(`a change of ${entry.name}`, isOurs, answer)) return;
    entry.version = task.version;
    entry.title = task.title;
    entry.done = task.status === 'done';
  }

  async function remove(entry: Entry): Promise<void> {
    const path = `${api}/tasks/${entry.id}`;
    const headers = { 'if-match': `"${entry.version}"` };
    const { answer, repeated } = await untilAnswered({ method: 'DELETE', path, headers });
    const isDone = answer.status === 204 || (repeated && answer.status === 404);
    if (!settle(`the deletion of ${entry.name}`, isDone, answer)) return;
    entry.version += 1;
    entry.deleted = true;
  }

  async function write(): Promise<void> {
    const choice = random();
    const entry = pick();
    if (choice < 0.5 || !entry) await create();
    else if (choice < 0.85) await change(entry, { title: `${entry.name} in ${entry.version + 1}` });
    else if (choice < 0.92) await change(entry, { status: 'done' });
    else await remove(entry);
    await sleep(random() * longestPause, undefined, { signal });
  }

  return { account, entries, write };
}

/** Starts one writer for each account, which do the same things for the same seed. */
export function startWriters(
  origin: string,
  accounts: readonly Account[],
  { seed, signal }: { seed: number; signal: AbortSignal },
): Writers {
  // Each writer that waits listens.
  setMaxListeners(0, signal);
  const tally: Tally = { acknowledged: 0, retries: 0, wrong: [] };
  let finishing = false;
  const writers = accounts.map((account, number) => {
    const random = randomFrom(seed + number);
    return createWriter(number, { origin, account, random, tally, signal });
  });
  const working = writers.map(async ({ write }) => {
    while (!finishing) await write();
  });
  const worked = Promise.all(working);
  // Whoever finishes meets the failure.
  worked.catch(() => {});
  return {
    writers,
    tally,
    finish: async () => {
      finishing = true;
      await worked;
    },
  };
}

/** How many of each are told one by one. */
const examples = 5;

/** Prints what became of the writes; none may be lost, doubled or answered as no client could expect. */
export function printTally(
  report: Report,
  { acknowledged, retries, wrong }: Tally,
  { lost, doubled }: Discrepancies,
): void {
  report.figure('writes acknowledged', acknowledged);
  report.figure('requests sent again', retries);
  report.atMost('acknowledged writes lost', lost.length, 0);
  report.atMost('writes doubled', doubled.length, 0);
  report.atMost('answers that no client could expect', wrong.length, 0);
  for (const story of [lost, doubled, wrong].flatMap((stories) => stories.slice(0, examples))) {
    console.log(`  ${story}`);
  }
}
