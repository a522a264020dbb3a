import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type Attack, bearer, head, Sockets } from './attacks.ts';

const huge = Buffer.from(`{"title":"${'x'.repeat(20_000_000)}"}`);
/** A zlib stream that goes on with empty blocks and never becomes anything. */
const endless = Buffer.concat([
  Buffer.from([0x78, 0x9c]),
  Buffer.alloc(10_000_000, '\0\0\0\xff\xff', 'latin1'),
]);

const refusals = new Set(['400', '413', '415']);

/** 200 compressed bodies: of 20 MB that came as a few kB, and of 10 MB that become nothing. */
export async function sendBombs({ port, share, accomplices }: Attack) {
  const bombs: [string, Buffer][] = [
    ['gzip', gzipSync(huge)],
    ['deflate', deflateSync(huge)],
    ['br', brotliCompressSync(huge)],
    ['deflate', endless],
    ['gzip', gzipSync(gzipSync(huge))],
  ];
  const sockets = new Sockets(port);
  const [accomplice] = accomplices;
  if (!accomplice) throw new RangeError('no accomplice');
  for (let index = 0; index < 200 * share; index += 1) {
    const [encoding, body] = bombs[index % bombs.length] ?? ['', Buffer.alloc(0)];
    const socket = sockets.open(
      head(
        'POST /api/v1/tasks',
        bearer(accomplice),
        'Content-Type: application/json',
        `Content-Encoding: ${encoding}`,
        `Content-Length: ${body.length}`,
        'Connection: close',
      ),
    );
    socket.write(body);
    await sleep(50);
  }
  await sleep(2000);
  const answered = Object.values(sockets.statuses).reduce((sum, count) => sum + count, 0);
  const breaches = Object.keys(sockets.statuses)
    .filter((status) => !refusals.has(status))
    .map((status) => `${sockets.statuses[status]} bombs were answered with ${status}`);
  if (answered < sockets.all.length) breaches.push(`${sockets.all.length - answered} unanswered`);
  return { sockets, breaches };
}
