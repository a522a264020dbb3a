import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { Types } from 'mongoose';
import * as z from 'zod';
import { AppError } from '../errors.ts';

/** All of these conditions. Without an $and where it can be spared: Mongoose is slow at casting one. */
export function allOf(...conditions: Record<string, unknown>[]): Record<string, unknown> {
  const real = conditions.filter((condition) => Object.keys(condition).length > 0);
  return real.length > 1 ? { $and: real } : (real[0] ?? {});
}

/** One field of an order; every order ends with the id, which makes it total. */
export interface SortField {
  readonly field: string;
  readonly direction: 1 | -1;
  readonly type: 'date' | 'number' | 'string';
}

type SortValue = Date | number | string;
type Sortable = { readonly _id: Types.ObjectId } & Readonly<Record<string, unknown>>;

const cursorSchema = z.tuple([
  z.string(),
  z.array(z.union([z.string(), z.number()])),
  z.string().regex(/^[0-9a-f]{24}$/),
]);

/** Of the lists that are asked for most; a hash takes longer than all else that makes a cursor. */
const fingerprints = new LRUCache<string, string>({
  max: 500,
  memoMethod: (list) => hash('sha256', list, 'base64url').slice(0, 16),
});

/** Binds a cursor to its list: the same filter and the same order. */
function fingerprint(filter: unknown, order: readonly SortField[]): string {
  return fingerprints.memo(JSON.stringify([filter, order]));
}

function withId(order: readonly SortField[]): Omit<SortField, 'type'>[] {
  return [...order, { field: '_id', direction: order.at(-1)?.direction ?? 1 }];
}

/** The order in the form that Mongoose takes. */
export function sortOf(order: readonly SortField[]): Record<string, 1 | -1> {
  return Object.fromEntries(withId(order).map(({ field, direction }) => [field, direction]));
}

/** The value of a field, or of one within it (`trash.at`). */
function valueOf(record: Sortable, field: string): unknown {
  if (!field.includes('.')) return record[field];
  return field
    .split('.')
    .reduce<unknown>((part, name) => (part as Record<string, unknown>)[name], record);
}

/** An opaque cursor that stands right after this record. */
export function cursorAfter(
  record: Sortable,
  filter: unknown,
  order: readonly SortField[],
): string {
  const values = order.map(({ field }) => {
    const value = valueOf(record, field);
    return value instanceof Date ? value.getTime() : value;
  });
  const content = [fingerprint(filter, order), values, record._id.toHexString()];
  return Buffer.from(JSON.stringify(content)).toString('base64url');
}

/** A value of a field in its stored type; undefined for one that this field cannot have. */
function sortValue({ type }: SortField, value: string | number): SortValue | undefined {
  if (type !== 'date') return typeof value === type ? value : undefined;
  const date = new Date(value);
  return typeof value === 'number' && !Number.isNaN(date.getTime()) ? date : undefined;
}

function readCursor(cursor: string, filter: unknown, order: readonly SortField[]): SortValue[] {
  const refused = (message = 'is not a cursor: send nextCursor as it was received') =>
    AppError.violations([{ path: 'query.cursor', code: 'invalid_cursor', message }]);
  let content: unknown;
  try {
    content = JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    throw refused();
  }
  const parsed = cursorSchema.safeParse(content);
  if (!parsed.success) throw refused();
  const [list, given, id] = parsed.data;
  if (list !== fingerprint(filter, order)) {
    throw refused('belongs to another list: start again without it after changing filter or sort');
  }
  const values = order.map((field, index) => sortValue(field, given[index] ?? ''));
  if (given.length !== order.length || values.includes(undefined)) throw refused();
  return [...values, new Types.ObjectId(id)] as SortValue[];
}

/** Which condition stands for "later" in a direction. */
function later({ direction }: Pick<SortField, 'direction'>): '$gt' | '$lt' {
  return direction === 1 ? '$gt' : '$lt';
}

/** Equal in the first fields and later in the next one; with each more, all that is after the cursor. */
function stepsOf(values: readonly SortValue[], order: readonly SortField[]) {
  const fields = withId(order);
  return fields.map((field, index) => ({
    ...Object.fromEntries(fields.slice(0, index).map((equal, at) => [equal.field, values[at]])),
    [field.field]: { [later(field)]: values[index] },
  }));
}

/**
 * The condition "after this cursor in this order": later in the first field, or equal in it and later
 * in the second, and so on. The bound on the first field alone is what lets an index seek to it.
 * @throws AppError `validation_failed` for anything but a cursor of the same list
 */
export function afterCursor(
  cursor: string,
  filter: unknown,
  order: readonly SortField[],
): Record<string, unknown> {
  const values = readCursor(cursor, filter, order);
  const steps = stepsOf(values, order);
  const [first] = order;
  if (first === undefined) return steps[0] ?? {};
  return { [first.field]: { [`${later(first)}e`]: values[0] }, $or: steps };
}

/**
 * The same as conditions to be asked one after the other until a page is full. Where many records share
 * a value, an index seeks to each of them, while it would walk over all that share it with the one above.
 * @throws AppError as `afterCursor`
 */
export function seeksAfter(
  cursor: string,
  filter: unknown,
  order: readonly SortField[],
): Record<string, unknown>[] {
  return stepsOf(readCursor(cursor, filter, order), order).toReversed();
}

/**
 * The answer of a list, from what was found with a limit of one more: that one only tells that there
 * is a next page.
 */
export function toPage<Found extends Sortable, Shown>(
  found: readonly Found[],
  { limit, filter, order }: { limit: number; filter: unknown; order: readonly SortField[] },
  show: (record: Found) => Shown,
): { data: Shown[]; nextCursor: string | null } {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  return {
    data: page.map((record) => show(record)),
    nextCursor: last && found.length > limit ? cursorAfter(last, filter, order) : null,
  };
}

/** How much of a list is read, and in which order. */
export interface PageOptions {
  sort: Record<string, 1 | -1>;
  limit: number;
}

/**
 * A page of a list that one query reads.
 * @param find reads what comes after the cursor, which is nothing for the first page
 * @throws AppError `validation_failed` for anything but a cursor of the same list
 */
export async function readPage<Found extends Sortable, Shown>(
  asked: {
    limit: number;
    cursor?: string | undefined;
    filter: unknown;
    order: readonly SortField[];
  },
  find: (after: Record<string, unknown>, options: PageOptions) => PromiseLike<Found[]>,
  show: (record: Found) => Shown,
): Promise<{ data: Shown[]; nextCursor: string | null }> {
  const { limit, cursor, filter, order } = asked;
  const after = cursor === undefined ? {} : afterCursor(cursor, filter, order);
  const found = await find(after, { sort: sortOf(order), limit: limit + 1 });
  return toPage(found, asked, show);
}
