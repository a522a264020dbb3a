import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { commaSeparated, idParams, idSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import { text } from '../../contract/text.ts';
import { filterTextSchema } from '../filters/filter-schema.ts';
import { dueBoundSchema } from './task-dates.ts';
import {
  createSchema,
  exampleTask,
  labelSchema,
  moveSchema,
  patchSchema,
  priorities,
  prioritySchema,
  statuses,
  statusSchema,
  taskSchema,
} from './tasks.schemas.ts';

export const sortFields = [
  'createdAt',
  'updatedAt',
  'dueDate',
  'priority',
  'title',
  'rank',
] as const;

/** The order of a list that asks for none. */
export const defaultSort = ['-createdAt'] as const satisfies string[];

const sortKeys = sortFields.flatMap((field) => [field, `-${field}`] as const);

/** The fields to sort by, the first one first. */
export const sortSchema = z
  .array(z.enum(sortKeys))
  .min(1)
  .max(sortFields.length)
  .refine(
    (keys) => new Set(keys.map((key) => key.replace('-', ''))).size === keys.length,
    'must not name a field twice',
  );

const listQuery = z.strictObject({
  ...pageQuery,
  status: commaSeparated(statusSchema, statuses.length)
    .optional()
    .meta({ description: `One or more of ${statuses.join(', ')}, with commas between.` }),
  priority: commaSeparated(prioritySchema, priorities.length)
    .optional()
    .meta({ description: `One or more of ${priorities.join(', ')}, with commas between.` }),
  label: commaSeparated(labelSchema, 20)
    .optional()
    .meta({ description: 'One or more label names, with commas between; any of them matches.' }),
  projectId: idSchema.optional().meta({ description: 'In this project.' }),
  sectionId: idSchema.optional().meta({ description: 'In this section; "none": in no section.' }),
  parentId: idSchema
    .optional()
    .meta({ description: 'Right below this task; "none": on the top level.' }),
  seriesId: idSchema.optional().meta({ description: 'Occurrences of this recurring task.' }),
  dueBefore: dueBoundSchema
    .optional()
    .meta({ description: 'Due strictly before this date or instant.' }),
  dueAfter: dueBoundSchema
    .optional()
    .meta({ description: 'Due strictly after this date or instant.' }),
  q: text({ min: 1, max: 200 }).optional().meta({
    description:
      'Words in the title or the description, in any order; a word may be just begun, "quotes" ask for a phrase, and - in front excludes.',
  }),
  filter: filterTextSchema.optional(),
  savedFilter: idSchema.optional().meta({ description: 'What a saved filter matches.' }),
  sort: commaSeparated(z.enum(sortKeys), sortFields.length)
    .pipe(sortSchema)
    .optional()
    .meta({
      description: `One or more of ${sortFields.join(', ')}, with commas between; "-" in front reverses. ${defaultSort.join()} when omitted, and by relevance with q.`,
    }),
  include: z.enum(['total']).optional().meta({ description: 'Adds the number of all matches.' }),
});

export type TaskQuery = z.output<typeof listQuery>;
export type TaskSort = NonNullable<TaskQuery['sort']>;

const listAnswer = pageOf(taskSchema)
  .extend({ total: z.int().min(0).optional().meta({ description: 'Only with include=total.' }) })
  .meta({ id: 'TaskList' });

export const tasksContract = {
  create: endpoint({
    method: 'post',
    path: '/tasks',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Create a task',
    body: createSchema,
    status: 201,
    answer: taskSchema,
    location: '/tasks/:id',
    versioned: true,
    errors: ['limit_reached'],
    example: {
      body: { title: 'Pay rent', priority: 'high', dueDate: '2026-12-01', labels: ['home'] },
      answer: exampleTask,
    },
  }),
  list: endpoint({
    method: 'get',
    path: '/tasks',
    access: 'user',
    scope: 'tasks:read',
    summary: 'List tasks',
    description:
      'Answers the caller\u2019s tasks, page by page: follow nextCursor, or the Link header, until it is null. A date-only task counts as due at the end of its day in UTC; tasks without a due date sort after all others.',
    query: listQuery,
    status: 200,
    answer: listAnswer,
    // Of a saved filter that is not there.
    errors: ['not_found'],
    example: {
      query: { status: 'todo,in_progress', sort: 'dueDate', limit: '20' },
      answer: { data: [exampleTask], nextCursor: null },
    },
  }),
  read: endpoint({
    method: 'get',
    path: '/tasks/:id',
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read a task',
    params: idParams,
    status: 200,
    answer: taskSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleTask },
  }),
  update: endpoint({
    method: 'patch',
    path: '/tasks/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Change a task',
    description:
      'JSON Merge Patch (RFC 7396): an omitted member stays, null brings it back to its default, an array is replaced whole. Send the ETag in If-Match to change only the version that you have read.',
    params: idParams,
    body: patchSchema,
    status: 200,
    answer: taskSchema,
    versioned: true,
    preconditions: true,
    errors: ['limit_reached', 'not_found', 'precondition_failed'],
    example: {
      body: { status: 'done' },
      answer: {
        ...exampleTask,
        status: 'done',
        completedAt: '2026-11-21T08:00:00.000Z',
        updatedAt: '2026-11-21T08:00:00.000Z',
        version: 2,
      },
    },
  }),
  move: endpoint({
    method: 'post',
    path: '/tasks/:id/move',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Move a task',
    description:
      'To another project, section, parent or place, with all its subtasks. It gets behind the others unless told.',
    params: idParams,
    body: moveSchema,
    status: 200,
    answer: taskSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {
      body: { position: 'first' },
      answer: { ...exampleTask, rank: 'gVFZ3cz0x1', version: 2 },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/tasks/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a task',
    description:
      'Takes it to the trash with all its subtasks: see /trash. Send the ETag in If-Match to delete only the version that you have read.',
    params: idParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
};
