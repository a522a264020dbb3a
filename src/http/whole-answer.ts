import type { Response } from 'express';
import type { ErrorCode } from '../errors.ts';
import { expectReading } from './readers.ts';

/** An answer in one piece, which can be sent or kept. */
export interface WholeAnswer {
  readonly status: number;
  /** But for its length, and what belongs to each exchange. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  /** Of a failure, for the request's line in the log. */
  readonly code?: ErrorCode;
}

/** Ends the exchange with an answer. */
export function sendWhole(res: Response, { status, headers, body, code }: WholeAnswer): void {
  if (code !== undefined) res.locals['code'] = code;
  res.statusCode = status;
  for (const name in headers) res.setHeader(name, headers[name] ?? '');
  if (body !== undefined) res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
  if (body !== undefined) expectReading(res, body.length);
}
