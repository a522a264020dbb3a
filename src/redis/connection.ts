import { Redis as Client } from 'ioredis';
import type { Logger } from '../logger.ts';

/** Milliseconds. What is asked of Redis can also be done without it, so nobody waits long. */
const timeouts = { connectTimeout: 1500, commandTimeout: 1000 };
/** Milliseconds between attempts to reach it again. */
const pause = 1000;

/** What instances share through Redis, all of which may get lost. */
export interface Redis {
  /** Fails at once while Redis is away. */
  readonly client: Client;
  /** The same, for messages only; subscriptions come back with the connection. */
  readonly subscriber: Client;
  close(): Promise<void>;
}

/** Connects, and goes on trying for as long as it takes; nothing waits for it. */
export function connectRedis(url: string, logger: Logger): Redis {
  const options = {
    ...timeouts,
    connectionName: 'task-manager-api',
    retryStrategy: () => pause,
  };
  const client = new Client(url, {
    ...options,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  });
  const subscriber = new Client(url, { ...options, maxRetriesPerRequest: null });
  let connected: boolean | undefined;
  client.on('ready', () => {
    connected = true;
    logger.info('redis connected');
  });
  client.on('error', (error: NodeJS.ErrnoException) => {
    if (connected !== false) logger.warn({ reason: error.code ?? error.name }, 'redis not reached');
    connected = false;
  });
  client.on('close', () => {
    if (connected) logger.warn('redis lost');
    connected = false;
  });
  // Both go the same way, and one of them tells it.
  subscriber.on('error', () => {});
  return {
    client,
    subscriber,
    close: async () => {
      connected = false;
      client.disconnect();
      subscriber.disconnect();
    },
  };
}
