import type { SortField } from '../../database/keyset.ts';
import { priorities, type TaskQuery } from './tasks.contract.ts';
import { noDeadline } from './tasks.model.ts';

const storedFields = {
  createdAt: { field: 'createdAt', type: 'date' },
  updatedAt: { field: 'updatedAt', type: 'date' },
  dueDate: { field: 'deadline', type: 'date' },
  priority: { field: 'priority', type: 'number' },
  title: { field: 'titleKey', type: 'string' },
} as const;

/** The order that `sort=-dueDate,priority` asks for, in the names of the stored fields. */
export function orderOf(sort: TaskQuery['sort']): SortField[] {
  return sort.map((key) => {
    const name = key.replace('-', '') as keyof typeof storedFields;
    return { ...storedFields[name], direction: key.startsWith('-') ? -1 : 1 };
  });
}

/** Text as a pattern that matches just itself. */
function literally(value: string): string {
  return value.replace(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
}

/** What the filters of a list ask for, without the owner; nothing of the caller's text is an operator. */
export function filterOf(query: TaskQuery): Record<string, unknown> {
  const { status, priority, label, dueBefore, dueAfter, q } = query;
  const filter: Record<string, unknown> = {};
  if (status) filter['status'] = { $in: status };
  if (priority) filter['priority'] = { $in: priority.map((name) => priorities.indexOf(name)) };
  if (label) filter['labels'] = { $in: label };
  if (dueBefore || dueAfter) {
    filter['deadline'] = {
      $lt: dueBefore?.start ?? noDeadline,
      ...(dueAfter && { $gt: dueAfter.end }),
    };
  }
  if (q !== undefined) {
    const pattern = { $regex: literally(q), $options: 'i' };
    filter['$or'] = [{ title: pattern }, { description: pattern }];
  }
  return filter;
}
