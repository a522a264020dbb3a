import type { Request, Response } from 'express';
import { sendDownload } from './download.ts';
import { sendStream } from './stream.ts';
import { basePath } from '../api.ts';
import type { Endpoint } from '../contract/endpoint.ts';
import type { Download } from '../contract/files.ts';
import { type PageOfVersions, versionOfPage } from '../page-versions.ts';
import {
  names,
  type Preconditions,
  requireVersion,
  Unchanged,
  type Versioned,
} from '../versions.ts';
import { sendWhole, type WholeAnswer } from './whole-answer.ts';

export interface Exchange {
  endpoint: Endpoint;
  req: Request;
  res: Response;
  preconditions: Preconditions;
  checkAnswers: boolean;
  /** Whether the answer is a page of objects that count their changes. */
  isPage: boolean;
}

/** RFC 8288: the address of the next page, relative, so that it holds behind any proxy. */
function linkToNext(req: Request, cursor: string): string {
  const [path, query] = req.originalUrl.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters.toString()}>; rel="next"`;
}

function filledIn(template: string, answer: Record<string, unknown>): string {
  return basePath + template.replace(/:(\w+)/g, (_, name: string) => String(answer[name]));
}

export function setCaching({ endpoint, res }: Exchange): void {
  if (endpoint.secret) res.setHeader('Cache-Control', 'no-store');
  else if (endpoint.access !== 'public') {
    res.setHeader('Cache-Control', 'private, no-cache');
    res.vary('Authorization');
  }
}

/** Strict about what is shown: a member that the contract does not declare is a defect. */
function check({ endpoint }: Exchange, value: unknown): void {
  const declared = endpoint.answer?.strict().safeParse(value);
  if (declared && !declared.success) throw declared.error;
}

/** Whether what is read is news to the caller; a precondition may also forbid to read it. */
function isNews({ endpoint, preconditions }: Exchange, version: string): boolean {
  if (endpoint.method !== 'get') return true;
  if (names(preconditions.ifNoneMatch, version)) return false;
  requireVersion({ ...preconditions, ifNoneMatch: undefined }, version);
  return true;
}

/** What a handler returned, as its endpoint declares. */
export function composeAnswer(exchange: Exchange, answer: unknown): WholeAnswer {
  const { endpoint, req } = exchange;
  if (answer instanceof Unchanged) {
    return { status: 304, headers: { ETag: `"${answer.version}"` } };
  }
  const isTrial = endpoint.dryRun && req.query['dryRun'] === 'true';
  const { location, status } = isTrial ? { status: 200, location: undefined } : endpoint;
  if (status === 204) return { status, headers: {} };
  const headers: Record<string, string> = {};
  let value = answer as Record<string, unknown>;
  if (endpoint.versioned) {
    const { version, value: shown } = answer as Versioned<Record<string, unknown>>;
    value = shown;
    headers['ETag'] = `"${version}"`;
    if (!isNews(exchange, version)) return { status: 304, headers };
  } else if (exchange.isPage) {
    const version = versionOfPage(answer as PageOfVersions);
    headers['ETag'] = `"${version}"`;
    if (!isNews(exchange, version)) return { status: 304, headers };
  }
  if (exchange.checkAnswers) check(exchange, value);
  if (location) headers['Location'] = filledIn(location, value);
  const { nextCursor } = value;
  if (typeof nextCursor === 'string') headers['Link'] = linkToNext(req, nextCursor);
  headers['Content-Type'] = 'application/json; charset=utf-8';
  return { status, headers, body: JSON.stringify(value) };
}

/** Sends what a handler returned, as its endpoint declares. */
export async function sendAnswer(exchange: Exchange, answer: unknown): Promise<void> {
  setCaching(exchange);
  if (exchange.endpoint.download) return sendDownload(exchange, answer as Download);
  if (exchange.endpoint.streamed) {
    return sendStream(exchange, answer as Record<string, unknown>);
  }
  sendWhole(exchange.res, composeAnswer(exchange, answer));
}
