import type { Caller } from '../../contract/endpoint.ts';
import { versionOfPage } from '../../page-versions.ts';
import { names, type Preconditions, Unchanged } from '../../versions.ts';
import { allOf, seeksAfter, sortOf, toPage } from '../../database/keyset.ts';
import { readSavedFilter } from '../filters/filters.service.ts';
import { listByRelevance, relevanceOrder } from '../search/relevance.ts';
import { parseSearch, searchCondition, type Search } from '../search/search.ts';
import { conditionsOf } from './task-filters.service.ts';
import { accessibleTasks } from './tasks.access.ts';
import { defaultSort, type TaskQuery, type TaskSort } from './tasks.contract.ts';
import { TaskModel } from './tasks.model.ts';
import { filterOf, orderOf } from './tasks.query.ts';
import type { Task } from './tasks.schemas.ts';
import { showTask } from './tasks.show.ts';
import { findTasks, type ReadTask } from './tasks.store.ts';

type Condition = Record<string, unknown>;
type Page<Shown> = { data: Shown[]; nextCursor: string | null };

/** How a page is read and shown. */
interface Reading<Shown> {
  versionsOnly: boolean;
  show: (task: ReadTask) => Shown;
}

const inFull: Reading<Task> = { versionsOnly: false, show: showTask };
/** Enough to tell whether a page has changed. */
const byVersion: Reading<{ id: string; version: number }> = {
  versionsOnly: true,
  show: ({ _id, version }) => ({ id: _id.toHexString(), version }),
};

/** What a list asks for, in all the ways there are. */
interface Asked {
  condition: Condition;
  search: Search | undefined;
  sort: TaskSort | undefined;
  /**
   * What a cursor is bound to: the filters as they were written, as what they mean (`due < today`)
   * changes while somebody goes from page to page.
   */
  written: unknown;
}

async function askedBy(caller: Caller, query: TaskQuery): Promise<Asked> {
  const { limit: _limit, cursor: _cursor, include: _include, sort, q, filter, ...plain } = query;
  const search = q === undefined ? undefined : parseSearch(q);
  if (filter === undefined && query.savedFilter === undefined) {
    return { condition: filterOf(query), search, sort, written: [plain, q] };
  }
  const saved =
    query.savedFilter === undefined
      ? undefined
      : (await readSavedFilter(caller, query.savedFilter)).value;
  const condition = allOf(filterOf(query), await conditionsOf(caller, [filter, saved?.filter]));
  return {
    condition,
    search,
    sort: sort ?? saved?.sort ?? undefined,
    written: [plain, q, filter, saved?.filter],
  };
}

async function pageInOrder<Shown>(
  caller: Caller,
  query: TaskQuery,
  asked: Asked,
  { versionsOnly, show }: Reading<Shown>,
): Promise<Page<Shown>> {
  const { limit, cursor } = query;
  const { condition, search, written } = asked;
  const order = orderOf(asked.sort ?? defaultSort);
  const seeks = cursor === undefined ? [{}] : seeksAfter(cursor, written, order);
  const sought = search ? searchCondition(search) : {};
  const found: ReadTask[] = [];
  for (const seek of seeks) {
    if (found.length > limit) break;
    const filter = allOf(accessibleTasks(caller), condition, sought, seek);
    const rest = limit + 1 - found.length;
    const options = { sort: sortOf(order), limit: rest, versionsOnly };
    found.push(...(await findTasks(filter, options)));
  }
  return toPage(found, { limit, filter: written, order }, show);
}

function pageByRelevance(
  caller: Caller,
  { limit, cursor }: TaskQuery,
  { condition, written }: Asked,
  search: Search,
): Promise<Page<Task>> {
  return listByRelevance(search, {
    asked: condition,
    written,
    cursor,
    limit,
    find: (tier, most) =>
      findTasks(allOf(accessibleTasks(caller), tier), {
        sort: sortOf(relevanceOrder),
        limit: most,
      }),
    show: showTask,
  });
}

function countAll(caller: Caller, { condition, search }: Asked): Promise<number> {
  const sought = search ? searchCondition(search) : {};
  return TaskModel.collection.countDocuments(allOf(accessibleTasks(caller), condition, sought));
}

/** The total only when it is asked for, as counting costs a second query. */
async function withTotal<Shown>(
  reading: Promise<Page<Shown>>,
  counting: Promise<number> | undefined,
) {
  const [page, total] = await Promise.all([reading, counting]);
  return { ...page, ...(total !== undefined && { total }) };
}

/**
 * A page of the caller's tasks. A search without a sort comes by relevance.
 * @throws AppError `not_found` for a saved filter that is not the caller's
 */
export async function listTasks(caller: Caller, query: TaskQuery) {
  const asked = await askedBy(caller, query);
  const { search, sort } = asked;
  const page =
    search && !sort
      ? pageByRelevance(caller, query, asked, search)
      : pageInOrder(caller, query, asked, inFull);
  return withTotal(page, query.include === 'total' ? countAll(caller, asked) : undefined);
}

/**
 * The same for somebody who may have the page already (If-None-Match). What tells whether it has changed is
 * read first, which costs a part of the page; only where it has is the page read.
 */
export async function listTasksUnlessKnown(
  caller: Caller,
  query: TaskQuery,
  { ifMatch, ifNoneMatch }: Preconditions,
) {
  const byRelevance = query.q !== undefined && query.sort === undefined;
  if (ifNoneMatch === undefined || ifMatch !== undefined || byRelevance) {
    return listTasks(caller, query);
  }
  const asked = await askedBy(caller, query);
  const page = pageInOrder(caller, query, asked, byVersion);
  const counting = query.include === 'total' ? countAll(caller, asked) : undefined;
  const version = versionOfPage(await withTotal(page, counting));
  return names(ifNoneMatch, version) ? new Unchanged(version) : listTasks(caller, query);
}
