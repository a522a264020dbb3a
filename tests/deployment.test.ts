import { describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { contextOf, readDockerfile } from '../scripts/image.ts';
import { parseConfig, settingsSchema } from '../src/config.ts';
import { startInstance, useApi, useDatabase } from './support/api.ts';
import { newAccount } from './support/clients.ts';
import { send } from './support/factories.ts';

type Settings = Record<string, string>;

const read = (path: string) => parse(readFileSync(path, 'utf8')) as unknown;
const known = Object.keys(settingsSchema.shape);

describe('Dockerfile', () => {
  const instructions = readDockerfile('Dockerfile');
  const last = instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
  const valueOf = (name: string) => last.find((instruction) => instruction.name === name)?.value;
  const api = useApi();

  test('makes node the process that gets signals, without root rights', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: { start: string };
    };
    expect(JSON.parse(valueOf('CMD') ?? '')).toEqual(scripts.start.split(' '));
    expect(valueOf('USER')).toBe('node');
    expect(valueOf('ENV')).toBe('NODE_ENV=production');
  });

  test('is built on one supported release of Node throughout', () => {
    const bases = instructions.filter(({ name }) => name === 'FROM');
    const images = new Set(bases.map(({ value }) => value.split(' ', 1)[0]));
    expect([...images]).toEqual(['node:24-slim']);
  });

  test('leaves secrets, data and development dependencies out', () => {
    const context = contextOf('.dockerignore');
    expect(readFileSync('.dockerignore', 'utf8')).toMatch(/^\*$/m);
    expect(context.filter((name) => name.startsWith('.') || !existsSync(name))).toEqual([]);
    expect(instructions.map(({ value }) => value)).toContain('npm prune --omit=dev');
  });

  test('has a health check that tells a server that answers from one that does not', async () => {
    const check = valueOf('HEALTHCHECK') ?? '';
    const [, ...parameters] = JSON.parse(check.slice(check.indexOf('['))) as string[];
    const run = (PORT: string) =>
      promisify(execFile)(process.execPath, parameters, { env: { PORT } });
    await run(new URL(api().origin).port);
    await expect(run('9')).rejects.toMatchObject({ code: 1 });
  });
});

