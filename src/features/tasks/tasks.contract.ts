import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import {
  commaSeparated,
  idParams,
  idSchema,
  instantSchema,
  pageOf,
  pageQuery,
} from '../../contract/schemas.ts';
import { text } from '../../contract/text.ts';
import { dueBoundSchema, dueDateInput } from './due-date.ts';

const statuses = ['todo', 'in_progress', 'done'] as const;
/** From the least to the most pressing, which is also their order in a sort. */
export const priorities = ['low', 'medium', 'high', 'urgent'] as const;
export const sortFields = ['createdAt', 'updatedAt', 'dueDate', 'priority', 'title'] as const;

const statusSchema = z.enum(statuses);
const prioritySchema = z.enum(priorities);
const labelSchema = text({ min: 1, max: 50 })
  .check(({ value, issues }) => {
    if (value.includes(',')) {
      issues.push({ code: 'custom', message: 'must not have a comma', input: value });
    }
  })
  .meta({ pattern: String.raw`^[^,]*[^\s,][^,]*$` });

const labelsSchema = z
  .array(labelSchema)
  .max(20)
  .refine((labels) => new Set(labels).size === labels.length, 'must not name a label twice')
  .meta({ uniqueItems: true });

const taskSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    description: z.string(),
    status: statusSchema,
    priority: prioritySchema,
    dueDate: z
      .union([z.iso.date(), instantSchema])
      .nullable()
      .meta({ description: 'A date, or an instant, in the kind that was given.' }),
    labels: z.array(z.string()),
    completedAt: instantSchema
      .nullable()
      .meta({ description: 'When the status became "done"; null otherwise.' }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    version: z
      .int()
      .min(1)
      .meta({ description: 'Counts the changes; the ETag is this in quotes.' }),
  })
  .meta({ id: 'Task' });

export type Task = z.infer<typeof taskSchema>;

/** What a member is when it is omitted at creation, or cleared later. */
export const taskDefaults = {
  description: '',
  status: 'todo',
  priority: 'medium',
  dueDate: null,
  labels: [] as string[],
} as const;

const createSchema = z
  .strictObject({
    title: text({ min: 1, max: 200 }),
    description: text({ max: 10_000, trim: false }).default(taskDefaults.description),
    status: statusSchema.default(taskDefaults.status),
    priority: prioritySchema.default(taskDefaults.priority),
    dueDate: dueDateInput.nullable().default(taskDefaults.dueDate),
    labels: labelsSchema.default(taskDefaults.labels),
  })
  .meta({ id: 'TaskCreate' });

export type TaskCreate = z.output<typeof createSchema>;

/** JSON Merge Patch (RFC 7396): null brings a member back to its default. */
const patchSchema = z
  .strictObject({
    title: text({ min: 1, max: 200 }).optional(),
    description: text({ max: 10_000, trim: false }).nullable().optional(),
    status: statusSchema.nullable().optional(),
    priority: prioritySchema.nullable().optional(),
    dueDate: dueDateInput.nullable().optional(),
    labels: labelsSchema.nullable().optional(),
  })
  .meta({ id: 'TaskPatch' });

export type TaskPatch = z.output<typeof patchSchema>;

const sortKeys = sortFields.flatMap((field) => [field, `-${field}`] as const);

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
  dueBefore: dueBoundSchema
    .optional()
    .meta({ description: 'Due strictly before this date or instant.' }),
  dueAfter: dueBoundSchema
    .optional()
    .meta({ description: 'Due strictly after this date or instant.' }),
  q: text({ min: 1, max: 200 })
    .optional()
    .meta({ description: 'Text in the title or the description; case does not matter.' }),
  sort: commaSeparated(z.enum(sortKeys), sortFields.length)
    .pipe(
      z
        .array(z.enum(sortKeys))
        .refine(
          (keys) => new Set(keys.map((key) => key.replace('-', ''))).size === keys.length,
          'must not name a field twice',
        ),
    )
    .default(['-createdAt'])
    .meta({
      description: `One or more of ${sortFields.join(', ')}, with commas between; "-" in front reverses. -createdAt when omitted.`,
      default: ['-createdAt'],
    }),
  include: z.enum(['total']).optional().meta({ description: 'Adds the number of all matches.' }),
});

export type TaskQuery = z.output<typeof listQuery>;

const listAnswer = pageOf(taskSchema)
  .extend({ total: z.int().min(0).optional().meta({ description: 'Only with include=total.' }) })
  .meta({ id: 'TaskList' });

const exampleTask: Task = {
  id: '68f1c2a79d3e4b5a6c7d8e9f',
  title: 'Pay rent',
  description: '',
  status: 'todo',
  priority: 'high',
  dueDate: '2026-12-01',
  labels: ['home'],
  completedAt: null,
  createdAt: '2026-11-20T09:30:00.000Z',
  updatedAt: '2026-11-20T09:30:00.000Z',
  version: 1,
};

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
    errors: [],
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
    errors: [],
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
    errors: ['not_found', 'precondition_failed'],
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
  remove: endpoint({
    method: 'delete',
    path: '/tasks/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a task',
    description:
      'For good. Send the ETag in If-Match to delete only the version that you have read.',
    params: idParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
};
