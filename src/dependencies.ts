import type { Config } from './config.ts';
import type { Database } from './database/connection.ts';
import { type AccessTokens, createAccessTokens } from './features/auth/access-tokens.ts';
import { createEndedSessions, type EndedSessions } from './features/auth/ended-sessions.ts';
import { createPasswords, type Passwords } from './features/auth/passwords.ts';
import type { Lifetimes } from './features/auth/sessions.service.ts';
import type { Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';

/** What an instance of the API is made of, besides its routes. */
export interface Dependencies {
  config: Config;
  database: Database;
  logger: Logger;
  accessTokens: AccessTokens;
  endedSessions: EndedSessions;
  lifetimes: Lifetimes;
  metrics: Metrics;
  passwords: Passwords;
}

export function lifetimesOf({ ACCESS_TOKEN_TTL, REFRESH_TOKEN_TTL }: Config): Lifetimes {
  return { accessToken: ACCESS_TOKEN_TTL, refreshToken: REFRESH_TOKEN_TTL };
}

/** Makes the rest from what only the process itself can know. */
export function createDependencies(
  given: Pick<Dependencies, 'config' | 'database' | 'logger'> & { jwtSecret: string },
): Dependencies {
  const { config, database, logger, jwtSecret } = given;
  const { ACCESS_TOKEN_TTL, BCRYPT_COST } = config;
  return {
    config,
    database,
    logger,
    accessTokens: createAccessTokens(jwtSecret, ACCESS_TOKEN_TTL),
    endedSessions: createEndedSessions(database, ACCESS_TOKEN_TTL),
    lifetimes: lifetimesOf(config),
    metrics: createMetrics(),
    passwords: createPasswords(BCRYPT_COST),
  };
}
