import { createHash } from 'node:crypto';
import type { RequestIds } from '../../contract/endpoint.ts';
import type { Logger } from '../../logger.ts';

/** Milliseconds for the whole question. */
const patience = 1000;
/** A real answer has about 60 kB. */
const maximumBytes = 1_000_000;

/** Whether a password is known from a breach; false when that cannot be found out. Never throws. */
export type BreachCheck = (password: string, ids?: RequestIds) => Promise<boolean>;

/** Says in its message what is wrong, and nothing of what was asked. */
class UnusableAnswer extends Error {}

/** @throws UnusableAnswer */
async function readText(answer: Response): Promise<string> {
  if (answer.status !== 200 || !answer.body) {
    await answer.body?.cancel();
    throw new UnusableAnswer(`status ${answer.status}`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > maximumBytes) throw new UnusableAnswer('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}

/**
 * How often each hash of the range was found, by what follows the prefix; padding has a count of 0.
 * @throws UnusableAnswer
 */
function parseRange(text: string): Map<string, number> {
  const lines = text.matchAll(/^([0-9A-F]{35}):(\d+)\r?$/gim);
  const counts = new Map(
    Array.from(lines, ([, suffix = '', count]) => [suffix.toUpperCase(), Number(count)]),
  );
  if (counts.size === 0) throw new UnusableAnswer('not a range');
  return counts;
}

/** Of an error of `fetch` only what cannot contain the address that was asked, and so the prefix. */
function reasonFor(error: unknown): string {
  if (error instanceof UnusableAnswer) return error.message;
  const { name, cause } = error as { name?: unknown; cause?: { code?: unknown } };
  return String(cause?.code ?? name);
}

/**
 * Asks a service with the range API of Have I Been Pwned: the service learns five of the 40 digits of
 * the SHA-1 hash, and not even from the size of its answer can others tell which (padding). A service
 * that fails or takes longer than a second keeps nobody from choosing a password.
 * @param url where `/range/` is found; without it nothing is ever asked
 */
export function createBreachCheck(
  url: string | undefined,
  logger: Pick<Logger, 'warn'>,
): BreachCheck {
  if (url === undefined) return async () => false;
  const base = url.replace(/\/+$/, '');

  return async (password, ids) => {
    const hash = createHash('sha1').update(password).digest('hex').toUpperCase();
    try {
      const answer = await fetch(`${base}/range/${hash.slice(0, 5)}`, {
        headers: { 'add-padding': 'true', 'user-agent': 'task-manager-api' },
        redirect: 'error',
        signal: AbortSignal.timeout(patience),
      });
      const counts = parseRange(await readText(answer));
      return (counts.get(hash.slice(5)) ?? 0) > 0;
    } catch (error) {
      const reason = reasonFor(error);
      logger.warn({ ...ids, reason }, 'breached passwords could not be asked for');
      return false;
    }
  };
}
