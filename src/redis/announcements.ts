import { randomUUID } from 'node:crypto';
import type { Redis } from './connection.ts';

/** What instances remember and others may change. */
type Topic = 'ended sessions' | 'API tokens';

export interface Announcements {
  /** Tells the other instances that something has changed in the database; not all may hear it. */
  announce(topic: Topic): void;
  /** Reacts to what another instance announces. */
  listen(topic: Topic, react: () => void): void;
}

/** Without Redis, instances see for themselves what has changed, a little later. */
export const noAnnouncements: Announcements = { announce: () => {}, listen: () => {} };

/**
 * Messages between the instances of a deployment, by Redis. They make known at once what would be found
 * within the bounds on staleness anyway, so one that is lost does no harm.
 * @param prefix what the channels of this deployment begin with
 */
export function redisAnnouncements({ client, subscriber }: Redis, prefix: string): Announcements {
  const own = randomUUID();
  const reactions = new Map<string, () => void>();
  subscriber.on('message', (channel: string, sender: string) => {
    if (sender !== own) reactions.get(channel)?.();
  });
  const channelOf = (topic: Topic) => `${prefix}${topic}`;
  return {
    announce(topic) {
      client.publish(channelOf(topic), own).catch(() => undefined);
    },
    listen(topic, react) {
      const channel = channelOf(topic);
      reactions.set(channel, react);
      // Closing the connection gives up what is not subscribed to by then.
      subscriber.subscribe(channel).catch(() => undefined);
    },
  };
}
