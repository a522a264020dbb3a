import type { IncomingHttpHeaders } from 'node:http';
import { entityTagsForm } from '../contract/request-headers.ts';
import { AppError } from '../errors.ts';
import type { Preconditions } from '../versions.ts';

const entityTag = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/g;
const entityTags = new RegExp(entityTagsForm.pattern);

/** The versions that a header names. Weak tags never match, as the comparison is strong. */
function versionsIn(name: string, header: string | undefined): readonly string[] | '*' | undefined {
  if (header === undefined) return undefined;
  if (header.length > entityTagsForm.maxLength || !entityTags.test(header)) {
    throw new AppError('malformed_request', {
      detail: `${name}: send an ETag in its quotes, a list of them, or *.`,
    });
  }
  if (header.trim() === '*') return '*';
  return [...header.matchAll(entityTag)].filter(([, weak]) => !weak).map(([, , tag = '']) => tag);
}

/** @throws AppError `malformed_request` for headers that are not entity tags */
export function preconditionsOf(headers: IncomingHttpHeaders): Preconditions {
  return {
    ifMatch: versionsIn('If-Match', headers['if-match']),
    ifNoneMatch: versionsIn('If-None-Match', headers['if-none-match']),
  };
}
