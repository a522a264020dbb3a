import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idParams, pageOf, pageQuery } from '../../contract/schemas.ts';
import { dateInput, dateShown } from '../tasks/task-dates.ts';

/** How many coming occurrences of a task may be left out, and how many moved. */
export const maximumExceptions = 100;

const occurrenceSchema = z
  .object({
    occurrenceDate: dateShown.meta({ description: 'When the rule schedules it.' }),
    dueDate: dateShown.meta({ description: 'When it is due: the same, unless it was moved.' }),
  })
  .meta({ id: 'Occurrence' });

export type ShownOccurrence = z.infer<typeof occurrenceSchema>;

const moveSchema = z.strictObject({ dueDate: dateInput }).meta({ id: 'OccurrenceMove' });

const listQuery = z.strictObject(pageQuery);

export type OccurrenceQuery = z.output<typeof listQuery>;

const occurrenceParams = z.strictObject({
  ...idParams.shape,
  occurrenceDate: z
    .string()
    .min(1)
    .meta({ description: 'When the rule schedules it.', example: '2026-12-08' }),
});

const path = '/tasks/:id/occurrences';

export const occurrencesContract = {
  list: endpoint({
    method: 'get',
    path,
    access: 'user',
    scope: 'tasks:read',
    summary: 'List the coming occurrences of a task',
    description:
      'Those after the open one, in the order of their occurrenceDate: without those that are left out, and without those whose day has passed, as completing the task would not open them. With the anchor "completion" they are estimates: as if each were done on the day on which it is due. The list of a task that does not recur, that is done, or that the series has passed, is empty.',
    params: idParams,
    query: listQuery,
    status: 200,
    answer: pageOf(occurrenceSchema).meta({ id: 'OccurrenceList' }),
    errors: ['not_found'],
    example: {
      query: { limit: '2' },
      answer: {
        data: [
          { occurrenceDate: '2026-12-08', dueDate: '2026-12-08' },
          { occurrenceDate: '2026-12-15', dueDate: '2026-12-16' },
        ],
        nextCursor: null,
      },
    },
  }),
  move: endpoint({
    method: 'put',
    path: `${path}/:occurrenceDate`,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Move an occurrence of a task',
    description: `Gives one occurrence another due date, the open one (as PATCH of the task does) or a coming one, and brings back a coming one that was left out; the series stays as it is. At most ${maximumExceptions} coming occurrences can be moved. With the anchor "completion", only the open one can. The ETag is the task's; send it in If-Match to change only the version that you have read.`,
    params: occurrenceParams,
    body: moveSchema,
    status: 200,
    answer: occurrenceSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'precondition_failed', 'limit_reached'],
    example: {
      body: { dueDate: '2026-12-16' },
      answer: { occurrenceDate: '2026-12-15', dueDate: '2026-12-16' },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: `${path}/:occurrenceDate`,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Skip an occurrence of a task',
    description: `Leaves out one occurrence: skipping the open one makes the task go on to the next, as a task to do with its subtasks as they are; a coming one will not be opened. Doing it again is harmless. The last occurrence cannot be skipped: complete or delete the task. At most ${maximumExceptions} coming occurrences can be left out. With the anchor "completion", only the open one can. Send the task's ETag in If-Match to change only the version that you have read.`,
    params: occurrenceParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed', 'limit_reached'],
    example: {},
  }),
};
