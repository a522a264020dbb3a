import { setTimeout as sleep } from 'node:timers/promises';
import { type Accomplice, type Attack, bearer, head, Sockets } from './attacks.ts';

const base = '/api/v1';

function one(accomplices: readonly Accomplice[], index: number): Accomplice {
  const accomplice = accomplices[index % accomplices.length];
  if (!accomplice) throw new RangeError('no accomplice');
  return accomplice;
}

/** Writes a byte a second, for as long as the server listens. */
function trickle(sockets: Sockets, text: string): void {
  const socket = sockets.open();
  let sent = 0;
  const timer = setInterval(() => {
    if (socket.destroyed || socket.writableEnded) clearInterval(timer);
    else socket.write(text[sent % text.length] ?? '');
    sent += 1;
  }, 1000);
}

/** 500 requests that never end: heads, JSON bodies and uploads by turns. */
export async function sendSlowly({ port, share, accomplices }: Attack): Promise<Sockets> {
  const sockets = new Sockets(port);
  for (let index = 0; index < 500 * share; index += 1) {
    const accomplice = one(accomplices, index);
    const taskId = accomplice.taskIds[index % accomplice.taskIds.length];
    const uploads = `POST ${base}/tasks/${taskId}/attachments?name=slow.txt`;
    const json = 'Content-Type: application/json';
    if (index % 3 === 0)
      trickle(sockets, `GET ${base}/tasks HTTP/1.1\r\nX-Slow: ${'x'.repeat(9999)}`);
    else {
      const line = index % 3 === 1 ? `POST ${base}/tasks` : uploads;
      const socket = sockets.open(head(line, bearer(accomplice), json, 'Content-Length: 90000'));
      const timer = setInterval(() => {
        if (socket.destroyed || !socket.writable) clearInterval(timer);
        else socket.write(' ');
      }, 1000);
    }
    if (index % 50 === 49) await sleep(100);
  }
  return sockets;
}

/** 200 who read a kilobyte a second of what is large: lists, downloads and exports. */
export async function readSlowly({ port, share, accomplices }: Attack): Promise<Sockets> {
  const sockets = new Sockets(port);
  for (let index = 0; index < 200 * share; index += 1) {
    const accomplice = one(accomplices, index);
    // Twenty exports an hour are all that an account has.
    const isExport = index % 4 === 0 && index / 4 < 20 * accomplices.length;
    const path = isExport
      ? `${base}/users/me/export`
      : index % 4 === 1
        ? accomplice.content
        : `${base}/tasks?limit=100`;
    sockets.open(head(`GET ${path}`, bearer(accomplice)), true);
    await sleep(50);
  }
  return sockets;
}

/** 10,000 who ask once and then keep the connection. */
export async function stayIdle({ port, share }: Attack): Promise<Sockets> {
  const sockets = new Sockets(port);
  for (let index = 0; index < 10_000 * share; index += 1) {
    sockets.open(head('GET /livez'));
    if (index % 15 === 14) await sleep(20);
  }
  // They are idle only once they are answered.
  const answered = () => sockets.statuses['200'] ?? 0;
  for (let waits = 0; answered() < sockets.all.length && waits < 300; waits += 1) await sleep(100);
  return sockets;
}
