import type { Types } from 'mongoose';
import { afterCursor, allOf, cursorAfter, type SortField } from '../../database/keyset.ts';
import { type Search, tiersOf } from './search.ts';

type Condition = Record<string, unknown>;
type Ranked = { readonly _id: Types.ObjectId } & Readonly<Record<string, unknown>>;

interface RelevanceOptions<Found extends Ranked, Shown> {
  /** The other filters of the list. */
  asked: Condition;
  /** The search and the filters as they were written, to which a cursor is bound. */
  written: unknown;
  cursor: string | undefined;
  limit: number;
  /** Finds at most so many, sorted by `relevanceOrder`; adds who may see what. */
  find: (condition: Condition, limit: number) => Promise<Found[]>;
  show: (found: Found) => Shown;
}

/** The order inside a tier. */
export const relevanceOrder: readonly SortField[] = [
  { field: 'createdAt', type: 'date', direction: -1 },
];

/** A cursor begins with its tier, as a digit; what follows is bound to it too. */
function tierOf(cursor: string | undefined): number {
  return cursor?.startsWith('1') ? 1 : 0;
}

/**
 * A page of what a search finds, tier after tier. It reads one tier, and the next one only when the
 * first is used up: two queries at most, each of which seeks to its place.
 * @throws AppError `validation_failed` for anything but a cursor of the same search
 */
export async function listByRelevance<Found extends Ranked, Shown>(
  search: Search,
  { asked, written, cursor, limit, find, show }: RelevanceOptions<Found, Shown>,
): Promise<{ data: Shown[]; nextCursor: string | null }> {
  const tiers = tiersOf(search);
  const page: { found: Found; tier: number }[] = [];
  const first = tierOf(cursor);
  const boundTo = (tier: number) => [written, tier];
  for (let tier = first; tier < Math.max(tiers.length, first + 1); tier += 1) {
    const seeks = cursor !== undefined && tier === first;
    const after = seeks ? afterCursor(cursor.slice(1), boundTo(tier), relevanceOrder) : {};
    const condition = allOf(asked, tiers[tier] ?? {}, after);
    // One more than fits tells that there is a next page.
    const found = await find(condition, limit + 1 - page.length);
    page.push(...found.map((record) => ({ found: record, tier })));
    if (page.length > limit) break;
  }
  const shown = page.slice(0, limit);
  const last = shown.at(-1);
  const more = page.length > limit && last;
  return {
    data: shown.map((entry) => show(entry.found)),
    nextCursor: more
      ? `${last.tier}${cursorAfter(last.found, boundTo(last.tier), relevanceOrder)}`
      : null,
  };
}
