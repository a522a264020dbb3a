import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { text } from '../../contract/text.ts';
import { exampleTask, taskSchema } from '../tasks/tasks.schemas.ts';

/** What the parts of a line can mean. */
const understoodKinds = [
  'date',
  'recurrence',
  'priority',
  'project',
  'section',
  'label',
  'duration',
] as const;

const understoodSchema = z.object({
  kind: z.enum(understoodKinds),
  text: z.string().meta({ description: 'The words that were understood so.' }),
  position: z.int().min(0).meta({ description: 'Where they begin, in UTF-16 units from 0.' }),
  length: z.int().min(1),
  value: z.string().meta({ description: 'What they mean.' }),
});

const quickAddSchema = z
  .strictObject({ text: text({ min: 1, max: 500 }) })
  .meta({ id: 'QuickAdd' });

const quickAddQuery = z.strictObject({
  dryRun: z
    .enum(['true', 'false'])
    .default('false')
    .meta({ description: 'true: only tells how the text is understood, with status 200.' }),
});

const answerSchema = taskSchema
  .extend({ understood: z.array(understoodSchema) })
  .meta({ id: 'QuickAddAnswer' });

export type QuickAddAnswer = z.infer<typeof answerSchema>;

export const quickAddContract = {
  add: endpoint({
    method: 'post',
    path: '/tasks/quick',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Create a task from one line',
    description:
      'Understands dates in words (in English, where you are), recurrence ("every 2nd tuesday"), p1 to p4, #Project, /Section, @label and "for 30min". What is not understood stays in the title; a backslash in front, or quotes, keep something there.',
    query: quickAddQuery,
    body: quickAddSchema,
    status: 201,
    answer: answerSchema,
    location: '/tasks/:id',
    dryRun: true,
    errors: ['limit_reached'],
    example: {
      query: {},
      body: { text: 'Pay rent p2 @home Dec 1' },
      answer: {
        ...exampleTask,
        understood: [
          { kind: 'priority', text: 'p2', position: 9, length: 2, value: 'high' },
          { kind: 'label', text: '@home', position: 12, length: 5, value: 'home' },
          { kind: 'date', text: 'Dec 1', position: 18, length: 5, value: '2026-12-01' },
        ],
      },
    },
  }),
};
