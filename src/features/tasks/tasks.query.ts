import type { SortField } from '../../database/keyset.ts';
import { Types } from 'mongoose';
import { parseId } from '../../database/ids.ts';
import type { TaskQuery, TaskSort } from './tasks.contract.ts';
import { noDeadline } from './tasks.model.ts';
import { priorities } from './tasks.schemas.ts';

const storedFields = {
  createdAt: { field: 'createdAt', type: 'date' },
  updatedAt: { field: 'updatedAt', type: 'date' },
  dueDate: { field: 'deadline', type: 'date' },
  priority: { field: 'priority', type: 'number' },
  title: { field: 'titleKey', type: 'string' },
  rank: { field: 'rank', type: 'string' },
} as const;

/** The order that `sort=-dueDate,priority` asks for, in the names of the stored fields. */
export function orderOf(sort: TaskSort): SortField[] {
  return sort.map((key) => {
    const name = key.replace('-', '') as keyof typeof storedFields;
    return { ...storedFields[name], direction: key.startsWith('-') ? -1 : 1 };
  });
}

/** No object has this id: text that was never one matches nothing. */
const nobody = new Types.ObjectId('000000000000000000000000');

/** An object that is named in a filter; "none" is where a task has no such object. */
function named(id: string): Types.ObjectId | null {
  if (id === 'none') return null;
  return parseId(id) ?? nobody;
}

/**
 * What the plain filters of a list ask for, without the owner; nothing of the caller's text is an
 * operator.
 */
export function filterOf(query: TaskQuery): Record<string, unknown> {
  const { status, priority, label, dueBefore, dueAfter } = query;
  const filter: Record<string, unknown> = {};
  if (status) filter['status'] = { $in: status };
  if (priority) filter['priority'] = { $in: priority.map((name) => priorities.indexOf(name)) };
  if (label) filter['labels'] = { $in: label };
  for (const name of ['projectId', 'sectionId', 'parentId'] as const) {
    const id = query[name];
    if (id !== undefined) filter[name] = named(id);
  }
  if (query.seriesId !== undefined) filter['series.id'] = named(query.seriesId);
  if (dueBefore || dueAfter) {
    filter['deadline'] = {
      $lt: dueBefore?.start ?? noDeadline,
      ...(dueAfter && { $gt: dueAfter.end }),
    };
  }
  return filter;
}
