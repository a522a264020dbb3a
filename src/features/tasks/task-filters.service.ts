import type { Caller } from '../../contract/endpoint.ts';
import { allOf } from '../../database/keyset.ts';
import { AppError } from '../../errors.ts';
import { compileFilter } from '../filters/compiler.ts';
import { expressionOf } from '../filters/filter-schema.ts';
import { findProjectsByName, findSectionsByName } from '../projects/names.service.ts';
import { parseSearch, searchCondition, titleCondition } from '../search/search.ts';
import { timeZoneOf } from '../users/users.service.ts';

/** @throws AppError `validation_failed` for words that cannot be looked for */
function searchIn(text: string, path: string) {
  try {
    return parseSearch(text);
  } catch (error) {
    if (!(error instanceof AppError) || !error.violations) throw error;
    throw AppError.violations(error.violations.map((violation) => ({ ...violation, path })));
  }
}

/** Tells what a filter in the filter language means; `path` is where it was given, for what is wrong in it. */
type Compile = (filter: string, path?: string) => Promise<Record<string, unknown>>;

/** What filters mean for the caller, now and where they are, which is looked up once for all of them. */
export async function filtersFor(caller: Caller): Promise<Compile> {
  const timeZone = (await timeZoneOf(caller)) ?? 'UTC';
  const now = new Date();
  return (filter, path = 'query.filter') =>
    compileFilter(expressionOf(filter), {
      timeZone,
      now,
      findProjects: (names) => findProjectsByName(caller, names),
      findSections: (names) => findSectionsByName(caller, names),
      searchCondition: (text, where) => {
        const search = searchIn(text, path);
        return where === 'title' ? titleCondition(search) : searchCondition(search);
      },
    });
}

/**
 * All of these filters; those that are not given match everything.
 * @throws AppError `validation_failed` for words that cannot be looked for
 */
export async function conditionsOf(
  caller: Caller,
  filters: readonly (string | undefined)[],
): Promise<Record<string, unknown>> {
  const given = filters.filter((filter) => filter !== undefined);
  if (given.length === 0) return {};
  const compile = await filtersFor(caller);
  return allOf(...(await Promise.all(given.map((filter) => compile(filter)))));
}
