/** A process that attacks a server, apart from the one that measures how others fare. */
import { type Attack, type AttackName, type Outcome, Sockets } from './attacks.ts';
import { sendBombs } from './bombs.ts';
import { readSlowly, sendSlowly, stayIdle } from './slow-attacks.ts';
import { smuggle } from './smuggling.ts';

/** Begins an attack, asks how the one that goes on stands, or ends it. */
export type Order = Attack | 'count' | 'end';

interface Begun {
  sockets: Sockets;
  breaches: string[];
}

const begin: Record<AttackName, (attack: Attack) => Promise<Begun>> = {
  'slow requests': async (attack) => ({ sockets: await sendSlowly(attack), breaches: [] }),
  'slow readers': async (attack) => ({ sockets: await readSlowly(attack), breaches: [] }),
  'idle connections': async (attack) => ({ sockets: await stayIdle(attack), breaches: [] }),
  smuggling: smuggle,
  'compressed bombs': sendBombs,
};

let current: Begun | undefined;

function outcome(): Outcome {
  const { sockets, breaches } = current ?? { sockets: new Sockets(0), breaches: [] };
  const { all, statuses } = sockets;
  return { sockets: all.length, open: sockets.openAtServer(), statuses, breaches };
}

process.on('message', ({ order }: { order: Order }) => {
  if (typeof order === 'string') {
    process.send?.(outcome());
    if (order === 'end') current?.sockets.destroy();
  } else {
    void begin[order.name](order).then((begun) => {
      current = begun;
      process.send?.(outcome());
    });
  }
});
process.on('disconnect', () => process.exit());
