import { Agent, type IncomingHttpHeaders, request as startRequest } from 'node:http';

/** What a caller sends; an object goes as JSON. */
export interface Call {
  method?: string;
  /** Below the address of the server. */
  path: string;
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: object | string | Buffer;
}

export interface Reply {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** Milliseconds without an answer after which a call has failed: longer than any answer may take. */
const patience = 30_000;

/** How a call goes over the wire. */
export function wired({ token, headers = {}, body }: Call) {
  const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
  const content = isJson ? JSON.stringify(body) : body;
  return {
    content,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(isJson && { 'content-type': 'application/json' }),
      ...(content !== undefined && { 'content-length': Buffer.byteLength(content) }),
      ...headers,
    },
  };
}

/**
 * Calls a server over connections that are kept alive.
 * @throws Error where there is no whole answer
 */
export function createCaller(origin: string, agent = new Agent({ keepAlive: true })) {
  return (call: Call): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const { content, headers } = wired(call);
      const options = { agent, method: call.method ?? 'GET', headers };
      const request = startRequest(origin + call.path, options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      });
      request.setTimeout(patience, () => request.destroy(new Error('no answer in time')));
      request.once('error', reject);
      request.end(content);
    });
}
