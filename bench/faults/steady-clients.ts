import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Call, createCaller, type Reply } from '../shared/caller.ts';
import type { Choices } from '../shared/random.ts';

interface Client {
  origin: string;
  random: Choices;
  /** Milliseconds between an answer and the next request, on average. */
  pause: number;
}

interface Task {
  id: string;
  title: string;
  version: number;
}

const base = '/api/v1';

/** An account with a password that nobody needs. */
function newAccount(random: Choices) {
  const word = random.next().toString(36).slice(2);
  return { email: `${word}@example.com`, password: `open sesame ${word}`, name: 'Ada' };
}

/**
 * Somebody who reads and writes over one connection, one request after another, and checks each answer
 * against what they know. No request is sent again.
 */
export async function startClient({ origin, random, pause }: Client) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const call = createCaller(origin, agent);
  const tasks: Task[] = [];
  const failures: string[] = [];
  let requests = 0;
  let created = 0;
  let stopped = false;
  let token: string | undefined;

  async function expecting(status: number, { path, ...rest }: Call): Promise<Reply> {
    const reply = await call({ ...rest, path: base + path, token });
    if (reply.status === status) return reply;
    throw new Error(`answered with ${reply.status} ${reply.text.slice(0, 200)}`);
  }

  function equal(what: string, one: unknown, other: unknown): void {
    if (one !== other) throw new Error(`${what} is ${String(one)}, not ${String(other)}`);
  }

  async function create(): Promise<void> {
    const title = `Task ${random.next()}`;
    const { text } = await expecting(201, { method: 'POST', path: '/tasks', body: { title } });
    const task = JSON.parse(text) as Task;
    created += 1;
    equal('title', task.title, title);
    tasks.push(task);
    if (tasks.length > 20) tasks.shift();
  }

  async function read(task: Task): Promise<void> {
    const { text } = await expecting(200, { path: `/tasks/${task.id}` });
    const { title, version } = JSON.parse(text) as Task;
    equal('title', title, task.title);
    equal('version', version, task.version);
  }

  async function update(task: Task): Promise<void> {
    const title = `Task ${random.next()}`;
    const path = `/tasks/${task.id}`;
    const { text } = await expecting(200, { method: 'PATCH', path, body: { title } });
    const { version } = JSON.parse(text) as Task;
    equal('version', version, task.version + 1);
    Object.assign(task, { title, version });
  }

  async function list(): Promise<void> {
    const { text } = await expecting(200, { path: '/tasks?limit=5&include=total' });
    const { data, total } = JSON.parse(text) as { data: Task[]; total: number };
    equal('total', total, created);
    equal('newest', data[0]?.id, tasks.at(-1)?.id);
  }

  function next(): [string, () => Promise<void>] {
    const chance = random.next();
    if (tasks.length === 0 || chance < 0.35) return ['create', create];
    const task = random.pick(tasks);
    if (chance < 0.6) return ['update', () => update(task)];
    return chance < 0.85 ? ['read', () => read(task)] : ['list', list];
  }

  async function work(): Promise<void> {
    while (!stopped) {
      const [name, request] = next();
      requests += 1;
      await request().catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
      await sleep(2 * pause * random.next());
    }
  }

  const registration = { method: 'POST', path: '/auth/register', body: newAccount(random) };
  const { text } = await expecting(201, registration);
  token = (JSON.parse(text) as { accessToken: string }).accessToken;
  const working = work();
  return {
    async stop() {
      stopped = true;
      await working;
      agent.destroy();
      return { requests, failures };
    },
  };
}
