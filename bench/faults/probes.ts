import { setTimeout as sleep } from 'node:timers/promises';
import { type Account, api, type Asked, send } from '../shared/requests.ts';

/** One answer, or none (status 0); the times are those of `performance.now()`. */
export interface Probed {
  readonly probe: string;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly status: number;
  readonly hasRetryAfter: boolean;
}

export interface Probes {
  readonly answers: readonly Probed[];
  stop(): Promise<void>;
}

/** Milliseconds between an answer and the next request of the same kind. */
const pause = 20;
/** Whatever succeeds costs the server more, and leaves more behind. */
const pauseAfterSuccess = 100;

/** Accounts of their own, as logins end old sessions in the end, and writes make lists longer. */
export interface Probing {
  guest: Account;
  reader: Account;
  /** One of the reader's. */
  taskId: string;
  writer: Account;
}

/** What is asked all the time: each kind of request that needs the database, and the two of health. */
function questions({ guest, reader, taskId, writer }: Probing): Record<string, Asked> {
  const { email, password } = guest;
  const tasks = `${api}/tasks`;
  const write = { method: 'POST', path: tasks, token: writer.token, body: { title: 'x' } } as const;
  return {
    login: { method: 'POST', path: `${api}/auth/login`, body: { email, password } },
    read: { method: 'GET', path: `${tasks}/${taskId}`, token: reader.token },
    list: { method: 'GET', path: tasks, token: reader.token },
    write,
    readyz: { method: 'GET', path: '/readyz' },
    livez: { method: 'GET', path: '/livez' },
  };
}

/** Sends each kind of request over and over, one at a time. */
export function startProbes(origin: string, callers: Probing): Probes {
  const answers: Probed[] = [];
  let stopping = false;
  const probing = Object.entries(questions(callers)).map(async ([probe, question]) => {
    while (!stopping) {
      const sentAt = performance.now();
      const answer = await send(origin, question).catch(() => undefined);
      const { status = 0, retryAfter } = answer ?? {};
      const answeredAt = performance.now();
      answers.push({ probe, sentAt, answeredAt, status, hasRetryAfter: retryAfter !== undefined });
      await sleep(status < 300 && probe !== 'livez' ? pauseAfterSuccess : pause);
    }
  });
  return {
    answers,
    stop: async () => {
      stopping = true;
      await Promise.all(probing);
    },
  };
}
