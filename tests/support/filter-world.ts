import { Types } from 'mongoose';
import { compileFilter, type FilterContext } from '../../src/features/filters/compiler.ts';
import type { Expression } from '../../src/features/filters/expression.ts';
import { expressionOf } from '../../src/features/filters/filter-schema.ts';
import type { Where } from './filter-oracle.ts';

export const ownerId = new Types.ObjectId();
export const parentId = new Types.ObjectId();
/** `Home` is the name of two projects, and of a section. */
export const projects = ['inbox', 'home', 'home', 'work'].map((nameKey) => ({
  _id: nameKey === 'inbox' ? ownerId : new Types.ObjectId(),
  nameKey,
}));
export const sections = ['doing', 'home'].map((nameKey) => ({
  _id: new Types.ObjectId(),
  nameKey,
}));

export function contextAt({ zone, now }: Where): FilterContext {
  const among = (all: typeof projects) => async (keys: readonly string[]) =>
    all.filter(({ nameKey }) => keys.includes(nameKey));
  return {
    timeZone: zone,
    now,
    findProjects: among(projects),
    findSections: among(sections),
    searchCondition: (text, where) => ({ [where === 'title' ? 'titleWords' : 'words']: text }),
  };
}

export const compiled = (filter: string | Expression, where: Where) =>
  compileFilter(typeof filter === 'string' ? expressionOf(filter) : filter, contextAt(where));

/** In a winter in which New York leaves summer time on the first of November, at 06:00 UTC. */
export const now = new Date('2026-11-01T05:15:30.250Z');
