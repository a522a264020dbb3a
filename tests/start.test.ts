import { describe, expect, jest, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createClient } from '../src/client.ts';
import { newAccount } from './support/clients.ts';
import { type ApiProcess, inFolder, originOf, startProcess } from './support/processes.ts';

// Each test starts processes, which takes seconds on a busy machine.
jest.setTimeout(60_000);

const database = () => `${process.env['DATABASE_FOR_TESTS']}/test-${randomUUID()}`;
const settings = () => ({ MONGODB_URI: database(), PORT: '0', BCRYPT_COST: '4' });

async function stop({ child, ended }: ApiProcess, signal: NodeJS.Signals = 'SIGTERM') {
  child.kill(signal);
  return ended;
}

/** Ends the process whatever happens in the test. */
async function running(
  folder: string,
  given: Record<string, string>,
  use: (api: ApiProcess) => Promise<void>,
): Promise<void> {
  const api = startProcess(folder, given);
  try {
    await use(api);
  } finally {
    api.child.kill('SIGKILL');
    await api.ended;
  }
}

describe('a start that cannot be', () => {
  test('lists every bad setting and nothing else, and exits with 1', () =>
    inFolder(async (folder) => {
      const bad = { NODE_ENV: 'production', PORT: 'planted', JWT_SECRET: 'planted' };
      const { status, complaint } = await startProcess(folder, bad).ended;
      expect(status).toBe(1);
      expect(complaint).toBe(
        [
          'These settings need attention:',
          '  - PORT: must be a whole number from 0 to 65535',
          '  - JWT_SECRET: must have at least 32 bytes',
          '  - MONGODB_URI: is required in production',
          '',
        ].join('\n'),
      );
    }));

  test('reads .env in its folder', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, '.env'), 'LOG_LEVEL=planted\n');
      const { status, complaint } = await startProcess(folder, {}).ended;
      expect(status).toBe(1);
      expect(complaint).toMatch(/^These settings need attention:\n {2}- LOG_LEVEL: .*\n$/);
    }));

  test('says that the port is in use', () =>
    inFolder(async (folder) => {
      const other = createServer().listen(0, '0.0.0.0');
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const api = startProcess(folder, { ...settings(), PORT: String(port) });
      const { status, complaint } = await api.ended;
      other.close();
      expect({ status, complaint }).toEqual({
        status: 1,
        complaint: `PORT: ${port} is in use; set another one\n`,
      });
    }));

  test('says that the address cannot be listened on', () =>
    inFolder(async (folder) => {
      const api = startProcess(folder, { ...settings(), HOST: '192.0.2.1' });
      const { status, complaint } = await api.ended;
      expect({ status, complaint }).toEqual({
        status: 1,
        complaint: 'HOST: 192.0.2.1 cannot be listened on (EADDRNOTAVAIL)\n',
      });
    }));

  test('says which file of the certificate cannot be read', () =>
    inFolder(async (folder) => {
      const cert = join(folder, 'cert.pem');
      await writeFile(cert, 'not a certificate');
      const files = { TLS_CERT_FILE: cert, TLS_KEY_FILE: join(folder, 'absent.pem') };
      const { status, complaint } = await startProcess(folder, { ...settings(), ...files }).ended;
      expect(status).toBe(1);
      expect(complaint).toBe('TLS_KEY_FILE: the file cannot be read (ENOENT)\n');
    }));

  test('says that the certificate is none', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'cert.pem');
      await writeFile(file, 'not a certificate');
      const files = { TLS_CERT_FILE: file, TLS_KEY_FILE: file };
      const { status, complaint } = await startProcess(folder, { ...settings(), ...files }).ended;
      expect(status).toBe(1);
      expect(complaint).toMatch(
        /^TLS_CERT_FILE, TLS_KEY_FILE: are not a PEM certificate and its key \(\w+\)\n$/,
      );
    }));
});

describe('a running process', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('ends with 0 on %s', (signal) =>
    inFolder((folder) =>
      running(folder, settings(), async (api) => {
        await originOf(api);
        expect(await stop(api, signal)).toEqual({ status: 0, signal: null, complaint: '' });
      }),
    ),
  );

  test('writes nothing but JSON lines in production', () =>
    inFolder((folder) => {
      const required = { ...settings(), NODE_ENV: 'production', BCRYPT_COST: '10' };
      return running(folder, { ...required, JWT_SECRET: randomUUID() }, async (api) => {
        await api.line(/"database connected"/);
        await stop(api);
        expect(api.lines.every((line) => 'msg' in (JSON.parse(line) as object))).toBe(true);
        expect(await readdir(folder)).toEqual([]);
      });
    }));

  test('is ready as soon as it listens', () =>
    inFolder((folder) =>
      running(folder, settings(), async (api) => {
        expect((await fetch(`${await originOf(api)}/readyz`)).status).toBe(200);
      }),
    ));

  test('answers while its database is away', () =>
    inFolder((folder) => {
      const away = { ...settings(), MONGODB_URI: 'mongodb://127.0.0.1:9/away' };
      return running(folder, away, async (api) => {
        const origin = await originOf(api);
        expect((await fetch(`${origin}/livez`)).status).toBe(200);
        expect((await fetch(`${origin}/readyz`)).status).toBe(503);
        expect(await stop(api)).toMatchObject({ status: 0, complaint: '' });
      });
    }));
});

describe('without settings', () => {
  test('accounts, tasks and tokens survive a restart', () =>
    inFolder(async (folder) => {
      const tokens: string[] = [];
      const given = { PORT: '0', BCRYPT_COST: '4' };
      const client = (baseUrl: string) =>
        createClient({ baseUrl, accessToken: () => tokens.at(-1) });

      await running(folder, given, async (api) => {
        const baseUrl = await originOf(api);
        await api.line(/^Task Manager API: http/);
        const signIn = await client(baseUrl).auth.register({ body: newAccount() });
        tokens.push(signIn.accessToken);
        await client(baseUrl).tasks.create({ body: { title: 'Still here' } });
        expect(await stop(api)).toEqual({ status: 0, signal: null, complaint: '' });
      });

      await running(folder, given, async (api) => {
        const baseUrl = await originOf(api);
        await api.line(/^Task Manager API: http/);
        const { data } = await client(baseUrl).tasks.list();
        expect(data.map(({ title }) => title)).toEqual(['Still here']);
        await stop(api);
      });
    }));

  test('makes a secret that only its owner can read, and keeps it', () =>
    inFolder(async (folder) => {
      const file = join(folder, '.data', 'jwt-secret');
      const secrets: string[] = [];
      for (const _ of ['first', 'second']) {
        await running(folder, settings(), async (api) => {
          await originOf(api);
          secrets.push(await readFile(file, 'utf8'));
        });
      }
      expect(secrets[0]).toMatch(/^[\w-]{64}$/);
      expect(secrets[1]).toBe(secrets[0]);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(await readdir(join(folder, '.data'))).toEqual(['jwt-secret']);
    }));
});
