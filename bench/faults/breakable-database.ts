import { execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** An embedded database that can be taken away. */
export interface BreakableDatabase {
  readonly uri: string;
  /** Ends all its processes at once, as a power cut does, and keeps them from coming back. */
  kill(): void;
  /** Lets them come back: with the same data, on the same port. */
  restart(): void;
  /** Stops all its processes where they are, without an end. */
  hang(): void;
  goOn(): void;
  /** Resolves as soon as somebody listens on its port. */
  listening(): Promise<void>;
  stop(): Promise<void>;
}

/** Those above come before those below, so that none is left to wonder at what becomes of the others. */
function descendantsOf(ancestor: number): number[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const processes = table.split('\n').map((row) => row.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    processes.flatMap(([pid = 0, above]) => (above === parent ? [pid, ...below(pid)] : []));
  return below(ancestor);
}

function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It went with those above it.
    }
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** @throws Error where there is neither a mongod nor a way to install another engine */
export async function startBreakableDatabase(directory: string): Promise<BreakableDatabase> {
  const holder = fork(resolve('bench/faults/held-database.ts'), [directory], {
    execArgv: process.execArgv,
  });
  const started = await Promise.race([once(holder, 'message'), once(holder, 'exit')]);
  const { uri } = started[0] as { uri?: string };
  const { pid } = holder;
  if (uri === undefined || pid === undefined) throw new Error('no embedded database');
  const port = Number(new URL(uri).port);
  let hung: readonly number[] = [];
  const goOn = () => signalAll(hung, 'SIGCONT');
  const restart = () => void holder.kill('SIGCONT');

  return {
    uri,
    kill() {
      // It would start them again at once.
      holder.kill('SIGSTOP');
      signalAll(descendantsOf(pid), 'SIGKILL');
    },
    restart,
    hang() {
      hung = descendantsOf(pid);
      signalAll(hung, 'SIGSTOP');
    },
    goOn,
    async listening() {
      while (!(await isListening(port))) await sleep(5);
    },
    async stop() {
      goOn();
      restart();
      const ended = once(holder, 'exit');
      holder.disconnect();
      await ended;
    },
  };
}
