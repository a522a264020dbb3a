import { priorities, statuses } from '../tasks/tasks.schemas.ts';
import type { Operator } from './expression.ts';

const equality = ['=', '!=', 'in'] as const;
const order = ['<', '<=', '>', '>='] as const;
const comparison = ['=', '!=', ...order] as const;

/** How the values of a field are read and compared. */
type FieldKind =
  /** One of a fixed list, which is in its order. */
  | 'choice'
  /** A date, a time of the clock or an instant, as people plan. */
  | 'calendar'
  /** What the API itself took down. */
  | 'instant'
  /** Any of the names that the task carries. */
  | 'names'
  /** An object that has a name and an id. */
  | 'project'
  | 'section'
  | 'task'
  /** Words to be found. */
  | 'search';

export interface Field {
  readonly kind: FieldKind;
  readonly operators: readonly Operator[];
  /** Whether a task may lack it, so that `none` and `any` make sense. */
  readonly optional?: true;
  readonly choices?: readonly string[];
  /** Whether a choice is stored as its place among the choices. */
  readonly ranked?: true;
  /** The stored field, or what its subfields begin with. */
  readonly stored: string;
  /** For the documentation: what it compares, and a filter that does. */
  readonly meaning: string;
  readonly example: string;
}

/** Every field of the language; parser, compiler and documentation follow from it. */
export const fields: Readonly<Record<string, Field>> = {
  status: {
    kind: 'choice',
    operators: equality,
    choices: statuses,
    stored: 'status',
    meaning: 'How far the task is.',
    example: 'status in (todo, in_progress)',
  },
  priority: {
    kind: 'choice',
    operators: [...equality, ...order],
    choices: priorities,
    ranked: true,
    stored: 'priority',
    meaning: 'From `low` to `urgent`, in that order.',
    example: 'priority >= high',
  },
  due: {
    kind: 'calendar',
    operators: comparison,
    optional: true,
    stored: 'deadline',
    meaning: 'The due date.',
    example: 'due < +7d',
  },
  start: {
    kind: 'calendar',
    operators: comparison,
    optional: true,
    stored: 'start',
    meaning: 'The start date.',
    example: 'start <= today',
  },
  created: {
    kind: 'instant',
    operators: comparison,
    stored: 'createdAt',
    meaning: 'When the task was created.',
    example: 'created >= -1w',
  },
  updated: {
    kind: 'instant',
    operators: comparison,
    stored: 'updatedAt',
    meaning: 'When the task was last changed.',
    example: 'updated < -6m',
  },
  completed: {
    kind: 'instant',
    operators: comparison,
    optional: true,
    stored: 'completedAt',
    meaning: 'When the task was done.',
    example: 'completed = yesterday',
  },
  label: {
    kind: 'names',
    operators: equality,
    optional: true,
    stored: 'labels',
    meaning: 'A label that the task has, by its exact name.',
    example: 'label = waiting',
  },
  project: {
    kind: 'project',
    operators: equality,
    stored: 'projectId',
    meaning: 'The project, by its name or its id; `Inbox` is one.',
    example: 'project = "Spring cleaning"',
  },
  section: {
    kind: 'section',
    operators: equality,
    optional: true,
    stored: 'sectionId',
    meaning: 'The section, by its name or its id; the same name in any project.',
    example: 'section = Doing',
  },
  parent: {
    kind: 'task',
    operators: equality,
    optional: true,
    stored: 'parentId',
    meaning: 'The task of which this is a subtask, by its id.',
    example: 'parent = none',
  },
  title: {
    kind: 'search',
    operators: ['~'],
    stored: 'title',
    meaning: 'Words in the title.',
    example: 'title ~ rent',
  },
  text: {
    kind: 'search',
    operators: ['~'],
    stored: 'text',
    meaning: 'Words in the title or the description.',
    example: 'text ~ "pay rent"',
  },
};

interface Predicate {
  readonly meaning: string;
  /** The filter that it is short for, or else the stored field that a task has then. */
  readonly filter?: string;
  readonly stored?: string;
}

/** Words that are conditions by themselves. */
export const predicates: Readonly<Record<string, Predicate>> = {
  overdue: {
    meaning: 'Due on a date before today or at a time before now, and not done.',
    filter: 'status != done & due < now',
  },
  today: { meaning: 'Due today, and not done.', filter: 'status != done & due = today' },
  upcoming: {
    meaning: 'Due today or on one of the six days after it, and not done.',
    filter: 'status != done & due >= today & due < +7d',
  },
  recurring: { meaning: 'Has a recurrence.', stored: 'series.rule' },
};
