/** What the process of the attacker is told and tells, and how it holds its sockets. */
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

export const attacks = [
  'slow requests',
  'slow readers',
  'idle connections',
  'smuggling',
  'compressed bombs',
] as const;
export type AttackName = (typeof attacks)[number];

/** Somebody with long lists and a large attachment. */
export interface Accomplice {
  token: string;
  taskIds: string[];
  /** The path of the content of an attachment. */
  content: string;
}

export interface Attack {
  name: AttackName;
  port: number;
  /** A share of the full size, for a quick try. */
  share: number;
  accomplices: Accomplice[];
}

/** What an attack has come to; it is told once everything is sent that is to be sent at once. */
export interface Outcome {
  sockets: number;
  /** Those that the server still has open. */
  open: number;
  /** How often each status was answered. */
  statuses: Record<string, number>;
  /** What must not happen, as sentences. */
  breaches: string[];
}

/** The sockets of an attack. */
export class Sockets {
  readonly port: number;
  readonly all: Socket[] = [];
  readonly #localPorts = new Set<number>();
  readonly statuses: Record<string, number> = {};

  constructor(port: number) {
    this.port = port;
  }

  count(received: string): void {
    for (const [, status = ''] of received.matchAll(/HTTP\/1\.1 (\d{3})/g)) {
      this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    }
  }

  /** @param slowly whether to read a kilobyte a second rather than what comes */
  open(first: string | Buffer = '', slowly = false): Socket {
    const buffer = Buffer.alloc(1024);
    const onread = {
      buffer,
      callback: (length: number) => {
        this.count(buffer.toString('latin1', 0, length));
        setTimeout(() => socket.resume(), 1000).unref();
        return false;
      },
    };
    const to = { port: this.port, host: '127.0.0.1' };
    const socket = connect(slowly ? { ...to, onread } : to);
    socket.on('error', () => {});
    socket.once('connect', () => {
      const { localPort = 0 } = socket;
      this.#localPorts.add(localPort);
      // From then on, the port may be that of another user.
      socket.once('close', () => this.#localPorts.delete(localPort));
    });
    if (!slowly) socket.on('data', (chunk) => this.count(chunk.toString('latin1')));
    if (first.length > 0) socket.write(first);
    this.all.push(socket);
    return socket;
  }

  /**
   * How many the server has open. Whoever reads slowly is told of a close only after all that the system
   * has kept for them, so that the system is asked, where it tells.
   */
  openAtServer(): number {
    const table = '/proc/net/tcp';
    if (!existsSync(table)) return this.all.filter(({ destroyed }) => !destroyed).length;
    const lines = readFileSync(table, 'utf8').split('\n').slice(1);
    return lines.filter((line) => {
      const [, local = '', remote = '', state = ''] = line.trim().split(/\s+/);
      const portOf = (address: string) => Number.parseInt(address.split(':')[1] ?? '', 16);
      // Established, or closed by the caller alone.
      const isOpen = state === '01' || state === '08';
      return isOpen && portOf(local) === this.port && this.#localPorts.has(portOf(remote));
    }).length;
  }

  destroy(): void {
    for (const socket of this.all) socket.destroy();
  }
}

/** The head of a request, down to its empty line. */
export function head(line: string, ...headers: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');
}

export const bearer = ({ token }: Accomplice) => `Authorization: Bearer ${token}`;
