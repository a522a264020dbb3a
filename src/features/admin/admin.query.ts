import type { AdminUserQuery } from './admin.contract.ts';

/** Text as a pattern that matches just itself, at the beginning. */
function beginningWith(value: string): string {
  return `^${value.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}`;
}

/**
 * What the filters of a list ask for. An address is sought in its index; for a name all names are read,
 * as their case is kept, but in an index as well: none but the matching records are.
 */
export function filterOf({ q, role, disabled }: AdminUserQuery): Record<string, unknown> {
  const filter: Record<string, unknown> = {};
  if (role) filter['role'] = role;
  if (disabled !== undefined) filter['disabledAt'] = disabled ? { $gt: new Date(0) } : null;
  if (q !== undefined) {
    filter['$or'] = [
      { emailKey: { $regex: beginningWith(q.toLowerCase()) } },
      { name: { $regex: beginningWith(q), $options: 'i' } },
    ];
  }
  return filter;
}
