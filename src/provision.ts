import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Config } from './config.ts';
import {
  createFileTransport,
  createSmtpTransport,
  type MailTransport,
} from './features/mail/transport.ts';
import type { Logger } from './logger.ts';
import type { Redis } from './redis/connection.ts';
import { type Tracing, untraced } from './tracing/tracing.ts';

/** What a development machine keeps between starts. */
const directory = '.data';

/** The secret from the settings, or one that is made once and kept, so that tokens survive a restart. */
export async function provideSecret({ JWT_SECRET }: Config): Promise<string> {
  if (JWT_SECRET !== undefined) return JWT_SECRET;
  const file = join(directory, 'jwt-secret');
  await mkdir(directory, { recursive: true });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, randomBytes(48).toString('base64url'), { mode: 0o600 });
  try {
    // Whoever is first wins, and nobody ever sees half a secret.
    await link(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(file, 'utf8');
}

/**
 * Reads the certificate and its key, so that a mistake is told before anything has started.
 * @throws Error that names the setting to mend
 */
export async function checkCertificate({ TLS_CERT_FILE, TLS_KEY_FILE }: Config): Promise<void> {
  if (TLS_CERT_FILE === undefined || TLS_KEY_FILE === undefined) return;
  const read = (name: string, file: string) =>
    readFile(file).catch((error: NodeJS.ErrnoException) => {
      throw new Error(`${name}: the file cannot be read (${error.code})`, { cause: error });
    });
  const cert = await read('TLS_CERT_FILE', TLS_CERT_FILE);
  const key = await read('TLS_KEY_FILE', TLS_KEY_FILE);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    const message = 'TLS_CERT_FILE, TLS_KEY_FILE: are not a PEM certificate and its key';
    throw new Error(`${message} (${(error as NodeJS.ErrnoException).code})`, { cause: error });
  }
}

export interface ProvidedDatabase {
  readonly uri: string;
  stop(): Promise<void>;
}

/**
 * The database from the settings, or an embedded one, which a production install does not even have.
 * @param options.shared whether the embedded one of a server that runs here will do
 */
export async function provideDatabase(
  { MONGODB_URI }: Config,
  announce: (line: string) => void,
  options: { shared?: boolean } = {},
): Promise<ProvidedDatabase> {
  if (MONGODB_URI !== undefined) return { uri: MONGODB_URI, stop: async () => {} };
  const { startEmbeddedDatabase } = await import('./database/embedded.ts');
  return startEmbeddedDatabase({ directory: join(directory, 'database'), announce, ...options });
}

/** The mail server from the settings; without one, files for the developer, and nothing in production. */
export function provideMail(
  { MAIL_FROM, NODE_ENV, SMTP_URL }: Config,
  logger: Logger,
): MailTransport | undefined {
  if (SMTP_URL !== undefined) return createSmtpTransport(SMTP_URL, MAIL_FROM);
  if (NODE_ENV !== 'production') {
    return createFileTransport(join(directory, 'mail'), MAIL_FROM, logger);
  }
  logger.warn('SMTP_URL is not set: no e-mail is sent, and no forgotten password can be reset');
  return undefined;
}

/** Redis from the settings; nobody waits until it answers. */
export async function provideRedis(
  { REDIS_URL }: Pick<Config, 'REDIS_URL'>,
  logger: Logger,
): Promise<Redis | undefined> {
  if (REDIS_URL === undefined) return undefined;
  const { connectRedis } = await import('./redis/connection.ts');
  return connectRedis(REDIS_URL, logger);
}

/** Traces for the collector from the settings; without one, not even the library is loaded. */
export async function provideTracing(config: Config, logger: Logger): Promise<Tracing> {
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return untraced;
  const [{ createTracerProvider }, { createTracing }] = await Promise.all([
    import('./tracing/export.ts'),
    import('./tracing/spans.ts'),
  ]);
  return createTracing(createTracerProvider(endpoint, config, logger));
}
