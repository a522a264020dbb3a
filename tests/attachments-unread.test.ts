import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { begin, owner } from './support/attachments.ts';
import { basePath, signUp } from './support/factories.ts';
import { converse, exchange } from './support/wire.ts';

const api = useApi();

/** The head of an upload whose body does not come. */
function head(path: string, token: string | undefined, more: string[] = []): string {
  const authorization = token === undefined ? [] : [`Authorization: Bearer ${token}`];
  const lines = [`POST ${basePath}${path} HTTP/1.1`, 'Host: x', 'Content-Length: 900000'];
  return [...lines, ...authorization, ...more, '', ''].join('\r\n');
}

describe('a refusal', () => {
  test('comes before the body, and closes the connection', async () => {
    const { member, path } = await owner(api());
    const stranger = await signUp(api());
    const { accessToken } = member;
    const cases: [string, string][] = [
      ['401', head(`${path}?name=x`, undefined)],
      ['401', head(`${path}?name=x`, 'wrong')],
      ['404', head(`${path}?name=x`, stranger.accessToken)],
      ['406', head(`${path}?name=x`, accessToken, ['Accept: text/html'])],
      ['415', head(`${path}?name=x`, accessToken, ['Content-Type: multipart/form-data'])],
      ['422', head(path, accessToken)],
    ];
    for (const [status, bytes] of cases) {
      const received = await converse(api().origin, bytes);
      expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      expect(received).toMatch(/^connection: close\r$/im);
      expect(received).toMatch(/^content-type: application\/problem\+json/im);
    }
  });

  test('reaches whoever goes on sending, and takes in next to nothing', async () => {
    const { path } = await owner(api());
    const accepted = once(api().server, 'connection') as Promise<[Socket]>;
    const body = Buffer.alloc(50_000_000);
    const { hostname, port } = new URL(api().origin);
    const client = connect(Number(port), hostname);
    client.on('error', () => undefined);
    client.write(head(`${path}?name=x`, undefined).replace('900000', String(body.length)));
    client.write(body);
    const closed = new Promise((resolve) => client.once('close', resolve));
    const first = await new Promise((resolve) => client.once('data', resolve));
    expect(String(first)).toMatch(/^HTTP\/1.1 401 /);
    const [socket] = await accepted;
    await closed;
    expect(socket.bytesRead).toBeLessThan(5_000_000);
  });
});

describe('Expect: 100-continue', () => {
  test('is met only once the upload is wanted', async () => {
    const { member, path } = await owner(api());
    const expecting = ['Expect: 100-continue'];
    const refused = await converse(api().origin, head(`${path}?name=x`, 'wrong', expecting));
    expect(refused).toMatch(/^HTTP\/1.1 401 /);
    const { sending, answer } = begin(api(), member, path, {
      'Content-Length': '5',
      Expect: '100-continue',
    });
    await once(sending, 'continue');
    sending.end('Hello');
    expect((await answer).statusCode).toBe(201);
  });

  test('is met for JSON as well', async () => {
    const member = await signUp(api());
    const answer = await exchange(
      `${api().origin}${basePath}/tasks`,
      {
        method: 'POST',
        headers: {
          Authorization: `Bearer ${member.accessToken}`,
          'Content-Type': 'application/json',
          Expect: '100-continue',
        },
      },
      JSON.stringify({ title: 'Pay rent' }),
    );
    expect(answer.status).toBe(201);
  });
});

describe('the time limit of requests', () => {
  test('ends a JSON body that does not come, but no upload', async () => {
    const { server, origin } = api();
    const { headersTimeout, requestTimeout } = server;
    const { member, path } = await owner(api());
    const { sending, answer } = begin(api(), member, path, { 'Content-Length': '10' });
    const overdue = new Promise((resolve) => {
      server.on('clientError', ({ code }: NodeJS.ErrnoException, socket) => {
        const isOfUpload = (socket as Socket).remotePort === sending.socket?.localPort;
        if (code === 'ERR_HTTP_REQUEST_TIMEOUT' && isOfUpload) resolve(code);
      });
    });
    Object.assign(server, { headersTimeout: 500, requestTimeout: 500 });
    try {
      sending.write('Hello');
      const slow = head('/tasks', member.accessToken, ['Content-Type: application/json']);
      const refused = converse(origin, slow);
      expect(await refused).toMatch(/^HTTP\/1.1 408 /);
      await overdue;
      sending.end('World');
      expect((await answer).statusCode).toBe(201);
    } finally {
      Object.assign(server, { headersTimeout, requestTimeout });
    }
  });
});
