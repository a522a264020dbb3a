import type { Response } from 'express';
import * as z from 'zod';
import type { Exchange } from './answer.ts';
import { writeAsTaken } from './readers.ts';

/** Characters that are gathered before they are sent, as each write costs more than its bytes. */
const pieceLength = 16_384;
/** Bytes that a page of a list takes in memory while its items are sent: rather many. */
const pageSize = 1_000_000;

function isAsync(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

function strictly(schema: unknown): z.ZodType {
  return schema instanceof z.ZodObject ? schema.strict() : (schema as z.ZodType);
}

/** Strict about what is shown, as for answers in one piece; a list is checked item by item. */
function checkOf({ endpoint, checkAnswers }: Exchange, name: string): (value: unknown) => void {
  if (!checkAnswers) return () => {};
  const declared = endpoint.answer?.shape[name];
  if (declared === undefined) throw new TypeError(`${name} is not declared`);
  const checked = strictly(declared instanceof z.ZodArray ? declared.element : declared);
  return (value) => {
    for (const each of declared instanceof z.ZodArray && Array.isArray(value) ? value : [value]) {
      checked.parse(each);
    }
  };
}

async function* membersOf(
  exchange: Exchange,
  answer: Record<string, unknown>,
): AsyncGenerator<string> {
  let before = '{';
  for (const [name, value] of Object.entries(answer)) {
    const check = checkOf(exchange, name);
    yield `${before}\n${JSON.stringify(name)}: `;
    before = ',';
    if (!isAsync(value)) {
      check(value);
      yield JSON.stringify(value);
      continue;
    }
    let separator = '[';
    for await (const item of value) {
      check(item);
      yield `${separator}\n${JSON.stringify(item)}`;
      separator = ',';
    }
    yield separator === '[' ? '[]' : '\n]';
  }
  yield '\n}\n';
}

async function* piecesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let piece = '';
  for await (const text of texts) {
    piece += text;
    if (piece.length < pieceLength) continue;
    yield piece;
    piece = '';
  }
  yield piece;
}

async function* joined<Piece>(first: Piece, rest: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  yield first;
  yield* rest;
}

function begin({ endpoint, res }: Exchange): void {
  const { attachment, status } = endpoint;
  res.statusCode = status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  if (attachment) res.setHeader('Content-Disposition', `attachment; filename="${attachment}"`);
}

/**
 * Sends an answer as fast as the caller reads it, without holding it in memory. What fails before the
 * first piece is out is answered as any failure; later it breaks the connection off, so that half an
 * answer cannot be taken for a whole one. A HEAD request begins nothing that comes bit by bit.
 */
export async function sendStream(
  exchange: Exchange,
  answer: Record<string, unknown>,
): Promise<void> {
  const { req, res } = exchange;
  if (req.method === 'HEAD') {
    begin(exchange);
    res.end();
    return;
  }
  await sendPieces(res, piecesOf(membersOf(exchange, answer)), () => begin(exchange), pageSize);
}

/** Sends pieces as `sendStream` does; the head of the answer is made once the first of them is there. */
export async function sendPieces(
  res: Response,
  given: AsyncIterable<string | Uint8Array>,
  makeHead: () => void,
  source?: number,
): Promise<void> {
  const iterator = given[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done || res.destroyed) {
    await iterator.return?.();
    return;
  }
  const rest = { [Symbol.asyncIterator]: () => iterator };
  makeHead();
  await writeAsTaken(res, joined(first.value, rest), source);
}
