import { isIP } from 'node:net';
import { mongo } from 'mongoose';
import * as z from 'zod';

const day = 86_400;
const secondsPerUnit = { s: 1, m: 60, h: 3600, d: day } as const;

const onOff = z.enum(['on', 'off']).transform((value) => value === 'on');
const itemsOf = (list: string) =>
  list
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
/** `900`, `900s`, `15m`, `12h` or `30d`; read as seconds. */
const duration = (max: number) =>
  z
    .string()
    .regex(/^\d{1,9}[smhd]?$/, 'must be a number of seconds, or a duration such as 15m, 12h or 30d')
    .transform((value) => {
      const unit = value.slice(-1) as keyof typeof secondsPerUnit;
      return Number.parseInt(value, 10) * (secondsPerUnit[unit] ?? 1);
    })
    .refine((seconds) => seconds >= 1 && seconds <= max, `must be from 1 s to ${max / day}d`);
const webAddress = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
  .transform((value) => value.replace(/\/+$/, ''));
/** What browsers send as Origin: a scheme, a host and a port, with nothing behind them. */
const origins = z
  .string()
  .transform(itemsOf)
  .refine(
    (items) =>
      items.every((item) => URL.canParse(item) && new URL(item).origin === item) &&
      items.every((item) => /^https?:/.test(item)),
    'must list http:// or https:// origins in lower case, without a path or a slash at the end',
  );

const namedSubnets = new Set(['loopback', 'linklocal', 'uniquelocal']);

/** An address, a subnet of at least one bit, or a name that Express knows. */
function isSubnet(value: string): boolean {
  const [address = '', prefix = '1', ...rest] = value.split('/');
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  const length = /^\d{1,3}$/.test(prefix) ? Number(prefix) : 0;
  return namedSubnets.has(value) || (rest.length === 0 && length >= 1 && length <= bits);
}

/** Express's own forms: a number of proxies to trust, or their addresses and subnets. */
const trustProxy = z
  .string()
  .transform((value) => (/^\d{1,2}$/.test(value) ? Number(value) : itemsOf(value)))
  .refine(
    (value) => typeof value === 'number' || (value.length > 0 && value.every(isSubnet)),
    'must be a number of proxies, or a list of their addresses and subnets',
  );

/** Whether the driver understands a connection string; nothing is connected to. */
function isUnderstood(uri: string): boolean {
  try {
    return Boolean(new mongo.MongoClient(uri));
  } catch {
    return false;
  }
}

/**
 * Every setting of the API: its form, and its default as it would be written. The descriptions and
 * examples go into README.md and .env.example.
 */
