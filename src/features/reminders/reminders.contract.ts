import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idParams, idSchema, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import { rangePattern } from '../tasks/task-dates.ts';
import { durationSchema } from '../tasks/tasks.schemas.ts';

/** How many reminders a task may have. */
export const maximumReminders = 10;

const beforeMeaning =
  'How long before the due date, in ISO 8601; weeks and days keep the time of the clock. A date counts as nine in the morning.';

const reminderSchema = z
  .object({
    id: idSchema,
    taskId: idSchema,
    at: instantSchema.nullable().meta({ description: 'The moment that was given.' }),
    before: z.string().nullable().meta({ description: beforeMeaning, example: 'PT30M' }),
    firesAt: instantSchema.nullable().meta({
      description: 'When it fires; null while there is no due date to count back from.',
    }),
    firedAt: instantSchema.nullable().meta({
      description:
        'When its moment came, with a mail or without; null again once it is to fire anew.',
    }),
    createdAt: instantSchema,
  })
  .meta({ id: 'Reminder' });

export type Reminder = z.infer<typeof reminderSchema>;

const momentSchema = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((at) => at.getUTCFullYear() >= 1900 && at.getUTCFullYear() <= 9998, {
    error: 'must be from 1900 to 9998',
  })
  .meta({
    pattern: rangePattern,
    description: 'An instant with its offset.',
    example: '2026-12-01T08:00:00Z',
  });

const createSchema = z
  .strictObject({
    at: momentSchema.nullable().default(null),
    before: durationSchema
      .nullable()
      .default(null)
      .meta({ description: beforeMeaning, example: 'PT30M' }),
  })
  .refine(({ at, before }) => (at === null) !== (before === null), {
    error: 'must have either at or before',
  })
  .meta({
    id: 'ReminderCreate',
    oneOf: [
      { required: ['at'], properties: { at: { type: 'string' } } },
      { required: ['before'], properties: { before: { type: 'string' } } },
    ],
  });

export type ReminderCreate = z.output<typeof createSchema>;

const listQuery = z.strictObject(pageQuery);

export type ReminderQuery = z.output<typeof listQuery>;

const reminderParams = z.strictObject({ ...idParams.shape, reminderId: idSchema });

const exampleReminder: Reminder = {
  id: '68f1c2a79d3e4b5a6c7d8eb7',
  taskId: '68f1c2a79d3e4b5a6c7d8e9f',
  at: null,
  before: 'PT30M',
  firesAt: '2026-12-01T08:30:00.000Z',
  firedAt: null,
  createdAt: '2026-11-20T10:00:00.000Z',
};

const path = '/tasks/:id/reminders';

export const remindersContract = {
  create: endpoint({
    method: 'post',
    path,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Add a reminder to a task',
    description: `Sends a mail to your verified address, once: at a moment, or so long before the due date, which it follows. A moment that has passed fires at once, and without a mail where that is more than 24 hours ago. A task has at most ${maximumReminders} reminders. The ETag is the task's.`,
    params: idParams,
    body: createSchema,
    status: 201,
    answer: reminderSchema,
    location: '/tasks/:taskId/reminders/:id',
    versioned: true,
    errors: ['not_found', 'limit_reached'],
    example: { body: { before: 'PT30M' }, answer: exampleReminder },
  }),
  list: endpoint({
    method: 'get',
    path,
    access: 'user',
    scope: 'tasks:read',
    summary: 'List the reminders of a task',
    description: 'In the order in which they were made.',
    params: idParams,
    query: listQuery,
    status: 200,
    answer: pageOf(reminderSchema).meta({ id: 'ReminderList' }),
    errors: ['not_found'],
    example: { answer: { data: [exampleReminder], nextCursor: null } },
  }),
  read: endpoint({
    method: 'get',
    path: `${path}/:reminderId`,
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read a reminder',
    params: reminderParams,
    status: 200,
    answer: reminderSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleReminder },
  }),
  remove: endpoint({
    method: 'delete',
    path: `${path}/:reminderId`,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a reminder',
    description:
      "A mail that waits for the mail server goes with it. Send the task's ETag in If-Match to change only the version that you have read.",
    params: reminderParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
};
