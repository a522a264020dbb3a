import { DateTime } from 'luxon';
import type {
  Condition,
  Expression,
  Moment,
  Value,
} from '../../src/features/filters/expression.ts';

/** A date of a task, as its owner thinks of it. */
export type When =
  | { kind: 'date'; text: string }
  | { kind: 'floating'; text: string }
  | { kind: 'instant'; at: Date };

/** A task with what a filter can ask for, in no form that anything stores. */
export interface PlainTask {
  status: string;
  priority: string;
  due: When | null;
  start: When | null;
  created: Date;
  updated: Date;
  completed: Date | null;
  labels: string[];
  project: string;
  section: string | null;
  parent: string | null;
  title: string[];
  text: string[];
  recurring: boolean;
}

export interface Where {
  zone: string;
  now: Date;
}

type Comparison = -1 | 0 | 1;

function order<T extends string | number>(one: T, other: T): Comparison {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

const local = (at: Date, zone: string) => DateTime.fromJSDate(at, { zone });
const dateOf = (moment: DateTime) => moment.toFormat('yyyy-MM-dd');
const clockOf = (moment: DateTime) => moment.toFormat("yyyy-MM-dd'T'HH:mm:ss.SSS");

const units = { h: 'hours', d: 'days', w: 'weeks', m: 'months', y: 'years' } as const;

/** A date, or else a moment. */
function meant(moment: Moment, { zone, now }: Where): string | DateTime {
  if (moment.kind === 'offset') {
    const moved = local(now, zone).plus({ [units[moment.unit]]: moment.amount });
    return moment.unit === 'h' ? moved : dateOf(moved);
  }
  if (moment.text.length === 10) return moment.text;
  // A local time that occurs twice is the first of the two.
  return DateTime.fromISO(moment.text, { zone }).getPossibleOffsets()[0] ?? '';
}

/** Days are compared with days, and a task that is due on a day is due at its very end. */
function compareDate(when: When, moment: Moment, where: Where): Comparison {
  const given = meant(moment, where);
  if (typeof given === 'string') {
    const day = when.kind === 'instant' ? dateOf(local(when.at, where.zone)) : when.text;
    return order(day.slice(0, 10), given);
  }
  if (when.kind === 'instant') return order(when.at.getTime(), given.toMillis());
  const clock = when.kind === 'date' ? `${when.text}T23:59:59.999` : `${when.text}.000`;
  return order(clock, clockOf(given.setZone(where.zone)));
}

const priorities = ['low', 'medium', 'high', 'urgent'];

function holds(operator: string, comparison: Comparison): boolean {
  switch (operator) {
    case '<':
      return comparison < 0;
    case '<=':
      return comparison <= 0;
    case '>':
      return comparison > 0;
    case '>=':
      return comparison >= 0;
    default:
      return comparison === 0;
  }
}

function meets(task: PlainTask, { field, operator }: Condition, value: Value, where: Where) {
  const members: Record<string, readonly string[]> = {
    status: [task.status],
    priority: [task.priority],
    label: task.labels,
    project: [task.project],
    section: task.section === null ? [] : [task.section],
    parent: task.parent === null ? [] : [task.parent],
  };
  const dates: Record<string, When | null> = {
    due: task.due,
    start: task.start,
    created: { kind: 'instant', at: task.created },
    updated: { kind: 'instant', at: task.updated },
    completed: task.completed && { kind: 'instant', at: task.completed },
  };
  const own = members[field] ?? (dates[field] ? ['a date'] : []);
  if (value.kind === 'none') return own.length === 0;
  if (value.kind === 'any') return own.length > 0;
  if (value.kind === 'text') {
    const { text } = value;
    if (field === 'title') return task.title.includes(text);
    if (field === 'text') return task.text.includes(text);
    if (field === 'priority') {
      return holds(operator, order(priorities.indexOf(task.priority), priorities.indexOf(text)));
    }
    if (field === 'project' || field === 'section') {
      return own.some((name) => name.toLowerCase() === text.toLowerCase());
    }
    return own.includes(text);
  }
  const date = dates[field];
  return date ? holds(operator, compareDate(date, value, where)) : false;
}

/** Whether the task is one that the filter asks for, by the plainest reading of docs/filters.md. */
export function isAskedFor(task: PlainTask, expression: Expression, where: Where): boolean {
  switch (expression.kind) {
    case 'and':
      return expression.terms.every((term) => isAskedFor(task, term, where));
    case 'or':
      return expression.terms.some((term) => isAskedFor(task, term, where));
    case 'not':
      return !isAskedFor(task, expression.term, where);
    case 'predicate': {
      if (expression.name === 'recurring') return task.recurring;
      const { due } = task;
      if (!due || task.status === 'done') return false;
      const offset = (amount: number, unit: 'h' | 'd') =>
        compareDate(due, { kind: 'offset', amount, unit }, where);
      if (expression.name === 'overdue') {
        return due.kind === 'date' ? offset(0, 'd') < 0 : offset(0, 'h') < 0;
      }
      if (expression.name === 'today') return offset(0, 'd') === 0;
      return offset(0, 'd') >= 0 && offset(6, 'd') <= 0;
    }
    default: {
      const any = expression.values.some((value) => meets(task, expression, value, where));
      return expression.operator === '!=' ? !any : any;
    }
  }
}
