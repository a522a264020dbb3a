import * as z from 'zod';
import { idSchema, instantSchema, versionSchema } from '../../contract/schemas.ts';
import { text } from '../../contract/text.ts';
import { timeZoneSchema } from '../../contract/time-zone.ts';
import { oneDestination } from '../projects/order.schemas.ts';
import { recurrenceSchema } from '../recurrence/recurrence.schema.ts';
import { dateInput, dateShown } from './task-dates.ts';

export const statuses = ['todo', 'in_progress', 'done'] as const;
/** From the least to the most pressing, which is also their order in a sort. */
export const priorities = ['low', 'medium', 'high', 'urgent'] as const;
/** What a recurring task counts on from: when it was due, or when it was done. */
const recurrenceAnchors = ['due', 'completion'] as const;

/** How many tasks an account may have, those in the trash included. */
export const maximumTasks = 250_000;

/** Tasks stand in each other at most so deep; a task without a parent is on the first level. */
export const maximumLevels = 5;

export const statusSchema = z.enum(statuses);
export const prioritySchema = z.enum(priorities);
const anchorSchema = z.enum(recurrenceAnchors);

export const labelSchema = text({ min: 1, max: 50 })
  .check(({ value, issues }) => {
    if (value.includes(',')) {
      issues.push({ code: 'custom', message: 'must not have a comma', input: value });
    }
  })
  .meta({ pattern: String.raw`^[^,\x00]*[^\s,\x00][^,\x00]*$` });

const labelsSchema = z
  .array(labelSchema)
  .max(20)
  .refine((labels) => new Set(labels).size === labels.length, 'must not name a label twice')
  .meta({ uniqueItems: true });

/** ISO 8601: weeks alone, or days, hours and minutes. */
export const durationSchema = z
  .string()
  .max(20)
  .regex(
    /^P(?:\d{1,3}W|(?=\d|T\d)(?:\d{1,4}D)?(?:T(?=\d)(?:\d{1,5}H)?(?:\d{1,5}M)?)?)$/,
    'must be a duration in weeks (P2W), or in days, hours and minutes (P1DT2H30M)',
  )
  .meta({ description: 'ISO 8601, in weeks, or in days, hours and minutes.', example: 'PT1H30M' });

const titleSchema = text({ min: 1, max: 200 });
const descriptionSchema = text({ max: 10_000, trim: false });

