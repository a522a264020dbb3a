import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface ObjectStorage {
  /** For the setting ATTACHMENT_STORAGE_URL. */
  readonly setting: string;
  readonly objects: ReadonlyMap<string, Buffer>;
  /** The requests as they came, such as `PUT /bucket/key`. */
  readonly requests: readonly string[];
  /** The headers of the newest request. */
  lastHeaders(): Record<string, unknown>;
  /** From now on every request is answered with this status; undefined: as it should be. */
  fail(status: number | undefined): void;
  stop(): Promise<void>;
}

const region = 'eu-test-1';
const accessKeyId = 'AKIATEST/+=';
const secretAccessKey = 'a/secret+with=signs %&?';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text);

/** AWS Signature Version 4 of a request, as its documentation derives it. */
function signatureOf(req: IncomingMessage, signedHeaders: string[], scope: string): string {
  const { pathname, searchParams } = new URL(req.url ?? '/', 'http://x');
  const canonical = [
    req.method,
    pathname,
    new URLSearchParams([...searchParams].toSorted()).toString(),
    ...signedHeaders.map((name) => `${name}:${String(req.headers[name] ?? '').trim()}`),
    '',
    signedHeaders.join(';'),
    req.headers['x-amz-content-sha256'],
  ].join('\n');
  const [date = ''] = scope.split('/');
  const toSign = ['AWS4-HMAC-SHA256', req.headers['x-amz-date'], scope, sha256(canonical)];
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part).digest(),
    `AWS4${secretAccessKey}`,
  );
  return hmac(key, toSign.join('\n')).digest('hex');
}

const form =
  /^AWS4-HMAC-SHA256 Credential=([^,]+?)\/(\d{8}\/[^/]+\/s3\/aws4_request), SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/;

/** What S3 would object to; undefined where the request is signed as it must be. */
function objectionTo(req: IncomingMessage): string | undefined {
  const [, id, scope = '', headers = '', signature] =
    form.exec(req.headers.authorization ?? '') ?? [];
  const signed = headers.split(';');
  const required = ['host', 'x-amz-content-sha256', 'x-amz-date'];
  if (id !== accessKeyId) return 'InvalidAccessKeyId';
  if (!required.every((name) => signed.includes(name))) return 'AccessDenied';
  if (scope.split('/')[1] !== region) return 'AuthorizationHeaderMalformed';
  return signatureOf(req, signed, scope) === signature ? undefined : 'SignatureDoesNotMatch';
}

function refuse(res: ServerResponse, status: number, code: string): void {
  res.writeHead(status, { 'Content-Type': 'application/xml', Connection: 'close' });
  res.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>No.</Message></Error>`);
}

function give(req: IncomingMessage, res: ServerResponse, whole: Buffer): void {
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(req.headers.range ?? '') ?? [];
  const part = first === undefined ? whole : whole.subarray(Number(first), Number(last) + 1);
  res.writeHead(first === undefined ? 200 : 206, { 'Content-Length': part.length });
  res.end(part);
}

/** Starts what behaves like the parts of S3 that attachments need, on a free port of 127.0.0.1. */
export async function startObjectStorage(): Promise<ObjectStorage> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  let lastHeaders: Record<string, unknown> = {};
  let failing: number | undefined;
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const path = req.url ?? '/';
    requests.push(`${req.method} ${path}`);
    lastHeaders = req.headers;
    const objection = objectionTo(req);
    if (failing !== undefined) return refuse(res, failing, 'SlowDown');
    if (objection !== undefined) return refuse(res, 403, objection);
    const found = objects.get(path);
    if (req.method === 'PUT' && req.headers['content-length'] === undefined) {
      return refuse(res, 411, 'MissingContentLength');
    }
    if (req.method === 'PUT') {
      objects.set(path, await buffer(req));
      res.end();
    } else if (req.method === 'DELETE') {
      objects.delete(path);
      res.writeHead(204).end();
    } else if (found) give(req, res, found);
    else refuse(res, 404, 'NoSuchKey');
    return undefined;
  }
  // An upload that breaks off leaves no object.
  server.on('request', (req, res) => void answer(req, res).catch(() => res.destroy()));

  const credentials = [accessKeyId, secretAccessKey].map(encodeURIComponent).join(':');
  return {
    setting: `s3+http://${credentials}@127.0.0.1:${port}/bucket/folder?region=${region}`,
    objects,
    requests,
    lastHeaders: () => lastHeaders,
    fail: (status) => {
      failing = status;
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
