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

/**
 * What a filter in the filter language means for the caller, now and where they are.
 * @param path where the filter was given, for what is wrong with it
 * @throws AppError `validation_failed` for words that cannot be looked for
 */
export async function conditionOf(
  caller: Caller,
  filter: string,
  path = 'query.filter',
): Promise<Record<string, unknown>> {
  const timeZone = (await timeZoneOf(caller)) ?? 'UTC';
  return compileFilter(expressionOf(filter), {
    timeZone,
    now: new Date(),
    findProjects: (names) => findProjectsByName(caller, names),
    findSections: (names) => findSectionsByName(caller, names),
    searchCondition: (text, where) => {
      const search = searchIn(text, path);
      return where === 'title' ? titleCondition(search) : searchCondition(search);
    },
  });
}

/** All of these filters; those that are not given match everything. */
export async function conditionsOf(
  caller: Caller,
  filters: readonly (string | undefined)[],
): Promise<Record<string, unknown>> {
  const given = filters.filter((filter) => filter !== undefined);
  return allOf(...(await Promise.all(given.map((filter) => conditionOf(caller, filter)))));
}
