import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Ticks in a second, in which Linux counts processor time. */
const ticks = () => Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

interface Process {
  id: number;
  parent: number;
  ticks: number;
}

/** Every process there is, with its own time and that of those of its children that have ended. */
function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        // What stands in parentheses is the command, which may contain anything.
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        const [, parent] = stat;
        const times = stat.slice(11, 15).map(Number);
        const sum = times.reduce((total, time) => total + time, 0);
        return [{ id: Number(name), parent: Number(parent), ticks: sum }];
      } catch {
        return [];
      }
    });
}

/** The processes that this one has started so far. */
export function ownChildren(): number[] {
  return processes()
    .filter(({ parent }) => parent === process.pid)
    .map(({ id }) => id);
}

/**
 * Tells the processor time of some processes with all that they have started, in microseconds: what they did,
 * whatever else the machine does. In steps of 10 ms.
 */
export function processorTimeOf(roots: readonly number[]): () => number {
  const microseconds = 1_000_000 / ticks();
  return () => {
    const all = processes();
    const family = new Set(roots);
    for (let grown = -1; grown !== family.size;) {
      grown = family.size;
      for (const { id, parent } of all) if (family.has(parent)) family.add(id);
    }
    const own = all.filter(({ id }) => family.has(id));
    return own.reduce((sum, process) => sum + process.ticks, 0) * microseconds;
  };
}
