import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idParams, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import { exampleTask, taskSchema } from '../tasks/tasks.schemas.ts';

/** How long the trash keeps a task. */
export const daysInTrash = 30;

const trashedTask = taskSchema
  .extend({
    deletedAt: instantSchema,
    expiresAt: instantSchema.meta({ description: 'When the task goes for good.' }),
  })
  .meta({ id: 'TrashedTask' });

export type TrashedTask = z.infer<typeof trashedTask>;

const exampleTrashed: TrashedTask = {
  ...exampleTask,
  deletedAt: '2026-11-21T08:00:00.000Z',
  expiresAt: '2026-12-21T08:00:00.000Z',
};

export const trashContract = {
  list: endpoint({
    method: 'get',
    path: '/trash',
    access: 'user',
    scope: 'tasks:read',
    summary: 'List the trash',
    description: `Answers the tasks that were deleted, the latest first. Their subtasks are with them and not listed. The trash keeps a task for ${daysInTrash} days.`,
    query: z.strictObject(pageQuery),
    status: 200,
    answer: pageOf(trashedTask).meta({ id: 'TrashList' }),
    errors: [],
    example: { query: { limit: '20' }, answer: { data: [exampleTrashed], nextCursor: null } },
  }),
  restore: endpoint({
    method: 'post',
    path: '/trash/:id/restore',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Restore a task',
    description:
      'With its subtasks, to the place where it was. Where its parent is gone it gets to the top level, where its section is gone to none, and where its project is gone to the Inbox.',
    params: idParams,
    status: 200,
    answer: taskSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: { answer: { ...exampleTask, version: 3 } },
  }),
  purge: endpoint({
    method: 'delete',
    path: '/trash/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a task for good',
    description: 'A task in the trash, with its subtasks, comments and attachments.',
    params: idParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
  empty: endpoint({
    method: 'delete',
    path: '/trash',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Empty the trash',
    description: 'Deletes everything in it for good.',
    status: 204,
    errors: [],
    example: {},
  }),
};
