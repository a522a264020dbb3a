import { Agent } from 'node:http';
import { createCaller } from '../shared/caller.ts';
import type { Choices } from '../shared/random.ts';

interface Load {
  origin: string;
  tokens: readonly string[];
  /** Requests a second, whatever becomes of the ones before. */
  rate: number;
  choices: Choices;
}

/** Users who read and write at a steady rate; how long each answer takes counts from when it was due. */
export function startHonestLoad({ origin, tokens, rate, choices }: Load) {
  const call = createCaller(origin, new Agent({ keepAlive: true, maxSockets: 64 }));
  const tasks = new Map<string, string[]>(tokens.map((token) => [token, []]));
  const failures: string[] = [];
  let latencies: number[] = [];
  let requests = 0;

  async function request(dueAt: number): Promise<void> {
    const token = choices.pick(tokens);
    const own = tasks.get(token) ?? [];
    const chance = choices.next();
    const path = '/api/v1/tasks';
    const creates = own.length === 0 || chance < 0.2;
    const body = { title: 'Order new chairs for the meeting room', labels: ['office'] };
    const reply = await call(
      creates
        ? { method: 'POST', path, token, body }
        : { path: chance < 0.6 ? `${path}/${choices.pick(own)}` : path, token },
    );
    latencies.push(performance.now() - dueAt);
    if (reply.status !== (creates ? 201 : 200)) failures.push(`${reply.status} ${reply.text}`);
    else if (creates) own.push((JSON.parse(reply.text) as { id: string }).id);
  }

  let dueAt = performance.now();
  const timer = setInterval(() => {
    for (; dueAt <= performance.now(); dueAt += 1000 / rate) {
      requests += 1;
      request(dueAt).catch((error: unknown) => failures.push(String(error)));
    }
  }, 5);
  return {
    failures,
    requests: () => requests,
    /** The latencies in milliseconds since they were last taken. */
    take(): number[] {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    stop: () => clearInterval(timer),
  };
}