describe('compose.yaml', () => {
  interface Service {
    environment?: Settings;
    ports: string[];
    command?: string[];
    image?: string;
    healthcheck?: { test: string[] };
    volumes: string[];
  }
  const { services, volumes } = read('compose.yaml') as {
    services: Record<'api' | 'database', Service>;
    volumes: Settings;
  };
  const { api, database } = services;

  /** The settings of the API's container where .env has these. */
  const settingsWith = (file: Settings): Settings => {
    const own = Object.entries(api.environment ?? {}).map(([name, value]) => [
      name,
      value.replace(
        /\$\{(\w+):-(.*?)\}/g,
        (_, key: string, fallback: string) => file[key] || fallback,
      ),
    ]);
    return { ...file, ...(Object.fromEntries(own) as Settings) };
  };

  test('names only settings that exist', () => {
    expect(Object.keys(api.environment ?? {}).filter((name) => !known.includes(name))).toEqual([]);
  });

  test('runs as it is, over plain HTTP, with a secret of its own making', () => {
    const config = parseConfig(settingsWith({}));
    expect(config).toMatchObject({ NODE_ENV: 'development', ENFORCE_HTTPS: false });
    expect(config.PUBLIC_URL).toBe('http://localhost:3000');
    expect(config.JWT_SECRET).toBeUndefined();
  });

  test('runs in production when .env says so, and never without a secret', () => {
    const file = { NODE_ENV: 'production', PUBLIC_URL: 'https://tasks.example.com' };
    expect(() => parseConfig(settingsWith(file))).toThrow('JWT_SECRET: is required');
    const config = parseConfig(settingsWith({ ...file, JWT_SECRET: 'x'.repeat(32) }));
    expect(config).toMatchObject({ ...file, ENFORCE_HTTPS: true });
  });

  test('reaches the database under the name and the set that it has', () => {
    const uri = new URL(settingsWith({})['MONGODB_URI'] ?? '');
    const set = uri.searchParams.get('replicaSet');
    expect(services).toHaveProperty(uri.hostname);
    expect(database.image).toMatch(/^mongo:8$/);
    expect(database.command).toEqual(['mongod', '--replSet', set, '--bind_ip_all']);
    const check = database.healthcheck?.test.at(-1);
    expect(check).toContain(
      `rs.initiate({ _id: '${set}', members: [{ _id: 0, host: '${uri.host}' }] })`,
    );
  });

  test('publishes to this machine only', () => {
    const ports = Object.values(services).flatMap((service) => service.ports);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('keeps data and secret in volumes that are declared', () => {
    const used = Object.values(services).flatMap((service) => service.volumes);
    expect(used.map((volume) => volume.split(':', 1)[0]).toSorted()).toEqual(
      Object.keys(volumes).toSorted(),
    );
  });
});

describe('render.yaml', () => {
  interface Variable {
    key: string;
    value?: string;
    generateValue?: boolean;
    sync?: boolean;
  }
  const { services } = read('render.yaml') as { services: ({ envVars: Variable[] } & Settings)[] };
  const [service] = services;
  const variables = service?.envVars ?? [];
  /** As Render fills them in: 256 random bits in base64, and what whoever deploys has typed in. */
  const settings = Object.fromEntries(
    variables.map(({ key, value, generateValue }) => [
      key,
      value ??
        (generateValue ? Buffer.alloc(32).toString('base64') : 'mongodb+srv://host.example/'),
    ]),
  );

  test('is one web service, built from the Dockerfile', () => {
    const { envVars: _, ...fields } = service ?? { envVars: [] };
    expect(fields).toEqual({
      type: 'web',
      name: 'task-manager-api',
      runtime: 'docker',
      plan: 'free',
      healthCheckPath: '/readyz',
    });
    expect(existsSync('Dockerfile')).toBe(true);
  });

  test('gives each variable one source, and asks for the database alone', () => {
    expect(variables.filter((variable) => Object.keys(variable).length !== 2)).toEqual([]);
    expect(variables.filter(({ sync }) => sync === false).map(({ key }) => key)).toEqual([
      'MONGODB_URI',
    ]);
  });

  test('has every setting that production requires, and only ones that exist', () => {
    expect(Object.keys(settings).filter((name) => !known.includes(name))).toEqual([]);
    expect(() => parseConfig({ NODE_ENV: 'production', ...settings })).not.toThrow();
  });

  describe('behind its proxies', () => {
    const instance = useDatabase();
    const cloudflare = '172.68.10.20';

    test.each([
      ['two proxies', `203.0.113.7, ${cloudflare}`],
      ['three proxies', `203.0.113.7, ${cloudflare}, 10.201.3.4`],
      ['IPv6', `2001:db8::7, 2400:cb00::1, 10.201.3.4`],
    ])('the client is who connected to the first of them: %s', async (_, chain) => {
      const client = chain.split(',', 1)[0];
      const api = await startInstance(instance(), { TRUST_PROXY: settings['TRUST_PROXY'] ?? '' });
      try {
        const signIn = await send(api, undefined, 'post', '/auth/register')
          .set('X-Forwarded-For', `192.0.2.66, ${chain}`)
          .send(newAccount());
        const { accessToken } = signIn.body as { accessToken: string };
        const { body } = await send(api, accessToken, 'get', '/auth/sessions');
        expect(body).toMatchObject({ data: [{ address: client }] });
      } finally {
        await api.close();
      }
    });
  });
});

describe('CI', () => {
  interface Job {
    steps: { run?: string; uses?: string; with?: Settings }[];
    strategy?: { matrix: { node: number[] } };
  }
  const workflow = read('.github/workflows/ci.yml') as {
    permissions: Settings;
    jobs: Record<string, Job>;
  };

  test('runs .ci/run on the oldest supported Node and on the one of the image', () => {
    const { checks } = workflow.jobs;
    expect(checks?.steps.map(({ run }) => run)).toContain('.ci/run');
    expect(checks?.strategy?.matrix.node).toEqual([20, 24]);
    expect(statSync('.ci/run').mode & 0o111).toBe(0o111);
  });

  test('may only read', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
  });

  test('runs scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Settings };
    const steps = /for name in (.*); do/.exec(readFileSync('.ci/run', 'utf8'))?.[1]?.split(' ');
    expect(steps?.filter((name) => !(name in scripts))).toEqual([]);
  });
});
