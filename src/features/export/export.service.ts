import type { Origin, SessionCaller, Streamed } from '../../contract/endpoint.ts';
import { countUp } from '../../database/counters.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import { listApiTokens } from '../api-tokens/api-tokens.service.ts';
import { listSessions } from '../auth/sessions.service.ts';
import { readAccountSecurity } from '../second-factor/account-security.service.ts';
import { listEvents, recordEvent } from '../security-events/security-events.service.ts';
import { listAttachmentsOf } from '../attachments/attachments.service.ts';
import { listCommentsOf } from '../comments/comments.service.ts';
import { listFilters } from '../filters/filters.service.ts';
import { listLabels } from '../labels/labels.service.ts';
import { listProjects } from '../projects/projects.service.ts';
import { listRemindersOf } from '../reminders/reminders.service.ts';
import { listSections } from '../sections/sections.service.ts';
import { listTrashed } from '../trash/trash.service.ts';
import { listTasks } from '../tasks/task-lists.service.ts';
import type { UserRecord } from '../users/users.model.ts';
import { findCaller, showUser } from '../users/users.service.ts';
import { type AccountExport, exportsPerHour } from './export.contract.ts';

type Accounts = Pick<Dependencies, 'config' | 'database' | 'logger' | 'mail'>;

/** How much of a list is in memory at a time: at most 4 MB of tasks. */
const pageLength = 100;

interface Page<Item> {
  readonly data: readonly Item[];
  readonly nextCursor: string | null;
}

/**
 * A list from its first page to its last. Each page is a query of its own: a caller who reads slowly
 * or leaves keeps no cursor of the database open, and one that goes away ends the list at once.
 */
async function* itemsOf<Item>(
  { database }: Pick<Accounts, 'database'>,
  list: (page: { limit: number; cursor?: string }) => Promise<Page<Item>>,
): AsyncGenerator<Item> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const from = cursor === undefined ? {} : { cursor };
    const page = await database.run(() => list({ limit: pageLength, ...from }));
    yield* page.data;
    cursor = page.nextCursor;
  }
}

/** An export reads all there is, so that a thousand a minute would be too many. */
async function requireModeration({ config }: Accounts, { _id }: UserRecord): Promise<void> {
  if (!config.RATE_LIMIT) return;
  const { count, resetsAt } = await countUp({ key: `export:${_id.toHexString()}`, window: 3600 });
  if (count > exportsPerHour) throw AppError.rateLimited(resetsAt);
}

function identitiesOf({ identities }: UserRecord): AccountExport['identities'] {
  return (identities ?? []).map(({ provider, issuer, subject, email, linkedAt }) => ({
    provider,
    issuer,
    subject,
    email: email || null,
    linkedAt: linkedAt.toISOString(),
  }));
}

/**
 * Everything that is stored of the caller, but no secret and no hash of one. The lists are read as
 * they are taken, and the export is recorded before the first of them.
 * @throws AppError `rate_limited`
 */
export async function exportAccount(
  accounts: Accounts,
  caller: SessionCaller,
  origin: Origin,
): Promise<Streamed<AccountExport>> {
  const user = await findCaller(caller);
  await requireModeration(accounts, user);
  const record = () => recordEvent(accounts, user._id, 'account_exported', origin);

  async function* securityEvents() {
    await accounts.database.run(record);
    yield* itemsOf(accounts, (page) => listEvents(caller, page));
  }

  return {
    exportedAt: new Date().toISOString(),
    user: showUser(user),
    security: await readAccountSecurity(caller),
    identities: identitiesOf(user),
    securityEvents: securityEvents(),
    sessions: itemsOf(accounts, (page) => listSessions(caller, page)),
    apiTokens: itemsOf(accounts, (page) => listApiTokens(caller, page)),
    tasks: itemsOf(accounts, (page) => listTasks(caller, { sort: ['createdAt'], ...page })),
    projects: itemsOf(accounts, (page) => listProjects(caller, { archived: 'all', ...page })),
    sections: itemsOf(accounts, (page) => listSections(caller, page)),
    labels: itemsOf(accounts, (page) => listLabels(caller, page)),
    filters: itemsOf(accounts, (page) => listFilters(caller, page)),
    comments: itemsOf(accounts, (page) => listCommentsOf(caller, page)),
    attachments: itemsOf(accounts, (page) => listAttachmentsOf(caller, page)),
    reminders: itemsOf(accounts, (page) => listRemindersOf(caller, page)),
    trash: itemsOf(accounts, (page) => listTrashed(caller, page)),
  };
}
