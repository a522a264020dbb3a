import { once } from 'node:events';
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request as plain,
} from 'node:http';
import { request as encrypted, type RequestOptions } from 'node:https';
import { connect } from 'node:net';
import { text as readText } from 'node:stream/consumers';

/** An answer as it came over the wire. */
export interface WireAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** What the text says as JSON; an empty object for any other media type. */
  body: Record<string, unknown>;
}

function answerOf(status: number, headers: IncomingHttpHeaders, text: string): WireAnswer {
  const isJson = /^application\/(\S+\+)?json/.test(headers['content-type'] ?? '') && text !== '';
  return { status, headers, text, body: isJson ? JSON.parse(text) : {} };
}

async function read(response: IncomingMessage): Promise<WireAnswer> {
  return answerOf(response.statusCode ?? 0, response.headers, await readText(response));
}

type WireRequest = Omit<RequestOptions, 'headers'> & { headers?: OutgoingHttpHeaders };

/** A request to which nothing is added but Host: no media type, no Accept, no encoding. */
export async function exchange(
  address: string,
  { headers = {}, ...options }: WireRequest = {},
  body?: string | Uint8Array,
): Promise<WireAnswer> {
  const { protocol, hostname, port } = new URL(address);
  // Not by URL, which would normalise the path.
  const path = address.slice(address.indexOf('/', `${protocol}//`.length));
  const send = protocol === 'https:' ? encrypted : plain;
  // Node would send the body of a DELETE without saying that there is one.
  const framing =
    body === undefined || headers['Transfer-Encoding'] !== undefined
      ? {}
      : { 'Content-Length': Buffer.byteLength(body) };
  const request = send({
    hostname,
    port,
    path,
    agent: false,
    headers: { ...framing, ...headers },
    ...options,
  });
  request.end(body);
  const answered = once(request, 'response').then(([response]) =>
    read(response as IncomingMessage),
  );
  // An answer may come before the body is out: the exchange is over only after both.
  const [answer] = await Promise.all([answered, once(request, 'close')]);
  return answer;
}

/** Writes these bytes to the server and reads until it closes the connection. */
export async function converse(origin: string, bytes: string | Uint8Array): Promise<string> {
  const { hostname, port } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // A server that refuses what it has not read to the end may reset the connection after its answer.
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString();
}

/**
 * The answer to a request that is spelled out, down to its `Connection: close`.
 * @throws Error where anything follows the first answer
 */
export async function speak(origin: string, bytes: string | Uint8Array): Promise<WireAnswer> {
  const received = await converse(origin, bytes);
  const [head = '', ...rest] = received.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => {
      const [name = '', ...value] = line.split(':');
      return [name.toLowerCase(), value.join(':').trim()];
    }),
  );
  const content = rest.join('\r\n\r\n');
  const length = Number(headers['content-length'] ?? 0);
  if (Buffer.byteLength(content) !== length) throw new Error(`not one answer: ${content}`);
  return answerOf(Number(statusLine.split(' ')[1]), headers, content);
}
