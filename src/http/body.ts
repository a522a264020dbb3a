import { isUtf8 } from 'node:buffer';
import express, {
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { AppError } from '../errors.ts';
import { askForBody } from './expectation.ts';
import { closeUnlessRead } from './upload.ts';

const maximumBytes = 100_000;
const maximumDepth = 32;

const quote = 0x22;
const backslash = 0x5c;
const [openBrace, closeBrace] = [0x7b, 0x7d];
const [openBracket, closeBracket] = [0x5b, 0x5d];

/** Whether there are as many brackets as a body needs that nests too deep; told without a look at each byte. */
function hasManyBrackets(json: Buffer): boolean {
  let count = 0;
  for (const bracket of [openBrace, openBracket]) {
    for (let at = json.indexOf(bracket); at !== -1; at = json.indexOf(bracket, at + 1)) {
      count += 1;
      if (count > maximumDepth) return true;
    }
  }
  return false;
}

/** Whether brackets outside of strings nest deeper than any schema needs, told without parsing. */
function tooDeep(json: Buffer): boolean {
  if (!hasManyBrackets(json)) return false;
  let depth = 0;
  let inString = false;
  for (let index = 0; index < json.length; index += 1) {
    const byte = json[index];
    if (inString) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > maximumDepth) return true;
    } else if (byte === closeBrace || byte === closeBracket) depth -= 1;
  }
  return false;
}

function checkBytes(json: Buffer): void {
  if (json.length === 0) {
    throw new AppError('malformed_request', { detail: 'The body is empty: send JSON.' });
  }
  // A decoder would put U+FFFD in place of what it cannot read, and so lose it.
  if (!isUtf8(json)) {
    throw new AppError('malformed_request', { detail: 'The body is not UTF-8.' });
  }
  if (tooDeep(json)) {
    throw new AppError('malformed_request', {
      detail: `The body nests deeper than ${maximumDepth} levels.`,
    });
  }
}

const parse = express.json({
  limit: maximumBytes,
  type: () => true,
  verify: (_req, _res, bytes) => checkBytes(bytes),
});

/**
 * A compressed body may go on for ever without growing: the limit holds for what comes in as well.
 * @returns what to call in the place of `next`; only the first call counts
 */
function limited(req: Request, res: Response, next: NextFunction): NextFunction {
  if (req.headers['content-encoding'] === undefined) return next;
  let received = 0;
  let settled = false;
  const settle = (failure?: unknown) => {
    if (settled) return;
    settled = true;
    req.off('data', count);
    next(failure);
  };
  const count = ({ length }: Buffer) => {
    received += length;
    if (received <= maximumBytes) return;
    req.unpipe();
    closeUnlessRead(req, res, () => settle(new AppError('payload_too_large')));
  };
  req.on('data', count);
  return settle;
}

const charset = /;\s*charset\s*=\s*"?([^\s;"]*)/gi;

function saysUtf8(contentType: string): boolean {
  return [...contentType.matchAll(charset)].every(([, name]) => name?.toLowerCase() === 'utf-8');
}

/** Reads a JSON body of one of these media types, in UTF-8. */
export function jsonBody(mediaTypes: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const contentType = req.headers['content-type'] ?? '';
    const mediaType = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
    const { 'content-length': length, 'transfer-encoding': transfer } = req.headers;
    if (transfer === undefined && Number(length ?? 0) === 0) {
      throw new AppError('malformed_request', { detail: 'The body is empty: send JSON.' });
    }
    if (!mediaTypes.includes(mediaType) || !saysUtf8(contentType)) {
      throw new AppError('unsupported_media_type', {
        detail: `Send ${mediaTypes.join(' or ')}, in UTF-8.`,
      });
    }
    askForBody(req, res);
    parse(req, res, limited(req, res, next));
  };
}
