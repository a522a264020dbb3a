import type { Types } from 'mongoose';
import type { Caller, Origin } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { objectId } from '../../database/ids.ts';
import { allOf, readPage } from '../../database/keyset.ts';
import {
  type SecurityEvent,
  type SecurityEventQuery,
  securityEvents,
  type SecurityEventType,
} from './security-events.contract.ts';
import { SecurityEventModel, type SecurityEventRecord } from './security-events.model.ts';

type Recording = Pick<Dependencies, 'logger' | 'mail'>;

/**
 * Records what happened to an account, and tells its owner where that is called for.
 * @param origin only the ids for what somebody else has done; nothing for what was done on the server itself
 */
export async function recordEvent(
  { logger, mail }: Recording,
  userId: Types.ObjectId,
  type: SecurityEventType,
  origin: Partial<Origin> = {},
): Promise<void> {
  const { address = '', userAgent = '', requestId, traceId } = origin;
  const at = new Date();
  await SecurityEventModel.create({
    userId,
    type,
    at,
    address,
    userAgent: userAgent.slice(0, 300),
  });
  logger.info({ requestId, traceId, userId: userId.toHexString(), event: type }, 'security event');
  if ('notice' in securityEvents[type]) await mail.notify(userId, type, { at, address });
}

export async function deleteEventsOf(userId: Types.ObjectId): Promise<void> {
  await SecurityEventModel.deleteMany({ userId });
}

function showEvent(event: SecurityEventRecord): SecurityEvent {
  return {
    id: event._id.toHexString(),
    type: event.type as SecurityEventType,
    at: event.at.toISOString(),
    address: event.address,
    userAgent: event.userAgent,
  };
}

/** What happened to the caller's account, the newest first. */
export async function listEvents(caller: Caller, { limit, cursor }: SecurityEventQuery) {
  const order = [{ field: 'at', type: 'date', direction: -1 }] as const;
  return readPage(
    { limit, cursor, filter: 'securityEvents', order },
    (after, options) =>
      SecurityEventModel.find(
        allOf({ userId: objectId(caller.userId) }, after),
        undefined,
        options,
      ).lean<SecurityEventRecord[]>(),
    showEvent,
  );
}
