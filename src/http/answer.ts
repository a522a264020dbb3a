import type { Request, Response } from 'express';
import { sendStream } from './stream.ts';
import { basePath } from '../api.ts';
import type { Endpoint } from '../contract/endpoint.ts';
import { names, type Preconditions, requireVersion, type Versioned } from '../versions.ts';

export interface Exchange {
  endpoint: Endpoint;
  req: Request;
  res: Response;
  preconditions: Preconditions;
  checkAnswers: boolean;
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

function setCaching({ endpoint, res }: Exchange): void {
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

/** Sends what a handler returned, as its endpoint declares. */
export async function sendAnswer(exchange: Exchange, answer: unknown): Promise<void> {
  const { endpoint, req, res, preconditions } = exchange;
  setCaching(exchange);
  if (endpoint.streamed) return sendStream(exchange, answer as Record<string, unknown>);
  if (endpoint.status === 204) {
    res.statusCode = 204;
    res.end();
    return;
  }
  let value = answer as Record<string, unknown>;
  if (endpoint.versioned) {
    const { version, value: shown } = answer as Versioned<Record<string, unknown>>;
    value = shown;
    res.setHeader('ETag', `"${version}"`);
    if (endpoint.method === 'get') {
      if (names(preconditions.ifNoneMatch, version)) {
        res.statusCode = 304;
        res.end();
        return;
      }
      requireVersion({ ...preconditions, ifNoneMatch: undefined }, version);
    }
  }
  if (exchange.checkAnswers) check(exchange, value);
  if (endpoint.location) res.setHeader('Location', filledIn(endpoint.location, value));
  const { nextCursor } = value;
  if (typeof nextCursor === 'string') res.setHeader('Link', linkToNext(req, nextCursor));
  const body = JSON.stringify(value);
  res.statusCode = endpoint.status;
  res.setHeader('Content-Type', 'application/json; charset=utf-8');
  res.setHeader('Content-Length', Buffer.byteLength(body));
  res.end(body);
}
