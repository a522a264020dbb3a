import { routes } from '../../http/mount.ts';
import { securityEventsContract } from './security-events.contract.ts';
import { listEvents } from './security-events.service.ts';

export const securityEventsRoutes = routes(securityEventsContract, {
  list: ({ caller, query }) => listEvents(caller, query),
});
