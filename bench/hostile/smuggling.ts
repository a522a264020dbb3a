import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Attack, bearer, head, Sockets } from './attacks.ts';

/** The request in hiding: its id must never come back. */
const hidden = head('GET /livez', 'X-Request-Id: smuggled');

const line = 'POST /api/v1/tasks';
const json = 'Content-Type: application/json';
const chunked = 'Transfer-Encoding: chunked';
const task = '{"title":"x"}';
const wholeLength = `Content-Length: ${task.length}`;
const lastChunk = '0\r\n\r\n';
const inChunks = `${task.length.toString(16)}\r\n${task}\r\n${lastChunk}`;

interface Shape {
  headers: string[];
  body: string;
  /** Whether it is sound, and the hidden request a part of its body. */
  isSound?: boolean;
}

const lengths = ['+13', '0xd', '13, 13', '13 13', '13;', '-1', '99999999999999999999', ''];
const codings = [
  'xchunked',
  'chunked, identity',
  'identity, chunked',
  'chunked, chunked',
  'gzip, chunked',
  '"chunked"',
  'chunked;q=1',
  'chunked\u000b',
  '\u000bchunked',
  'chunk\r\n ed',
  'identity',
];
const sizes = ['0xd', '+d', '-d', ' d', 'd d', 'g', '', 'fffffffffffffffff', 'd\n', 'd;x="\n"'];

const shapes: Record<string, Shape> = {
  'length and chunks': { headers: ['Content-Length: 5', chunked], body: lastChunk },
  'chunks and length': { headers: [chunked, 'Content-Length: 5'], body: lastChunk },
  'two lengths': { headers: [wholeLength, 'Content-Length: 0'], body: task },
  'one length twice': { headers: [wholeLength, wholeLength], body: task },
  'two codings': { headers: [chunked, 'Transfer-Encoding: identity'], body: inChunks },
  'space before the colon of a length': { headers: ['Content-Length : 13'], body: task },
  'space before the colon of a coding': {
    headers: ['Transfer-Encoding : chunked'],
    body: inChunks,
  },
  'folded coding': { headers: ['Transfer-Encoding:\r\n chunked'], body: inChunks },
  'folded header': { headers: ['X: y', ' z', wholeLength], body: task },
  'bare LF before a coding': { headers: ['X: y\nTransfer-Encoding: chunked'], body: inChunks },
  'bare CR before a coding': { headers: ['X: y\rTransfer-Encoding: chunked'], body: inChunks },
  'NUL in a header': { headers: ['X: \0', wholeLength], body: task },
  'no CRLF after a chunk': { headers: [chunked], body: `d\r\n${task}${lastChunk}` },
  'a long extension': {
    headers: [chunked],
    body: `d;${'x'.repeat(40_000)}\r\n${task}\r\n0\r\n\r\n`,
  },
  'a coding with an underscore': {
    headers: ['Transfer_Encoding: chunked', `Content-Length: ${lastChunk.length + hidden.length}`],
    body: lastChunk,
    isSound: true,
  },
  'a body of a request that has none': {
    headers: [`Content-Length: ${task.length + hidden.length}`],
    body: task,
    isSound: true,
  },
  'an extension': {
    headers: [chunked],
    body: `${(task.length + hidden.length).toString(16)};a=b\r\n${task}`,
    isSound: true,
  },
};
for (const length of lengths) {
  shapes[`length ${JSON.stringify(length)}`] = {
    headers: [`Content-Length: ${length}`],
    body: task,
  };
}
for (const coding of codings) {
  const headers = [`Transfer-Encoding: ${coding}`];
  shapes[`coding ${JSON.stringify(coding)}`] = { headers, body: inChunks };
}
for (const size of sizes) {
  const body = `${size}\r\n${task}\r\n${lastChunk}`;
  shapes[`chunk size ${JSON.stringify(size)}`] = { headers: [chunked], body };
}

/** Milliseconds until a connection must be closed after what is refused. */
const patience = 5000;

async function attempt(sockets: Sockets, bytes: string, isSound = false): Promise<string[]> {
  const socket = sockets.open();
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1');
  });
  const startedAt = performance.now();
  const closed = once(socket, 'close').then(() => true);
  socket.write(Buffer.from(bytes, 'latin1'));
  const isClosed = await Promise.race([closed, sleep(isSound ? 1000 : patience, false)]);
  socket.destroy();
  const breaches: string[] = [];
  if (/x-request-id: smuggled/i.test(received)) breaches.push('the hidden request was answered');
  if (isSound) return breaches;
  const statuses = [...received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);
  if (statuses.length !== 1 || !statuses[0]?.startsWith('4')) {
    breaches.push(`answered with ${statuses.join(', ') || 'nothing'}`);
  }
  const milliseconds = performance.now() - startedAt;
  if (!isClosed) breaches.push(`still open after ${milliseconds.toFixed(0)} ms`);
  return breaches;
}

/** Requests whose end two servers may see in different places, each with another one in hiding. */
export async function smuggle({ port, accomplices }: Attack) {
  const sockets = new Sockets(port);
  const breaches: string[] = [];
  const [accomplice] = accomplices;
  if (!accomplice) throw new RangeError('no accomplice');
  for (const [name, { headers, body, isSound }] of Object.entries(shapes)) {
    const bytes = head(line, bearer(accomplice), json, ...headers) + body + hidden;
    const found = await attempt(sockets, bytes, isSound);
    breaches.push(...found.map((breach) => `${name}: ${breach}`));
  }
  return { sockets, breaches };
}
