import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, api, send } from '../shared/requests.ts';

/** A task as it was last acknowledged to its writer. */
export interface Entry {
  /** In the description, which never changes; it tells which request made the task. */
  readonly name: string;
  readonly id: string;
  readonly recurring: boolean;
  version: number;
  title: string;
  done: boolean;
  deleted: boolean;
}

interface StoredTask {
  id: string;
  title: string;
  description: string;
  version: number;
  status: string;
}

/** What of the acknowledged is not there, and what is there more than once, or by nobody's request. */
export interface Discrepancies {
  lost: string[];
  doubled: string[];
}

async function listAll(origin: string, token: string, path: string): Promise<StoredTask[]> {
  const found: StoredTask[] = [];
  let cursor: string | null = null;
  do {
    const from: string = cursor === null ? '' : `&cursor=${cursor}`;
    const asked = { method: 'GET', path: `${api}${path}?limit=100${from}`, token } as const;
    const { status, body } = await send(origin, asked);
    if (status !== 200) throw new Error(`${path} was answered with ${status}`);
    const page = body as { data: StoredTask[]; nextCursor: string | null };
    found.push(...page.data);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found;
}

/** A done task of a series is there beside its next occurrence. */
const expectedOf = ({ recurring, done }: Entry) => (recurring && done ? 2 : 1);

function compareEntry(entry: Entry, found: readonly (StoredTask & { trashed: boolean })[]) {
  const { name, id, version, title, done, deleted } = entry;
  const own = found.find((task) => task.id === id);
  const lost: string[] = [];
  const doubled: string[] = [];
  if (own?.trashed !== deleted) lost.push(`${name}: ${deleted ? 'its deletion' : 'the task'}`);
  else if (own.version > version) doubled.push(`${name}: a change`);
  else if (own.version < version || own.title !== title || (own.status === 'done') !== done) {
    lost.push(`${name}: a change`);
  }
  const expected = expectedOf(entry);
  if (own && found.length < expected) lost.push(`${name}: its next occurrence`);
  if (found.length > expected) doubled.push(`${name}: there ${found.length} times`);
  return { lost, doubled };
}

/** Somebody who writes, and what was acknowledged to them. */
export interface Writer {
  readonly account: Account;
  readonly entries: Entry[];
}

/** Compares all that is stored of an account with what was acknowledged to its writer. */
async function compareOne(
  origin: string,
  { account: { token }, entries }: Writer,
): Promise<Discrepancies> {
  const listed = await listAll(origin, token, '/tasks');
  const trashed = await listAll(origin, token, '/trash');
  const stored = [
    ...listed.map((task) => ({ ...task, trashed: false })),
    ...trashed.map((task) => ({ ...task, trashed: true })),
  ];
  const byName = new Map<string, typeof stored>();
  for (const task of stored) {
    byName.set(task.description, [...(byName.get(task.description) ?? []), task]);
  }
  const all = entries.map((entry) => compareEntry(entry, byName.get(entry.name) ?? []));
  const names = new Set(entries.map(({ name }) => name));
  const unknown = [...byName.keys()].filter((name) => !names.has(name));
  return {
    lost: all.flatMap(({ lost }) => lost),
    doubled: [
      ...all.flatMap(({ doubled }) => doubled),
      ...unknown.map((name) => `${name}: nobody's`),
    ],
  };
}

/** Milliseconds after which also what follows in the background from a write has to be there. */
const patience = 30_000;

/** Compares what every writer knows with what is stored. */
export async function compareAll(
  origin: string,
  writers: readonly Writer[],
): Promise<Discrepancies> {
  const deadline = performance.now() + patience;
  for (;;) {
    const all: Discrepancies[] = [];
    for (const writer of writers) all.push(await compareOne(origin, writer));
    const lost = all.flatMap((one) => one.lost);
    const doubled = all.flatMap((one) => one.doubled);
    if (lost.length === 0 || performance.now() > deadline) return { lost, doubled };
    await sleep(1000);
  }
}
