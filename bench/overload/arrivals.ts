/** A process that sends requests at a rate of their own, whatever becomes of those before. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../shared/dataset.ts';
import { newTask, tasksPath } from '../speed/new-task.ts';
import { createConnections, type RawAnswer } from './raw-connections.ts';
import { percentile } from '../shared/figures.ts';
import { randomFrom } from '../shared/random.ts';

/** What the process is told: first who the callers are, then any number of phases. */
export type Order = { members: Member[] } | Phase;

export interface Phase {
  origin: string;
  /** Arrivals a second, on average; they come as they do from many who know nothing of each other. */
  rate: number;
  milliseconds: number;
  seed: number;
  /** Milliseconds within which an answer is good for something. */
  inTime: number;
}

/** Milliseconds from when a request was due. */
interface Times {
  count: number;
  p50: number;
  p99: number;
}

/** What the process answers to each phase. */
export interface Outcome {
  /** Requests a second that did arrive. */
  offered: number;
  /** How late the generator itself was with 99 of 100 requests, in milliseconds. */
  lag: number;
  /** Right answers in time, each second. */
  goodput: number;
  admitted: Times;
  /** Refused with 503, as the conventions say. */
  refused: Times;
  /** Other answers, and none. */
  failures: number;
}

/** Who waits for longer is taken for unanswered. */
const patience = 15_000;
/** More than the server lets wait; beyond, requests wait for a connection. */
const maximumConnections = 1500;
const openConnections = 400;

interface Share {
  upTo: number;
  expected: number;
  request: (member: Member, random: () => number) => string;
}

const lines = (first: string, { token }: Member, ...more: string[]) =>
  [`${first} HTTP/1.1`, 'Host: localhost', `Authorization: Bearer ${token}`, ...more].join('\r\n');

/** Six in ten read a task, two list tasks and two create one. */
const mix: readonly Share[] = [
  {
    upTo: 0.6,
    expected: 200,
    request: (member, random) => {
      const id = member.taskIds[Math.floor(random() * member.taskIds.length)];
      return lines(`GET ${tasksPath}/${id}`, member, '', '');
    },
  },
  {
    upTo: 0.8,
    expected: 200,
    request: (member) => lines(`GET ${tasksPath}`, member, '', ''),
  },
  {
    upTo: 1,
    expected: 201,
    request: (member) =>
      lines(
        `POST ${tasksPath}`,
        member,
        'Content-Type: application/json',
        `Content-Length: ${Buffer.byteLength(newTask)}`,
        '',
        newTask,
      ),
  },
];

let members: Member[] = [];

function isRefusal({ status, head }: RawAnswer): boolean {
  return (
    status === 503 &&
    /\r\ncontent-type: application\/problem\+json/i.test(head) &&
    /\r\nretry-after: \d/i.test(head) &&
    /\r\nx-request-id: /i.test(head)
  );
}

function timesOf(times: number[]): Times {
  return { count: times.length, p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

async function run({ origin, rate, milliseconds, seed, inTime }: Phase): Promise<Outcome> {
  const random = randomFrom(seed);
  const connections = createConnections(origin, maximumConnections);
  const admitted: number[] = [];
  const refused: number[] = [];
  const lags: number[] = [];
  let [unanswered, failures] = [0, 0];

  async function arrive(due: number): Promise<void> {
    const member = members[Math.floor(random() * members.length)];
    const chosen = random();
    const share = mix.find(({ upTo }) => chosen < upTo);
    if (!member || !share) throw new Error('the members come before the first phase');
    const request = share.request(member, random);
    lags.push(performance.now() - due);
    unanswered += 1;
    try {
      const answer = await connections.send(request);
      const time = performance.now() - due;
      if (answer.status === share.expected) admitted.push(time);
      else if (isRefusal(answer)) refused.push(time);
      else failures += 1;
    } catch {
      failures += 1;
    }
    unanswered -= 1;
  }

  await connections.prepare(openConnections);
  const startedAt = performance.now();
  let due = startedAt;
  for (;;) {
    // Exponential gaps, as between arrivals that are independent of each other.
    due -= (Math.log(1 - random()) * 1000) / rate;
    if (due > startedAt + milliseconds) break;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    void arrive(due);
  }
  const endsAt = performance.now() + patience;
  while (unanswered > 0 && performance.now() < endsAt) await sleep(10);
  failures += unanswered;
  const outcome = {
    offered: (lags.length / milliseconds) * 1000,
    lag: percentile(lags, 0.99),
    goodput: (admitted.filter((time) => time <= inTime).length / milliseconds) * 1000,
    admitted: timesOf(admitted),
    refused: timesOf(refused),
    failures,
  };
  connections.close();
  return outcome;
}

process.on('message', (order: Order) => {
  if ('members' in order) ({ members } = order);
  else void run(order).then((outcome) => process.send?.(outcome));
});
process.on('disconnect', () => process.exit());
