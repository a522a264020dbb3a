import { randomUUID } from 'node:crypto';
import { Types } from 'mongoose';
import { AppError } from '../errors.ts';
import type { Database } from './connection.ts';
import { isDuplicateKey } from './duplicate-key.ts';
import { IdempotencyKeyModel, type IdempotencyKeyRecord } from './idempotency-keys.model.ts';

/** In milliseconds. */
const keptFor = 86_400_000;
const lease = 10_000;
const renewal = 3_000;

/** A request that is to have one effect, however often it is sent. */
export interface KeyedRequest {
  readonly id: string;
  readonly userId: Types.ObjectId | undefined;
  /** What is asked, as it is stored. */
  readonly request: string;
  /** Whether this was stored of the same request. */
  isSame(request: string): boolean;
}

/** The right to answer a request, for as long as it is renewed. */
export interface Claim {
  readonly id: string;
  readonly attempt: string;
  readonly seed: Types.ObjectId;
  /** Whether an earlier attempt may have written something. */
  readonly resumed: boolean;
}

const inMilliseconds = (count: number) => new Date(Date.now() + count);

/** Undefined where there is such a record already. */
async function begin({ id, userId, request }: KeyedRequest): Promise<Claim | undefined> {
  const claim = { attempt: randomUUID(), seed: new Types.ObjectId() };
  try {
    await IdempotencyKeyModel.create({
      _id: id,
      ...(userId && { userId }),
      request,
      ...claim,
      leaseEndsAt: inMilliseconds(lease),
      expiresAt: inMilliseconds(keptFor),
    });
    return { id, ...claim, resumed: false };
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
}

/** Goes on where somebody has left off; undefined where another one was faster. */
async function resume({ _id, attempt, seed }: IdempotencyKeyRecord): Promise<Claim | undefined> {
  const own = randomUUID();
  const { modifiedCount } = await IdempotencyKeyModel.updateOne(
    { _id, attempt, answer: null, leaseEndsAt: { $lte: new Date() } },
    { $set: { attempt: own, leaseEndsAt: inMilliseconds(lease) } },
  );
  return modifiedCount === 1 ? { id: _id, attempt: own, seed, resumed: true } : undefined;
}

/**
 * Decides who answers a request: one attempt at a time, and none once there is an answer.
 * @returns the claim, or the answer as it was stored
 * @throws AppError `idempotency_key_reused` for another request, `idempotency_key_in_flight`
 */
export async function claimKey(asked: KeyedRequest): Promise<Claim | { answer: string }> {
  for (;;) {
    const claim = await begin(asked);
    if (claim) return claim;
    const record = await IdempotencyKeyModel.findById(asked.id).lean<IdempotencyKeyRecord>();
    if (!record) continue;
    // The database takes its time to remove what has expired.
    if (record.expiresAt.getTime() <= Date.now()) {
      await IdempotencyKeyModel.deleteOne({ _id: asked.id, attempt: record.attempt });
      continue;
    }
    if (!asked.isSame(record.request)) throw new AppError('idempotency_key_reused');
    if (record.answer) return { answer: record.answer };
    if (record.leaseEndsAt.getTime() > Date.now()) {
      throw new AppError('idempotency_key_in_flight', { retryAfter: 1 });
    }
    const resumed = await resume(record);
    if (resumed) return resumed;
  }
}

/**
 * Keeps others from trying while this goes on. One renewal that fails is made up for by the next; if
 * all do, the lease ends, and the answer of this attempt is not taken.
 * @returns what ends it
 */
export function renewLease({ id, attempt }: Claim, { run }: Pick<Database, 'run'>): () => void {
  const renew = () => {
    const changes = { $set: { leaseEndsAt: inMilliseconds(lease) } };
    run(() => IdempotencyKeyModel.updateOne({ _id: id, attempt }, changes).exec()).catch(() => {});
  };
  const timer = setInterval(renew, renewal).unref();
  return () => clearInterval(timer);
}

/**
 * Stores the answer, which may be shown from then on.
 * @throws AppError `idempotency_key_in_flight` if another attempt has taken over meanwhile
 */
export async function keepAnswer({ id, attempt }: Claim, answer: string): Promise<void> {
  const own = { _id: id, attempt, answer: null };
  const { modifiedCount } = await IdempotencyKeyModel.updateOne(own, { $set: { answer } });
  if (modifiedCount === 1) return;
  throw new AppError('idempotency_key_in_flight', { retryAfter: 1 });
}

/** Lets the same request be tried again, by which the same objects get the same ids. */
export async function pauseClaim({ id, attempt }: Claim): Promise<void> {
  const changes = { $set: { attempt: '', leaseEndsAt: new Date(0) } };
  await IdempotencyKeyModel.updateOne({ _id: id, attempt }, changes);
}

/** Lets the key be used again, also for another request. */
export async function giveUpClaim({ id, attempt }: Claim): Promise<void> {
  await IdempotencyKeyModel.deleteOne({ _id: id, attempt });
}

/** Forgets what a user has asked; may be repeated. */
export async function forgetIdempotencyKeysOf(userId: Types.ObjectId): Promise<void> {
  await IdempotencyKeyModel.deleteMany({ userId });
}
