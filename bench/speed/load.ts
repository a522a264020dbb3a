/** A process that sends requests over 16 connections, each as soon as the last one is answered. */
import { Agent, request as startRequest } from 'node:http';
import type { Member } from '../shared/dataset.ts';
import { newTask, tasksPath } from './new-task.ts';

/** What is compared with other servers. */
export const operations = ['read', 'list', 'create'] as const;
export type Compared = (typeof operations)[number];
/** The others are the first two again, from somebody who has the answer already and asks whether it has changed. */
export type Operation = Compared | 'reread' | 'relist';

/** What the process is told: first who the callers are, then any number of runs. */
export type Order = { members: Member[] } | Run;

export interface Run {
  origin: string;
  operation: Operation;
  milliseconds: number;
}

/** What the process answers to each run. */
export interface Load {
  requests: number;
  /** Answers of another status than the operation's. */
  failures: number;
  seconds: number;
  /** Milliseconds within which 99 of 100 answers were there. */
  p99: number;
}

const connections = 16;
const agent = new Agent({ keepAlive: true, maxSockets: connections });

let members: Member[] = [];
/** Of the answers so far, by who has asked for what. */
const versions = new Map<string, string>();
let sent = 0;

/** Callers take turns, and so do their tasks: no randomness, and every round sends the same. */
function nextRequest({ origin, operation }: Run) {
  const member = members[sent % members.length];
  if (!member) throw new Error('the members come before the first run');
  const { token, taskIds } = member;
  const taskId = taskIds[Math.floor(sent / members.length) % taskIds.length];
  sent += 1;
  const path = operation.endsWith('read') ? `${tasksPath}/${taskId}` : tasksPath;
  const headers: Record<string, string> = { authorization: `Bearer ${token}` };
  if (operation === 'create') {
    headers['content-type'] = 'application/json';
    headers['content-length'] = String(Buffer.byteLength(newTask));
  }
  const asksAgain = operation === 'reread' || operation === 'relist';
  const key = `${origin}${path} ${token}`;
  const known = asksAgain ? versions.get(key) : undefined;
  if (known !== undefined) headers['if-none-match'] = known;
  return { path, headers, key };
}

function send(run: Run): Promise<boolean> {
  const { path, headers, key } = nextRequest(run);
  const creates = run.operation === 'create';
  const known = headers['if-none-match'];
  return new Promise((resolve, reject) => {
    const method = creates ? 'POST' : 'GET';
    const request = startRequest(run.origin + path, { agent, method, headers }, (response) => {
      const { etag } = response.headers;
      if (etag !== undefined && !creates) versions.set(key, etag);
      const expected = creates ? 201 : known !== undefined && known === etag ? 304 : 200;
      response.resume().once('end', () => resolve(response.statusCode === expected));
    });
    request.once('error', reject);
    request.end(creates ? newTask : undefined);
  });
}

async function load(order: Run): Promise<Load> {
  const latencies: number[] = [];
  let failures = 0;
  const startedAt = performance.now();
  const keepSending = async () => {
    let sentAt = performance.now();
    while (sentAt - startedAt < order.milliseconds) {
      if (!(await send(order))) failures += 1;
      const answeredAt = performance.now();
      latencies.push(answeredAt - sentAt);
      sentAt = answeredAt;
    }
  };
  await Promise.all(Array.from({ length: connections }, keepSending));
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((one, other) => one - other);
  const p99 = latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN;
  return { requests: latencies.length, failures, seconds, p99 };
}

process.on('message', (order: Order) => {
  if ('members' in order) ({ members } = order);
  else void load(order).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit());
