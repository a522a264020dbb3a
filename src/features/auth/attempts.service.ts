import type { Types } from 'mongoose';
import type { Origin } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { type Counted, countDown, countFromZero, countUp } from '../../database/counters.ts';
import { AppError } from '../../errors.ts';
import { isFamiliar } from './sessions.service.ts';

/** Seconds after which everything is forgiven. */
const attemptWindow = 900;

/** Failed attempts at one account within 15 minutes. */
export const attemptLimits = {
  /** From one address (IPv6: from one /64). */
  network: 10,
  /** From all addresses together, those aside from which the account was used lately. */
  account: 100,
} as const;

/** A secret of an account that somebody may be guessing. */
export interface Guessed {
  /** What is guessed: the same word for all ways to guess it. */
  readonly secret: 'password' | 'code';
  /** The account: its e-mail address in lower case, or its id; there need not be one. */
  readonly account: string;
  readonly userId: Types.ObjectId | undefined;
  readonly origin: Origin;
}

type Auth = Pick<Dependencies, 'config'>;

/**
 * Lets somebody try a secret of an account. Attempts are counted first and forgiven when they turn out
 * right, whether or not the account exists. Whoever uses the account from a known address is never
 * kept out by the attempts of others.
 * @param attempt whether the secret was right
 * @throws AppError `rate_limited` without trying, for 15 minutes at most
 */
export async function tryToGuess(
  { config }: Auth,
  { secret, account, userId, origin }: Guessed,
  attempt: () => Promise<boolean>,
): Promise<boolean> {
  if (!config.RATE_LIMIT) return attempt();
  const counted = (scope: string): Counted => ({
    key: `${secret}:${account}:${scope}`,
    window: attemptWindow,
  });
  const fromNetwork = counted(origin.network);
  const inAll = counted('');
  const [own, all] = await Promise.all([countUp(fromNetwork), countUp(inAll)]);
  if (own.count > attemptLimits.network) throw AppError.rateLimited(own.resetsAt);
  if (all.count > attemptLimits.account) {
    const familiar = userId !== undefined && (await isFamiliar(userId, origin));
    if (!familiar) throw AppError.rateLimited(all.resetsAt);
  }
  const right = await attempt();
  if (right) await Promise.all([countFromZero(fromNetwork), countDown(inAll)]);
  return right;
}
