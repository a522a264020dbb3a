import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { databaseCounters, type RequestCounters } from './database/counters.ts';
import { type ApiTokens, createApiTokens } from './features/api-tokens/api-tokens.ts';
import { type AccessTokens, createAccessTokens } from './features/auth/access-tokens.ts';
import { type BreachCheck, createBreachCheck } from './features/auth/breached-passwords.ts';
import { createEndedSessions, type EndedSessions } from './features/auth/ended-sessions.ts';
import { createPasswords, type Passwords } from './features/auth/passwords.ts';
import { createRefreshTokens, type RefreshTokens } from './features/auth/refresh-tokens.ts';
import type { IdentityProvider } from './features/identities/identity-provider.ts';
import { createIdentityProviders } from './features/identities/providers.ts';
import { createMail, type Mail } from './features/mail/mail.service.ts';
import type { MailTransport } from './features/mail/transport.ts';
import { createReminderQueue, type QueueReminder } from './features/reminders/firing.service.ts';
import { type Cipher, createCipher } from './features/second-factor/cipher.ts';
import { watchInstance } from './instance-metrics.ts';
import { createJobQueue, type JobQueue } from './jobs/queue.ts';
import type { Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { noAnnouncements, redisAnnouncements } from './redis/announcements.ts';
import type { Redis } from './redis/connection.ts';
import { redisCounters } from './redis/counters.ts';
import { type Tracing, untraced } from './tracing/tracing.ts';

/** How long an unused session lasts, and one that is used; in seconds. */
interface Lifetimes {
  readonly refreshToken: number;
  readonly session: number;
}

/** What an instance of the API is made of, besides its routes. */
export interface Dependencies {
  config: Config;
  database: Database;
  logger: Logger;
  accessTokens: AccessTokens;
  apiTokens: ApiTokens;
  cipher: Cipher;
  endedSessions: EndedSessions;
  isBreached: BreachCheck;
  identityProviders: ReadonlyMap<string, IdentityProvider>;
  jobs: JobQueue;
  lifetimes: Lifetimes;
  mail: Mail;
  metrics: Metrics;
  passwords: Passwords;
  queueReminder: QueueReminder;
  refreshTokens: RefreshTokens;
  requestCounters: RequestCounters;
  tracing: Tracing;
}

/** What only the process itself can know. */
type Given = Pick<Dependencies, 'config' | 'database' | 'logger'> & {
  jwtSecret: string;
  /** What mail is sent with; nothing where none is sent. */
  mailTransport: MailTransport | undefined;
  /** What the instances share besides the database. */
  redis?: Redis | undefined;
  /** Nothing is traced without it. */
  tracing?: Tracing;
};

/** Makes the rest; the jobs are yet to be started. */
export function createDependencies(given: Given): Dependencies {
  const { config, database, logger, jwtSecret, mailTransport, redis, tracing = untraced } = given;
  // Access tokens can be made void by another secret without touching what lives longer.
  const lastingSecret = config.ENCRYPTION_SECRET ?? jwtSecret;
  const metrics = createMetrics();
  // Several deployments may use one Redis, as long as their databases have different names.
  const prefix = `task-manager:${database.name}:`;
  const announcements = redis ? redisAnnouncements(redis, prefix) : noAnnouncements;
  const inDatabase = databaseCounters(database);
  const jobs = createJobQueue({ logger, metrics, tracing });
  const mail = createMail({ config, jobs, logger, transport: mailTransport });
  const passwords = createPasswords(config.BCRYPT_COST, config.WORKERS);
  watchInstance({ database, jobs, metrics, passwords });
  return {
    config,
    database,
    logger,
    accessTokens: createAccessTokens(jwtSecret, config.ACCESS_TOKEN_TTL),
    apiTokens: createApiTokens(database, announcements),
    isBreached: createBreachCheck(config.BREACHED_PASSWORDS_URL, logger),
    cipher: createCipher(lastingSecret),
    endedSessions: createEndedSessions(database, config.ACCESS_TOKEN_TTL, announcements),
    identityProviders: createIdentityProviders(config),
    jobs,
    lifetimes: { refreshToken: config.REFRESH_TOKEN_TTL, session: config.SESSION_TTL },
    mail,
    metrics,
    passwords,
    queueReminder: createReminderQueue({ config, jobs, mail }),
    refreshTokens: createRefreshTokens(lastingSecret),
    requestCounters: redis ? redisCounters(redis, prefix, inDatabase) : inDatabase,
    tracing,
  };
}
