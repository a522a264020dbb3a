import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import { basePath } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { converse, exchange, speak } from './support/wire.ts';

const run = promisify(execFile);
const database = useDatabase();
const instances: Api[] = [];
let directory: string;
let ca: Buffer;
let behindProxy: Api;
let withAddress: Api;
let exposed: Api;
let encrypted: Api;

async function start(settings: Record<string, string>): Promise<Api> {
  const instance = await startInstance(database(), { ENFORCE_HTTPS: 'on', ...settings });
  instances.push(instance);
  return instance;
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'certificate-'));
  const TLS_CERT_FILE = join(directory, 'certificate.pem');
  const TLS_KEY_FILE = join(directory, 'key.pem');
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1';
  const names = ['-addext', 'subjectAltName=IP:127.0.0.1'];
  const files = ['-out', TLS_CERT_FILE, '-keyout', TLS_KEY_FILE];
  await run('openssl', [...request.split(' '), ...names, ...files]);
  ca = await readFile(TLS_CERT_FILE);
  behindProxy = await start({ TRUST_PROXY: '1' });
  withAddress = await start({ TRUST_PROXY: '1', PUBLIC_URL: 'https://tasks.example.com' });
  exposed = await start({ TRUST_PROXY: '0' });
  encrypted = await start({ TLS_CERT_FILE, TLS_KEY_FILE });
});
afterAll(async () => {
  await Promise.all(instances.map((instance) => instance.close()));
  await rm(directory, { recursive: true });
});

const https = { 'X-Forwarded-Proto': 'https' };
const get = ({ origin }: Api, path: string, headers = {}) => exchange(origin + path, { headers });

describe('403', () => {
  test.each(['/api/v1/tasks', '/api/v1/nothing', '/openapi.json', '/nothing', '/'])(
    '%s refuses plain HTTP',
    async (path) => {
      expectProblem(await get(behindProxy, path), 403, 'https_required');
      const plain = { 'X-Forwarded-Proto': 'http' };
      expectProblem(await get(behindProxy, path, plain), 403, 'https_required');
    },
  );

  test('before a password is looked at', async () => {
    const answer = await exchange(
      `${behindProxy.origin}${basePath}/auth/login`,
      { method: 'POST', headers: { 'Content-Type': 'application/json' } },
      '{"email":"ada@example.com","password":"correct horse battery"}',
    );
    expectProblem(answer, 403, 'https_required');
  });

  test('even where a client claims HTTPS and no proxy is trusted', async () => {
    const claims = { ...https, Forwarded: 'proto=https', 'X-Forwarded-Ssl': 'on' };
    expectProblem(await get(exposed, '/api/v1/tasks', claims), 403, 'https_required');
  });
});

describe('308', () => {
  const location = async (api: Api, path: string, headers = {}) => {
    const answer = await get(api, path, headers);
    expect(answer.status).toBe(308);
    return answer.headers.location;
  };

  test.each(['/docs', '/docs?deep=1&b=%20', '/problems/not-found', '/.well-known/security.txt'])(
    '%s is sent on to its https address',
    async (path) => {
      const Host = 'tasks.example.com:8080';
      expect(await location(behindProxy, path, { Host })).toBe(`https://tasks.example.com${path}`);
      expect(await location(withAddress, path)).toBe(`https://tasks.example.com${path}`);
    },
  );

  test('a target with a host in it leads to no other host', async () => {
    const lines = [
      'GET http://evil.example/docs?a=1 HTTP/1.1',
      'Host: evil.example',
      'Connection: close',
    ];
    const answer = await speak(withAddress.origin, `${lines.join('\r\n')}\r\n\r\n`);
    expect(answer.headers.location).toBe('https://tasks.example.com/docs?a=1');
  });
});

describe('Over plain HTTP', () => {
  test.each(['/livez', '/readyz', '/metrics'])('%s answers, as platforms ask', async (path) => {
    expect(await get(behindProxy, path)).toMatchObject({ status: 200 });
    expect(await get(exposed, path)).toMatchObject({ status: 200 });
  });
});

describe('Over HTTPS that ends at the trusted proxy', () => {
  test('everything is served', async () => {
    expect(await get(behindProxy, '/docs', https)).toMatchObject({ status: 200 });
    expectProblem(await get(behindProxy, '/api/v1/tasks', https), 401, 'unauthenticated');
  });
});

describe('Over HTTPS that ends here', () => {
  const secured = () => encrypted.origin.replace('http:', 'https:');

  test('an account can be made and used', async () => {
    const { status, body } = await exchange(
      `${secured()}${basePath}/auth/register`,
      { method: 'POST', ca, headers: { 'Content-Type': 'application/json' } },
      '{"email":"tls@example.com","password":"correct horse battery","name":"Ada"}',
    );
    expect(status).toBe(201);
    const headers = { Authorization: `Bearer ${String(body['accessToken'])}` };
    const list = await exchange(`${secured()}${basePath}/tasks`, { ca, headers });
    expect(list).toMatchObject({ status: 200, body: { data: [] } });
  });

  test('the certificate is the one that was set', async () => {
    await expect(exchange(`${secured()}/livez`)).rejects.toThrow(/self-signed/);
  });

  test('plain HTTP to the same port gets nothing', async () => {
    expect(await converse(encrypted.origin, 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('');
  });
});

describe('HTTPS served directly', () => {
  const protocolWith = (options: ConnectionOptions) =>
    new Promise<string | null>((resolve, reject) => {
      const { port } = new URL(encrypted.origin);
      const socket = connectTls({ host: '127.0.0.1', port: Number(port), ca, ...options }, () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on('error', reject);
    });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('speaks %s', async (version) => {
    const only = { minVersion: version, maxVersion: version };
    expect(await protocolWith(only)).toBe(version);
  });

  test.each<[string, ConnectionOptions]>([
    ['TLS 1.1', { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }],
    ['a cipher without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384' }],
    ['a cipher in CBC mode', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-SHA384' }],
  ])('refuses %s', async (_, options) => {
    await expect(protocolWith(options)).rejects.toThrow(/alert|version|handshake/i);
  });
});