export const taskSchema = z
  .object({
    id: idSchema,
    title: z.string(),
    description: z.string(),
    status: statusSchema,
    priority: prioritySchema,
    dueDate: dateShown.nullable().meta({
      description: 'A date, a local time, or an instant, in the kind that was given.',
    }),
    timeZone: z.string().nullable().meta({
      description: 'Where the local times of the task are meant; null: wherever its owner is.',
    }),
    startDate: dateShown.nullable().meta({ description: 'When work on it may begin.' }),
    duration: z.string().nullable().meta({ description: 'How long it takes in a calendar.' }),
    estimate: z.string().nullable().meta({ description: 'How much work it is.' }),
    recurrence: z.string().nullable().meta({ description: 'An RRULE of RFC 5545.' }),
    recurrenceAnchor: anchorSchema.meta({
      description: 'Whether the next occurrence counts from the due date or from the completion.',
    }),
    seriesId: z.string().nullable().meta({
      description: 'The same for all occurrences of a recurring task.',
    }),
    occurrenceDate: dateShown.nullable().meta({
      description: 'When this occurrence was scheduled, wherever dueDate has been moved since.',
    }),
    labels: z.array(z.string()),
    projectId: idSchema,
    sectionId: idSchema.nullable(),
    parentId: idSchema.nullable(),
    rank: z.string().meta({
      description: 'The place among its siblings, which are in order by the bytes of their ranks.',
    }),
    completedAt: instantSchema
      .nullable()
      .meta({ description: 'When the status became "done"; null otherwise.' }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    version: versionSchema,
  })
  .meta({ id: 'Task' });

export type Task = z.infer<typeof taskSchema>;

/** What a member is when it is omitted at creation, or cleared later. */
export const taskDefaults = {
  description: '',
  status: 'todo',
  priority: 'medium',
  dueDate: null,
  timeZone: null,
  startDate: null,
  duration: null,
  estimate: null,
  recurrence: null,
  recurrenceAnchor: 'due',
  labels: [] as string[],
} as const;

export const createSchema = z
  .strictObject({
    title: titleSchema,
    description: descriptionSchema.default(taskDefaults.description),
    status: statusSchema.default(taskDefaults.status),
    priority: prioritySchema.default(taskDefaults.priority),
    dueDate: dateInput.nullable().default(taskDefaults.dueDate),
    timeZone: timeZoneSchema.nullable().default(taskDefaults.timeZone),
    startDate: dateInput.nullable().default(taskDefaults.startDate),
    duration: durationSchema.nullable().default(taskDefaults.duration),
    estimate: durationSchema.nullable().default(taskDefaults.estimate),
    recurrence: recurrenceSchema.nullable().default(taskDefaults.recurrence),
    recurrenceAnchor: anchorSchema.default(taskDefaults.recurrenceAnchor),
    labels: labelsSchema.default(taskDefaults.labels),
    projectId: idSchema.optional().meta({ description: 'The Inbox unless told.' }),
    sectionId: idSchema.nullable().default(null),
    parentId: idSchema
      .nullable()
      .default(null)
      .meta({ description: `The task that this one is a part of; ${maximumLevels} levels.` }),
  })
  .meta({
    id: 'TaskCreate',
    // The due date is the first occurrence, which the service checks for changes as well.
    anyOf: [
      { properties: { recurrence: { type: 'null' } } },
      { required: ['dueDate'], properties: { dueDate: { type: 'string' } } },
    ],
  });

export type TaskCreate = z.output<typeof createSchema>;

/** JSON Merge Patch (RFC 7396): null brings a member back to its default. */
export const patchSchema = z
  .strictObject({
    title: titleSchema.optional(),
    description: descriptionSchema.nullable().optional(),
    status: statusSchema.nullable().optional(),
    priority: prioritySchema.nullable().optional(),
    dueDate: dateInput.nullable().optional(),
    timeZone: timeZoneSchema.nullable().optional(),
    startDate: dateInput.nullable().optional(),
    duration: durationSchema.nullable().optional(),
    estimate: durationSchema.nullable().optional(),
    recurrence: recurrenceSchema.nullable().optional(),
    recurrenceAnchor: anchorSchema.nullable().optional(),
    labels: labelsSchema.nullable().optional(),
  })
  .meta({ id: 'TaskPatch' });

export type TaskPatch = z.output<typeof patchSchema>;

/** Where to put a task: whatever is omitted follows from the rest. */
export const moveSchema = oneDestination(
  z.strictObject({
    projectId: idSchema.optional().meta({ description: 'To the top level of this project.' }),
    sectionId: idSchema
      .nullable()
      .optional()
      .meta({ description: 'To this section; null: to no section.' }),
    parentId: idSchema
      .nullable()
      .optional()
      .meta({ description: 'Among the subtasks of this task; null: to the top level.' }),
    before: idSchema.optional().meta({ description: 'In front of this task of the same place.' }),
    after: idSchema.optional().meta({ description: 'Behind this task of the same place.' }),
    position: z
      .enum(['first', 'last'])
      .optional()
      .meta({ description: 'In front of all others of the place, or behind them.' }),
  }),
).meta({
  id: 'TaskMove',
  // A subtask is where its parent is, which the service checks as well.
  anyOf: [
    { properties: { parentId: { type: 'null' } } },
    { properties: { projectId: false, sectionId: false } },
  ],
});

export type TaskMove = z.output<typeof moveSchema>;

export const exampleTask: Task = {
  id: '68f1c2a79d3e4b5a6c7d8e9f',
  title: 'Pay rent',
  description: '',
  status: 'todo',
  priority: 'high',
  dueDate: '2026-12-01',
  timeZone: null,
  startDate: null,
  duration: null,
  estimate: null,
  recurrence: null,
  recurrenceAnchor: 'due',
  seriesId: null,
  occurrenceDate: null,
  labels: ['home'],
  projectId: '68f1c2a79d3e4b5a6c7d8e00',
  sectionId: null,
  parentId: null,
  rank: 'gVFZ3d4k7b',
  completedAt: null,
  createdAt: '2026-11-20T09:30:00.000Z',
  updatedAt: '2026-11-20T09:30:00.000Z',
  version: 1,
};