export const settingsSchema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).prefault('development').meta({
    description: 'What the process is for; `production` requires the settings marked so.',
  }),
  HOST: z.string().prefault('0.0.0.0').meta({ description: 'The address to listen on.' }),
  PORT: wholeNumber(0, 65_535)
    .prefault('3000')
    .meta({ description: 'The port to listen on; 0 takes a free one.' }),
  PUBLIC_URL: webAddress.optional().meta({
    description:
      'Where clients reach the API; `RENDER_EXTERNAL_URL` or `http://localhost:PORT` when missing.',
    example: 'https://tasks.example.com',
  }),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^/]/, {
      error: 'must start with mongodb:// or mongodb+srv://',
      abort: true,
    })
    .refine(
      isUnderstood,
      'has an option that is not known, or a special character that is not percent-encoded',
    )
    .optional()
    .meta({
      description:
        'The database. Required in production; elsewhere an embedded one is started when missing.',
      example: 'mongodb://localhost:27017/task-manager',
    }),
  JWT_SECRET: z
    .string()
    .refine((value) => Buffer.byteLength(value) >= 32, 'must have at least 32 bytes')
    .optional()
    .meta({
      description:
        'Signs access tokens, at least 32 bytes. Required in production; elsewhere one is made and kept in `.data/`.',
    }),
  ACCESS_TOKEN_TTL: duration(day)
    .prefault('15m')
    .meta({ description: 'How long an access token works: seconds, or `15m`, `12h`, `1d`.' }),
  REFRESH_TOKEN_TTL: duration(365 * day)
    .prefault('30d')
    .meta({ description: 'How long an unused refresh token, and its session, lasts.' }),
  BCRYPT_COST: wholeNumber(4, 15).prefault('12').meta({
    description: 'The base-2 logarithm of the rounds of a password hash; 10 or more in production.',
  }),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .prefault('info')
    .meta({ description: 'The least severe log lines to write: `fatal` to `trace`, or `silent`.' }),
  CORS_ORIGINS: origins.prefault('').meta({
    description: 'The origins of web pages that may call the API, with commas between.',
    example: 'https://app.example.com,https://admin.example.com',
  }),
  TRUST_PROXY: trustProxy.prefault('0').meta({
    description: 'How many proxies stand in front, or their subnets with commas between.',
  }),
  ENFORCE_HTTPS: onOff.optional().meta({
    description: '`on` refuses plain HTTP; on in production, else off, when missing.',
    example: 'on',
  }),
  TLS_CERT_FILE: z.string().optional().meta({
    description: 'A PEM certificate chain, to serve HTTPS directly.',
    example: '/etc/ssl/tasks.example.com.pem',
  }),
  TLS_KEY_FILE: z.string().optional().meta({
    description: 'The PEM key of the certificate.',
    example: '/etc/ssl/private/tasks.example.com.key',
  }),
  RATE_LIMIT: onOff
    .prefault('on')
    .meta({ description: '`off` lifts every rate limit, for benchmarks.' }),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional().meta({
    description: 'The bearer token that /metrics asks for; open to everybody when missing.',
  }),
  SECURITY_CONTACT: z
    .string()
    .regex(/^(mailto:|https:\/\/|tel:)/, 'must start with mailto:, https:// or tel:')
    .optional()
    .meta({
      description:
        'The contact in /.well-known/security.txt; `mailto:security@` and the host when missing.',
      example: 'mailto:security@example.com',
    }),
});

type Settings = z.output<typeof settingsSchema>;

/** The settings with what follows from them filled in. */
export type Config = Settings & {
  readonly PUBLIC_URL: string;
  readonly ENFORCE_HTTPS: boolean;
};

/** Lists every bad setting by name, never by value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`These settings need attention:\n${problems.map((line) => `  - ${line}`).join('\n')}`);
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** What the schema cannot say, as it concerns several settings. */
function conflictsOf(given: Record<string, string | undefined>): string[] {
  const conflicts: string[] = [];
  if (given['NODE_ENV'] === 'production') {
    for (const name of ['MONGODB_URI', 'JWT_SECRET']) {
      if (given[name] === undefined) conflicts.push(`${name}: is required in production`);
    }
    if (Number(given['BCRYPT_COST'] ?? 12) < 10) {
      conflicts.push('BCRYPT_COST: must be at least 10 in production');
    }
  }
  if ((given['TLS_CERT_FILE'] === undefined) !== (given['TLS_KEY_FILE'] === undefined)) {
    conflicts.push('TLS_CERT_FILE, TLS_KEY_FILE: need each other');
  }
  return conflicts;
}

/**
 * Reads the settings. An empty value counts as a missing one.
 * @throws ConfigError with every bad setting
 */
export function parseConfig(environment: Record<string, string | undefined>): Config {
  const { PUBLIC_URL, RENDER_EXTERNAL_URL } = environment;
  // Render tells a service its own address, which nobody could know before.
  const completed = { ...environment, PUBLIC_URL: PUBLIC_URL || RENDER_EXTERNAL_URL };
  const given = Object.fromEntries(Object.entries(completed).filter(([, value]) => value));
  const parsed = settingsSchema.safeParse(given);
  const problems = new Set([
    ...(parsed.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`),
    ...conflictsOf(given),
  ]);
  if (!parsed.success || problems.size > 0) throw new ConfigError([...problems]);
  const settings = parsed.data;
  const scheme = settings.TLS_CERT_FILE === undefined ? 'http' : 'https';
  return {
    ...settings,
    PUBLIC_URL: settings.PUBLIC_URL ?? `${scheme}://localhost:${settings.PORT}`,
    ENFORCE_HTTPS: settings.ENFORCE_HTTPS ?? settings.NODE_ENV === 'production',
  };
}
