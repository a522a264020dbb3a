import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { idempotencyKeyForm } from '../contract/request-headers.ts';
import type { Database } from '../database/connection.ts';
import {
  type Claim,
  claimKey,
  giveUpClaim,
  keepAnswer,
  type KeyedRequest,
  pauseClaim,
  renewLease,
} from '../database/idempotency-keys.ts';
import { objectId } from '../database/ids.ts';
import { repeatably } from '../database/new-id.ts';
import { AppError } from '../errors.ts';
import type { Cipher } from '../features/second-factor/cipher.ts';
import { addressOf, networkOf } from './address.ts';
import { composeAnswer, type Exchange, setCaching } from './answer.ts';
import { callerOf } from './authentication.ts';
import { pathOf } from './observation.ts';
import { answerOfFailure, statusOf, toAppError } from './problems.ts';
import { sendWhole, type WholeAnswer } from './whole-answer.ts';

interface Guards {
  cipher: Cipher;
  database: Pick<Database, 'run'>;
}

/** A request with an idempotency key. */
interface Keyed {
  exchange: Exchange;
  key: string;
  guards: Guards;
}

type Work = () => unknown;

/** Bytes of an answer's body: encrypted they are a third more, and a document has 16 MB at most. */
const maximumKept = 10_000_000;
const form = new RegExp(idempotencyKeyForm.pattern);

/**
 * The key in the header, be it in quotes or not; undefined without the header.
 * @throws AppError `malformed_request`
 */
export function idempotencyKeyOf(req: Request): string | undefined {
  const header = req.headers['idempotency-key'];
  if (header === undefined) return undefined;
  const [value = '', ...others] = req.headersDistinct['idempotency-key'] ?? [];
  const given = others.length === 0 && form.exec(value);
  if (!given) {
    throw new AppError('malformed_request', {
      detail: 'Idempotency-Key: send one, of 1 to 255 visible ASCII characters.',
    });
  }
  const [, inQuotes] = given;
  return inQuotes?.replace(/\\(.)/g, '$1') ?? value;
}

function sha256(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value, inOrder)).digest('base64url');
}

/** The same text for the same JSON, in whatever order its members come. */
function inOrder(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = value as Record<string, unknown>;
  const names = Object.keys(members).toSorted();
  return Object.fromEntries(names.map((name) => [name, members[name]]));
}

/**
 * What makes a request another one. A file that is uploaded has not been read yet: its kind and its
 * length stand for it.
 */
function digestOf({ endpoint, req }: Exchange): string {
  const { 'content-type': type, 'content-length': length } = req.headers;
  const content = endpoint.upload ? { type, length } : req.body;
  return sha256([req.method, pathOf(req), req.query, content]);
}

/** A caller's keys are their own; whoever has not signed in is known by their network. */
function keyedRequest({ exchange, key, guards }: Keyed): KeyedRequest {
  const { req, res } = exchange;
  const { cipher } = guards;
  const userId = callerOf(res.locals)?.userId;
  const caller = userId === undefined ? { network: networkOf(addressOf(req)) } : { userId };
  const digest = digestOf(exchange);
  return {
    id: sha256([caller, key]),
    userId: userId === undefined ? undefined : objectId(userId),
    request: cipher.encrypt(digest),
    isSame: (request) => opened(cipher, request) === digest,
  };
}

/** Undefined for what was encrypted with another secret: the server's may have been replaced since. */
function opened(cipher: Cipher, sealed: string): string | undefined {
  try {
    return cipher.decrypt(sealed);
  } catch {
    return undefined;
  }
}

/** Who asks may be let in later, and what is over a limit or broken may come to be right. */
function isFinal(status: number): boolean {
  return status < 500 && status !== 401 && status !== 403 && status !== 429;
}

/** The work goes on in the background when the database is lost, and takes the same ids there. */
async function answerOf({ exchange, guards }: Keyed, { seed }: Claim, work: Work) {
  try {
    const worked = await guards.database.run(() => repeatably(seed, work));
    return composeAnswer(exchange, worked);
  } catch (thrown) {
    const error = toAppError(thrown);
    if (!isFinal(statusOf[error.code])) throw error;
    return answerOfFailure(exchange.req, exchange.res, error);
  }
}

/**
 * Whatever was refused has changed nothing, so that the key is free again, for whatever mends it. What
 * has failed may have written something, and so may the attempt before this one.
 */
async function release(claim: Claim, failure: unknown): Promise<void> {
  const failed = statusOf[toAppError(failure).code] >= 500;
  await (failed || claim.resumed ? pauseClaim(claim) : giveUpClaim(claim));
}

/** The body as it is, after a line with the rest. */
function written({ body = '', ...rest }: WholeAnswer): string {
  return `${JSON.stringify(rest)}\n${body}`;
}

function read(text: string): WholeAnswer {
  const end = text.indexOf('\n');
  const rest = JSON.parse(text.slice(0, end)) as WholeAnswer;
  return { ...rest, body: text.slice(end + 1) || undefined };
}

/** Answers and keeps the answer, in this order: what was shown can be shown again. */
async function answerFirst(keyed: Keyed, claim: Claim, work: Work): Promise<WholeAnswer> {
  const { cipher, database } = keyed.guards;
  const stopRenewing = renewLease(claim, database);
  try {
    const answer = await answerOf(keyed, claim, work);
    const isKept = Buffer.byteLength(answer.body ?? '') <= maximumKept;
    const sealed = isKept ? cipher.encrypt(written(answer)) : undefined;
    await database.run(() =>
      sealed === undefined ? pauseClaim(claim) : keepAnswer(claim, sealed),
    );
    return answer;
  } catch (failure) {
    // Where this fails as well, the lease ends soon.
    await database.run(() => release(claim, failure)).catch(() => {});
    throw failure;
  } finally {
    stopRenewing();
  }
}

/**
 * Claims the key, unless the database is lost meanwhile: the claim may then still be made once it is
 * back, and is given up at once, as nobody would answer.
 */
async function claimWhileThere(keyed: Keyed) {
  const { database } = keyed.guards;
  let lost = false;
  const claiming = async () => {
    const claimed = await claimKey(keyedRequest(keyed));
    if (lost && !('answer' in claimed)) await pauseClaim(claimed);
    return claimed;
  };
  try {
    return await database.run(claiming);
  } catch (failure) {
    lost = true;
    throw failure;
  }
}

/**
 * Answers a request with an idempotency key (draft-ietf-httpapi-idempotency-key-header): does its work
 * once, and gives the same answer to every repetition for 24 hours.
 * @throws AppError `idempotency_key_reused`, `idempotency_key_in_flight`
 */
export async function answerOnce(keyed: Keyed, work: Work): Promise<void> {
  const { exchange, guards } = keyed;
  const claimed = await claimWhileThere(keyed);
  setCaching(exchange);
  if (!('answer' in claimed)) {
    sendWhole(exchange.res, await answerFirst(keyed, claimed, work));
    return;
  }
  const stored = read(guards.cipher.decrypt(claimed.answer));
  exchange.res.setHeader('Idempotent-Replayed', 'true');
  sendWhole(exchange.res, stored);
}
