import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What the measurement asks of an answer. */
export interface RawAnswer {
  status: number;
  /** Everything before the body, as it came. */
  head: string;
}

const endOfHead = '\r\n\r\n';

/** One request at a time, each over the same socket; costs a fraction of what node:http does. */
class RawConnection {
  readonly #socket: Socket;
  #received: Buffer[] = [];
  #length = 0;
  #expected = Number.POSITIVE_INFINITY;
  #head = '';
  #settle: { answered: (answer: RawAnswer) => void; failed: (error: Error) => void } | undefined;
  broken = false;

  constructor({ hostname, port }: URL) {
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.broken = true;
      this.#settle?.failed(new Error('the server has closed the connection'));
    });
  }

  send(request: string): Promise<RawAnswer> {
    this.#received = [];
    this.#length = 0;
    this.#expected = Number.POSITIVE_INFINITY;
    return new Promise((answered, failed) => {
      this.#settle = { answered, failed };
      this.#socket.write(request);
    });
  }

  /** @throws Error where nobody listens */
  async isOpen(): Promise<void> {
    await once(this.#socket, 'connect');
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#length += chunk.length;
    if (this.#expected === Number.POSITIVE_INFINITY) {
      const text = Buffer.concat(this.#received).toString('latin1');
      const end = text.indexOf(endOfHead);
      if (end === -1) return;
      this.#head = text.slice(0, end);
      const [, length = '0'] = /\r\ncontent-length: (\d+)/i.exec(this.#head) ?? [];
      this.#expected = end + endOfHead.length + Number(length);
    }
    if (this.#length < this.#expected) return;
    const { answered } = this.#settle ?? {};
    this.#settle = undefined;
    answered?.({ status: Number(this.#head.slice(9, 12)), head: this.#head });
  }
}

/** Opens connections as they are needed; who finds all of them in use waits. */
export function createConnections(origin: string, maximum: number) {
  const address = new URL(origin);
  const idle: RawConnection[] = [];
  const all = new Set<RawConnection>();
  const waiting: ((connection: RawConnection) => void)[] = [];

  function open(): RawConnection {
    const connection = new RawConnection(address);
    all.add(connection);
    return connection;
  }

  function free(connection: RawConnection): void {
    if (connection.broken) all.delete(connection);
    const usable = connection.broken ? open : () => connection;
    const next = waiting.shift();
    if (next) next(usable());
    else if (!connection.broken) idle.push(connection);
  }

  return {
    /** Opens so many before they are needed, as a proxy has them open. */
    async prepare(count: number): Promise<void> {
      const opened = Array.from({ length: count }, open);
      await Promise.all(opened.map((connection) => connection.isOpen()));
      idle.push(...opened);
    },
    /** @throws Error where the connection is closed before the whole answer is there */
    async send(request: string): Promise<RawAnswer> {
      let connection = idle.pop();
      while (connection?.broken) {
        all.delete(connection);
        connection = idle.pop();
      }
      connection ??=
        all.size < maximum ? open() : await new Promise<RawConnection>((got) => waiting.push(got));
      try {
        return await connection.send(request);
      } finally {
        free(connection);
      }
    },
    close(): void {
      for (const connection of all) connection.destroy();
    },
  };
}
