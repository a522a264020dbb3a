import type { mongo } from 'mongoose';

/** The driver's connections to the database at this moment. */
interface PoolState {
  readonly open: number;
  readonly inUse: number;
  /** Operations that wait for a connection. */
  readonly waiting: number;
  /** How often no connection could be had, since the start. */
  readonly failures: number;
}

export interface Pool {
  state(): PoolState;
  /** Tells of each wait for a connection, in milliseconds: whole ones, as the driver counts them. */
  onWait(listener: (milliseconds: number) => void): void;
  /** Follows a client's connections in the place of those of the client before. */
  follow(client: mongo.MongoClient): void;
}

/** Counts by what the driver tells, which it does in any case: a listener costs next to nothing. */
export function createPool(): Pool {
  const listeners: ((milliseconds: number) => void)[] = [];
  let current = { open: 0, inUse: 0, waiting: 0 };
  let failures = 0;

  return {
    state: () => ({ ...current, failures }),
    onWait: (listener) => void listeners.push(listener),
    follow(client) {
      const counts = { open: 0, inUse: 0, waiting: 0 };
      current = counts;
      client.on('connectionCreated', () => {
        counts.open += 1;
      });
      client.on('connectionClosed', () => {
        counts.open -= 1;
      });
      client.on('connectionCheckOutStarted', () => {
        counts.waiting += 1;
      });
      client.on('connectionCheckedOut', ({ durationMS }) => {
        counts.waiting -= 1;
        counts.inUse += 1;
        for (const listener of listeners) listener(durationMS);
      });
      client.on('connectionCheckOutFailed', () => {
        counts.waiting -= 1;
        failures += 1;
      });
      client.on('connectionCheckedIn', () => {
        counts.inUse -= 1;
      });
    },
  };
}
