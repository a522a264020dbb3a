import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { environmentExample } from '../scripts/readme.ts';
import { ConfigError, parseConfig, settingsSchema } from '../src/config.ts';

type Settings = Record<string, string | undefined>;

const production: Settings = {
  NODE_ENV: 'production',
  MONGODB_URI: 'mongodb://database.internal/tasks',
  JWT_SECRET: 'a secret for production, of 32 bytes or more',
};

function problemsOf(settings: Settings): readonly string[] {
  try {
    parseConfig(settings);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The settings that are complained about. */
const namesIn = (settings: Settings) => problemsOf(settings).map((line) => line.split(':', 1)[0]);

describe('settings', () => {
  test('need nothing for development', () => {
    expect(parseConfig({})).toEqual({
      NODE_ENV: 'development',
      HOST: '0.0.0.0',
      PORT: 3000,
      PUBLIC_URL: 'http://localhost:3000',
      ACCESS_TOKEN_TTL: 900,
      REFRESH_TOKEN_TTL: 2_592_000,
      SESSION_TTL: 7_776_000,
      MAIL_FROM: 'no-reply@localhost',
      OAUTH_REDIRECT_URIS: [],
      GITHUB_URL: 'https://github.com',
      OIDC_NAME: 'Single sign-on',
      BCRYPT_COST: 12,
      LOG_LEVEL: 'info',
      CORS_ORIGINS: [],
      TRUST_PROXY: 0,
      WORKERS: 1,
      ENFORCE_HTTPS: false,
      ATTACHMENT_MAX_SIZE: 25_000_000,
      ATTACHMENT_QUOTA: 1_000_000_000,
      RATE_LIMIT: true,
      OTEL_EXPORTER_OTLP_HEADERS: {},
      OTEL_SERVICE_NAME: 'task-manager-api',
      OTEL_TRACES_SAMPLER_ARG: 1,
    });
  });

  test('need a database and a secret in production, where HTTPS is enforced', () => {
    expect(namesIn({ NODE_ENV: 'production' })).toEqual(['MONGODB_URI', 'JWT_SECRET']);
    expect(parseConfig(production).ENFORCE_HTTPS).toBe(true);
    expect(parseConfig({ ...production, ENFORCE_HTTPS: 'off' }).ENFORCE_HTTPS).toBe(false);
  });

  test('are checked all at once', () => {
    const bad = {
      NODE_ENV: 'prod',
      PORT: '65536',
      PUBLIC_URL: 'tasks.example.com',
      MONGODB_URI: 'postgres://localhost',
      JWT_SECRET: 'short',
      ACCESS_TOKEN_TTL: 'soon',
      REFRESH_TOKEN_TTL: '366d',
      SESSION_TTL: '0',
      BREACHED_PASSWORDS_URL: 'ftp://example.com',
      ENCRYPTION_SECRET: 'short',
      APP_URL: 'app.example.com',
      SMTP_URL: 'https://smtp.example.com',
      OAUTH_REDIRECT_URIS: 'https://app.example.com/#signed-in',
      GITHUB_URL: 'http://github.example.com',
      BCRYPT_COST: '3',
      LOG_LEVEL: 'loud',
      CORS_ORIGINS: '*',
      TRUST_PROXY: 'true',
      ENFORCE_HTTPS: 'yes',
      TLS_CERT_FILE: '/cert.pem',
      ATTACHMENT_MAX_SIZE: '25 MB',
      ATTACHMENT_QUOTA: '0',
      ATTACHMENT_STORAGE_URL: 'https://key:secret@s3.example.com/bucket',
      RATE_LIMIT: '0',
      METRICS_TOKEN: 'short',
      SECURITY_CONTACT: 'security',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization',
      OTEL_TRACES_SAMPLER_ARG: '1.5',
    };
    const complained = namesIn(bad);
    const { TLS_CERT_FILE: _, ...others } = bad;
    expect(complained.toSorted()).toEqual(
      [...Object.keys(others), 'TLS_CERT_FILE, TLS_KEY_FILE'].toSorted(),
    );
  });

  test('are never told by their value', () => {
    const planted = 'hunter2-planted';
    for (const name of Object.keys(settingsSchema.shape)) {
      const forms = [
        planted,
        `mongodb://ada:${planted}@host:99999/`,
        `mongodb://a:b/${planted}@h/`,
      ];
      for (const value of forms) {
        expect(problemsOf({ ...production, [name]: value }).join('\n')).not.toContain(planted);
      }
    }
  });

  test('count as missing when they are empty', () => {
    const empty = Object.fromEntries(Object.keys(settingsSchema.shape).map((name) => [name, '']));
    expect(parseConfig(empty)).toEqual(parseConfig({}));
    expect(namesIn({ ...production, JWT_SECRET: '' })).toEqual(['JWT_SECRET']);
  });
});

describe('a duration', () => {
  test.each([
    ['1', 1],
    ['90s', 90],
    ['15m', 900],
    ['12h', 43_200],
    ['1d', 86_400],
  ])('of %s is %i seconds', (text, seconds) => {
    expect(parseConfig({ ACCESS_TOKEN_TTL: text }).ACCESS_TOKEN_TTL).toBe(seconds);
  });

  test.each(['0', '-5m', '1.5h', '15 m', '15M', 'PT15M', '25h', '1e3'])('is not %s', (text) => {
    expect(namesIn({ ACCESS_TOKEN_TTL: text })).toEqual(['ACCESS_TOKEN_TTL']);
  });
});

describe('JWT_SECRET', () => {
  test('is measured in bytes', () => {
    expect(namesIn({ JWT_SECRET: 'é'.repeat(15) })).toEqual(['JWT_SECRET']);
    expect(namesIn({ JWT_SECRET: 'é'.repeat(16) })).toEqual([]);
  });
});

describe('BCRYPT_COST', () => {
  test('is at least 10 in production', () => {
    expect(namesIn({ ...production, BCRYPT_COST: '9' })).toEqual(['BCRYPT_COST']);
    expect(namesIn({ ...production, BCRYPT_COST: '10' })).toEqual([]);
    expect(namesIn({ BCRYPT_COST: '4' })).toEqual([]);
  });
});

describe('MONGODB_URI', () => {
  test.each([
    'mongodb://localhost',
    'mongodb://ada:s%2Fecret@one:27017,two:27018/tasks?replicaSet=rs0',
    'mongodb+srv://ada:secret@cluster0.example.mongodb.net/?retryWrites=true',
  ])('may be %s', (uri) => {
    expect(parseConfig({ MONGODB_URI: uri }).MONGODB_URI).toBe(uri);
  });

  test.each([
    'localhost:27017',
    'mongodb://',
    'mongodb://ada:s/ecret@localhost',
    'mongodb://localhost/?retryWrite=false',
    'mongodb://localhost:99999',
  ])('may not be %s', (uri) => {
    expect(namesIn({ MONGODB_URI: uri })).toEqual(['MONGODB_URI']);
  });
});

describe('CORS_ORIGINS', () => {
  test('is a list of origins as browsers send them', () => {
    const { CORS_ORIGINS } = parseConfig({
      CORS_ORIGINS: 'https://app.example.com, http://localhost:5173,',
    });
    expect(CORS_ORIGINS).toEqual(['https://app.example.com', 'http://localhost:5173']);
  });

  test.each([
    '*',
    'app.example.com',
    'https://app.example.com/',
    'https://App.example.com',
    'https://app.example.com:443',
    'file:///app',
  ])('has no %s, which would match nothing', (origin) => {
    expect(namesIn({ CORS_ORIGINS: `https://a.example,${origin}` })).toEqual(['CORS_ORIGINS']);
  });
});

describe('TRUST_PROXY', () => {
  test.each([
    ['2', 2],
    ['loopback, 10.0.0.0/8,2400:cb00::/32', ['loopback', '10.0.0.0/8', '2400:cb00::/32']],
    ['192.0.2.1', ['192.0.2.1']],
  ])('may be %s', (text, read) => {
    expect(parseConfig({ TRUST_PROXY: text }).TRUST_PROXY).toEqual(read);
  });

  test.each([
    'true',
    'everybody',
    '-1',
    '100',
    '0.0.0.0/0',
    '::/0',
    '10.0.0.0/33',
    '10.0.0/8',
    ',',
  ])('may not be %s', (text) => {
    expect(namesIn({ TRUST_PROXY: text })).toEqual(['TRUST_PROXY']);
  });
});

describe('PUBLIC_URL', () => {
  test('follows the port and the certificate when it is missing', () => {
    const files = { TLS_CERT_FILE: '/cert.pem', TLS_KEY_FILE: '/key.pem' };
    expect(parseConfig({ PORT: '8443', ...files }).PUBLIC_URL).toBe('https://localhost:8443');
  });

  test('has no slash at the end', () => {
    const { PUBLIC_URL } = parseConfig({ PUBLIC_URL: 'https://tasks.example.com/' });
    expect(PUBLIC_URL).toBe('https://tasks.example.com');
  });

  test('is what Render says, unless it is set', () => {
    const RENDER_EXTERNAL_URL = 'https://tasks.onrender.com';
    const PUBLIC_URL = 'https://tasks.example.com';
    expect(parseConfig({ RENDER_EXTERNAL_URL }).PUBLIC_URL).toBe(RENDER_EXTERNAL_URL);
    expect(parseConfig({ RENDER_EXTERNAL_URL, PUBLIC_URL }).PUBLIC_URL).toBe(PUBLIC_URL);
  });
});

describe('.env.example', () => {
  const example = readFileSync('.env.example', 'utf8');
  const uncommented = parse(example.replaceAll(/^# (?=[A-Z_]+=)/gm, ''));

  test('is up to date (npm run docs)', () => {
    expect(example).toBe(environmentExample());
  });

  test('changes nothing as it is', () => {
    expect(parse(example)).toEqual({});
  });

  test('names every setting, and only those', () => {
    expect(Object.keys(uncommented)).toEqual(Object.keys(settingsSchema.shape));
  });

  test('holds values that are accepted, and the defaults where there are any', () => {
    expect(problemsOf(uncommented)).toEqual([]);
    const defaults = Object.entries(settingsSchema.shape).flatMap(([name, schema]) => {
      const value: unknown = schema.safeParse(undefined).data;
      const isSet = value !== undefined && !(Array.isArray(value) && value.length === 0);
      return isSet ? [[name, value] as const] : [];
    });
    expect(parseConfig(uncommented)).toMatchObject(Object.fromEntries(defaults));
  });
});
