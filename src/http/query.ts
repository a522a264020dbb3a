import { parse } from 'node:querystring';
import { AppError } from '../errors.ts';

/**
 * Reads a query without leaving anything out: Node's own limit of 1,000 parameters would drop the
 * rest unseen, and its decoder would put U+FFFD in place of what is not UTF-8.
 * @throws AppError `malformed_request`
 */
export function parseQuery(query: string | null): Record<string, unknown> {
  if (!query) return {};
  try {
    decodeURIComponent(query);
  } catch (error) {
    throw new AppError('malformed_request', {
      detail: 'The query has a % that does not begin a character in UTF-8: write % as %25.',
      cause: error,
    });
  }
  return parse(query, '&', '=', { maxKeys: 0 });
}
