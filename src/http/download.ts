import type { Request, Response } from 'express';
import type { ByteRange, Download } from '../contract/files.ts';
import { AppError } from '../errors.ts';
import { names, requireVersion } from '../versions.ts';
import type { Exchange } from './answer.ts';
import { sendPieces } from './stream.ts';

/** Whatever the file is: a browser may neither show it as a page of this server nor run it. */
const policy = "default-src 'none'; frame-ancestors 'none'; sandbox";

/** RFC 8187, section 3.2.1. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** RFC 6266: the name as it is, and one in ASCII for what does not know RFC 8187. */
function disposition(name: string): string {
  const ascii = name.replace(/[^\x20-\x7e]|["%\\]/gu, '_');
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded(name)}`;
}

/**
 * The part that a Range header asks for (RFC 9110, section 14). Undefined for the whole: without one,
 * and with what may be ignored, which is several ranges at a time.
 * @throws AppError `range_not_satisfiable` for a part that begins after the end
 */
function rangeOf(req: Request, res: Response, { size, version }: Download): ByteRange | undefined {
  const { range, 'if-range': condition } = req.headers;
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
  const isOther = condition !== undefined && condition !== `"${version}"`;
  if (req.method !== 'GET' || isOther || (from === '' && to === '')) return undefined;
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined;
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (first <= last) return { first, last };
  res.setHeader('Content-Range', `bytes */${size}`);
  throw new AppError('range_not_satisfiable');
}

function begin({ res }: Exchange, file: Download, range: ByteRange | undefined): void {
  const { mediaType, name, size } = file;
  const isText = mediaType === 'text/plain';
  res.statusCode = range ? 206 : 200;
  res.setHeader('Accept-Ranges', 'bytes');
  res.setHeader('Content-Disposition', disposition(name));
  res.setHeader('Content-Length', range ? range.last - range.first + 1 : size);
  if (range) res.setHeader('Content-Range', `bytes ${range.first}-${range.last}/${size}`);
  res.setHeader('Content-Security-Policy', policy);
  res.setHeader('Content-Type', isText ? `${mediaType}; charset=utf-8` : mediaType);
  res.setHeader('X-Content-Type-Options', 'nosniff');
}

/** Sends a file, or the part of it that is asked for, as fast as the caller reads it. */
export async function sendDownload(exchange: Exchange, file: Download): Promise<void> {
  const { req, res, preconditions } = exchange;
  res.setHeader('ETag', `"${file.version}"`);
  if (names(preconditions.ifNoneMatch, file.version)) {
    res.statusCode = 304;
    res.end();
    return;
  }
  requireVersion({ ...preconditions, ifNoneMatch: undefined }, file.version);
  const range = rangeOf(req, res, file);
  if (req.method === 'HEAD') {
    begin(exchange, file, range);
    res.end();
    return;
  }
  await sendPieces(res, file.open(range), () => begin(exchange, file, range));
}
