import * as z from 'zod';
import {
  day,
  duration,
  gigabyte,
  headers,
  isUnderstood,
  issuer,
  objectStorage,
  onOff,
  optionalText,
  origins,
  providerAddress,
  returnAddresses,
  share,
  size,
  trustProxy,
  webAddress,
  wholeNumber,
} from './setting-forms.ts';

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
  SESSION_TTL: duration(365 * day)
    .prefault('90d')
    .meta({ description: 'How long a session lasts at most, however often it is used.' }),
  BCRYPT_COST: wholeNumber(4, 15).prefault('12').meta({
    description: 'The base-2 logarithm of the rounds of a password hash; 10 or more in production.',
  }),
  BREACHED_PASSWORDS_URL: webAddress.optional().meta({
    description:
      'Refuses new passwords that this range API knows from breaches (five characters of a hash leave the server); off when missing.',
    example: 'https://api.pwnedpasswords.com',
  }),
  ENCRYPTION_SECRET: z
    .string()
    .refine((value) => Buffer.byteLength(value) >= 32, 'must have at least 32 bytes')
    .optional()
    .meta({
      description:
        'Signs refresh tokens and encrypts the secrets of authenticators; `JWT_SECRET` when missing. Before you replace that, set this to its old value.',
    }),
  APP_URL: webAddress.optional().meta({
    description:
      'The frontend that links in e-mails lead to; pages of the API itself when missing.',
    example: 'https://app.example.com',
  }),
  SMTP_URL: z
    .url({ protocol: /^smtps?$/, error: 'must be an smtp:// or smtps:// address' })
    .optional()
    .meta({
      description:
        'The mail server. When missing, mails are written to `.data/mail`, and in production there are none.',
      example: 'smtps://user:password@smtp.example.com',
    }),
  MAIL_FROM: optionalText.meta({
    description: 'The sender of e-mails; `no-reply@` and the host of `PUBLIC_URL` when missing.',
    example: 'Task Manager <no-reply@example.com>',
  }),
  OAUTH_REDIRECT_URIS: returnAddresses.prefault('').meta({
    description:
      'The pages of the frontend to which providers may send people back, with commas between.',
    example: 'https://app.example.com/signed-in',
  }),
  GOOGLE_CLIENT_ID: optionalText.meta({ description: 'Lets people sign in with Google.' }),
  GOOGLE_CLIENT_SECRET: optionalText.meta({ description: 'The secret of this client.' }),
  GITHUB_CLIENT_ID: optionalText.meta({ description: 'Lets people sign in with GitHub.' }),
  GITHUB_CLIENT_SECRET: optionalText.meta({ description: 'The secret of this client.' }),
  GITHUB_URL: providerAddress
    .prefault('https://github.com')
    .meta({ description: 'GitHub, or a GitHub Enterprise Server.' }),
  OIDC_ISSUER: issuer.optional().meta({
    description: 'Lets people sign in with any OpenID Connect provider.',
    example: 'https://id.example.com',
  }),
  OIDC_CLIENT_ID: optionalText.meta({
    description: 'The client with this provider.',
    example: 'task-manager',
  }),
  OIDC_CLIENT_SECRET: optionalText.meta({
    description: 'The secret of this client.',
    example: 'from the provider',
  }),
  OIDC_NAME: z
    .string()
    .prefault('Single sign-on')
    .meta({ description: 'What to call this provider on a button.' }),
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
  ATTACHMENT_MAX_SIZE: size(5 * gigabyte)
    .prefault('25MB')
    .meta({ description: 'How large an attachment may be: bytes, or `500kB`, `25MB`, `1GB`.' }),
  ATTACHMENT_QUOTA: size(1000 * gigabyte)
    .prefault('1GB')
    .meta({ description: 'How much room the attachments of an account have together.' }),
  ATTACHMENT_STORAGE_URL: objectStorage.optional().meta({
    description:
      'The S3-compatible bucket that keeps attachments, `s3+http://` without TLS; the database when missing. Percent-encode the key and the secret.',
    example: 's3://key:secret@s3.eu-central-1.amazonaws.com/bucket?region=eu-central-1',
  }),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// address' })
    .optional()
    .meta({
      description:
        'Lets several instances share counts of requests and news of ended sessions through Redis; through the database when missing.',
      example: 'redis://localhost:6379',
    }),
  WORKERS: wholeNumber(1, 64).prefault('1').meta({
    description: 'How many processes share the port, to use more than one core.',
  }),
  RATE_LIMIT: onOff.prefault('on').meta({
    description:
      '`off` lifts every limit on how many requests are taken, for benchmarks and tests.',
  }),
  METRICS_TOKEN: z.string().min(16, 'must have at least 16 characters').optional().meta({
    description:
      'The bearer token that /metrics asks for. When missing, /metrics is open, and in production absent.',
  }),
  OTEL_EXPORTER_OTLP_ENDPOINT: webAddress.optional().meta({
    description:
      'The OpenTelemetry collector that gets traces, over HTTP; none are made when missing.',
    example: 'http://localhost:4318',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: headers.prefault('').meta({
    description: 'Headers for the collector, such as its key, with values percent-encoded.',
    example: 'authorization=Bearer%20key',
  }),
  OTEL_SERVICE_NAME: z
    .string()
    .prefault('task-manager-api')
    .meta({ description: 'What traces call this service.' }),
  OTEL_TRACES_SAMPLER_ARG: share.prefault('1').meta({
    description:
      'The share of traces that are recorded, from 0 to 1; a caller who sends `traceparent` has decided already.',
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
  readonly MAIL_FROM: string;
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

const providerSettings = ['GOOGLE_CLIENT_ID', 'GITHUB_CLIENT_ID', 'OIDC_ISSUER'];
const needEachOther = [
  ['TLS_CERT_FILE', 'TLS_KEY_FILE'],
  ['GOOGLE_CLIENT_ID', 'GOOGLE_CLIENT_SECRET'],
  ['GITHUB_CLIENT_ID', 'GITHUB_CLIENT_SECRET'],
  ['OIDC_ISSUER', 'OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET'],
];

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
  for (const names of needEachOther) {
    const present = names.filter((name) => given[name] !== undefined);
    if (present.length > 0 && present.length < names.length) {
      conflicts.push(`${names.join(', ')}: need each other`);
    }
  }
  const provider = providerSettings.find((name) => given[name] !== undefined);
  if (provider !== undefined && given['OAUTH_REDIRECT_URIS'] === undefined) {
    conflicts.push(`OAUTH_REDIRECT_URIS: is required with ${provider}`);
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
  const publicUrl = settings.PUBLIC_URL ?? `${scheme}://localhost:${settings.PORT}`;
  return {
    ...settings,
    PUBLIC_URL: publicUrl,
    MAIL_FROM: settings.MAIL_FROM ?? `no-reply@${new URL(publicUrl).hostname}`,
    ENFORCE_HTTPS: settings.ENFORCE_HTTPS ?? settings.NODE_ENV === 'production',
  };
}
