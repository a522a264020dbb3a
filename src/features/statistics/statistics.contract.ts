import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idSchema } from '../../contract/schemas.ts';
import { rangePattern } from '../tasks/task-dates.ts';
import { priorities, statuses } from '../tasks/tasks.schemas.ts';

/** How many days a request may ask for, and how many it gets unless it says. */
export const maximumDays = 366;
export const usualDays = 30;

const count = z.int().min(0);
const openAndDone = { open: count, done: count };

const statisticsSchema = z
  .object({
    total: count,
    byStatus: z.object(Object.fromEntries(statuses.map((status) => [status, count]))),
    byPriority: z
      .object(Object.fromEntries(priorities.map((priority) => [priority, count])))
      .meta({ description: 'Of what is not done.' }),
    byProject: z.array(z.object({ projectId: idSchema, ...openAndDone })),
    byLabel: z.array(z.object({ label: z.string(), ...openAndDone })),
    overdue: count,
    dueToday: count.meta({ description: 'Of what is not done, where you are.' }),
  })
  .meta({ id: 'Statistics' });

export type Statistics = z.infer<typeof statisticsSchema>;

const completionsSchema = z
  .object({
    timeZone: z
      .string()
      .meta({ description: 'Whose days they are: the time zone of the account.' }),
    from: z.iso.date(),
    to: z.iso.date(),
    completed: count,
    days: z
      .array(z.object({ date: z.iso.date(), completed: count }))
      .meta({ description: 'Every day from the first to the last, in order.' }),
    streak: z
      .object({
        current: count.meta({
          description: 'Days in a row with something done, up to today or yesterday.',
        }),
        longest: count,
      })
      .meta({ description: `Within the last ${maximumDays} days.` }),
  })
  .meta({ id: 'Completions' });

export type Completions = z.infer<typeof completionsSchema>;

const daysBetween = (from: string, to: string) =>
  (Date.parse(to) - Date.parse(from)) / 86_400_000 + 1;

const completionsQuery = z
  .strictObject({
    from: z.iso
      .date()
      .optional()
      .meta({
        pattern: rangePattern,
        description: `The first day; ${usualDays} days up to the last unless told.`,
      }),
    to: z.iso
      .date()
      .optional()
      .meta({ pattern: rangePattern, description: 'The last day; today unless told.' }),
  })
  .refine(({ from, to }) => from === undefined || to === undefined || from <= to, {
    path: ['to'],
    message: 'must not be before from',
  })
  .refine(
    ({ from, to }) =>
      from === undefined || to === undefined || daysBetween(from, to) <= maximumDays,
    { path: ['to'], message: `must be within ${maximumDays} days` },
  );

export type CompletionsQuery = z.output<typeof completionsQuery>;

export const statisticsContract = {
  read: endpoint({
    method: 'get',
    path: '/statistics',
    access: 'user',
    scope: 'tasks:read',
    summary: 'Count tasks',
    description: 'By status, priority, project and label. What is in the trash does not count.',
    status: 200,
    answer: statisticsSchema,
    errors: [],
    example: {
      answer: {
        total: 4,
        byStatus: { todo: 2, in_progress: 1, done: 1 },
        byPriority: { low: 0, medium: 2, high: 1, urgent: 0 },
        byProject: [{ projectId: '68f1c2a79d3e4b5a6c7d8e00', open: 3, done: 1 }],
        byLabel: [{ label: 'home', open: 1, done: 0 }],
        overdue: 1,
        dueToday: 1,
      },
    },
  }),
  completions: endpoint({
    method: 'get',
    path: '/statistics/completions',
    access: 'user',
    scope: 'tasks:read',
    summary: 'Count what was done each day',
    description: `In the time zone of the account, over at most ${maximumDays} days.`,
    query: completionsQuery,
    status: 200,
    answer: completionsSchema,
    errors: [],
    example: {
      query: { from: '2026-11-20', to: '2026-11-21' },
      answer: {
        timeZone: 'Europe/Paris',
        from: '2026-11-20',
        to: '2026-11-21',
        completed: 3,
        days: [
          { date: '2026-11-20', completed: 0 },
          { date: '2026-11-21', completed: 3 },
        ],
        streak: { current: 1, longest: 5 },
      },
    },
  }),
};
