import { isDeepStrictEqual } from 'node:util';

/** A condition in the database's own language. */
export type Stored = Record<string, unknown>;

export const everything: Stored = {};
export const nothing: Stored = { _id: { $in: [] } };

const isEverything = (condition: Stored) => Object.keys(condition).length === 0;
const isNothing = (condition: Stored) => isDeepStrictEqual(condition, nothing);

/** That a field has one of these values: a plain value where there is just one. */
export function oneOf(field: string, values: readonly unknown[]): Stored {
  if (values.length === 0) return nothing;
  return { [field]: values.length === 1 ? values[0] : { $in: values } };
}

/** The opposite of `oneOf`, true also where the field is absent. */
export function noneOf(field: string, values: readonly unknown[]): Stored {
  if (values.length === 0) return everything;
  return { [field]: values.length === 1 ? { $ne: values[0] } : { $nin: values } };
}

/** The field and the values of what `oneOf` has made; undefined for anything else. */
function asOneOf(condition: Stored): { field: string; values: unknown[] } | undefined {
  const [entry, ...others] = Object.entries(condition);
  if (!entry || others.length > 0 || entry[0].startsWith('$')) return undefined;
  const [field, value] = entry;
  const isOperator = Object.getPrototypeOf(value ?? 0) === Object.prototype;
  if (!isOperator) return { field, values: [value] };
  const { $in: values, ...rest } = value as { $in?: unknown[] };
  return values && Object.keys(rest).length === 0 ? { field, values } : undefined;
}

/** Any of these conditions; equalities of one field become one. */
export function anyOf(conditions: readonly Stored[]): Stored {
  const real = conditions.filter((condition) => !isNothing(condition));
  if (real.some(isEverything)) return everything;
  const equalities = new Map<string, unknown[]>();
  const others: Stored[] = [];
  for (const condition of real) {
    const equality = asOneOf(condition);
    if (!equality) {
      others.push(condition);
      continue;
    }
    const { field, values } = equality;
    equalities.set(field, [...(equalities.get(field) ?? []), ...values]);
  }
  const merged = [...equalities].map(([field, values]) => oneOf(field, values));
  const all = [...merged, ...others];
  return all.length > 1 ? { $or: all } : (all[0] ?? nothing);
}

/** All of these conditions, side by side in one object where they speak of different fields. */
export function everyOf(conditions: readonly Stored[]): Stored {
  if (conditions.some(isNothing)) return nothing;
  const flat: Stored = {};
  const clashing: Stored[] = [];
  for (const condition of conditions) {
    const clashes = Object.keys(condition).some((key) => key in flat);
    if (clashes) clashing.push(condition);
    else Object.assign(flat, condition);
  }
  if (clashing.length === 0) return flat;
  return { $and: [flat, ...clashing] };
}
