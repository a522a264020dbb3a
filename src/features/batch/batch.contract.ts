import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { idSchema } from '../../contract/schemas.ts';
import { filterTextSchema } from '../filters/filter-schema.ts';
import {
  createSchema,
  exampleTask,
  moveSchema,
  patchSchema,
  taskSchema,
} from '../tasks/tasks.schemas.ts';

/** How many operations a batch has, and how many tasks it changes altogether. */
const maximumOperations = 100;
export const maximumChanges = 1000;

const operations = ['create', 'update', 'move', 'complete', 'delete'] as const;

const tempIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/, 'must be 1 to 40 of A-Z a-z 0-9 _ -')
  .meta({ description: 'Stands for the id of the task in the operations that follow.' });

const versionSchema = z
  .int()
  .min(1)
  .optional()
  .meta({ description: 'Only if the task has this version, as with If-Match.' });

const one = { id: idSchema, version: versionSchema };
const some = {
  id: idSchema.optional(),
  version: versionSchema,
  filter: filterTextSchema.optional().meta({ description: 'Every task that matches.' }),
};

interface Target {
  id?: string | undefined;
  version?: number | undefined;
  filter?: string | undefined;
}

/** Refuses an operation that names no task, or both one and a filter. */
function oneTarget<Schema extends z.ZodType<Target>>(operation: Schema): Schema {
  return operation
    .refine(({ id, filter }) => (id === undefined) !== (filter === undefined), {
      path: ['id'],
      message: 'must be given, or else a filter, and not both',
    })
    .refine(({ id, version }) => version === undefined || id !== undefined, {
      path: ['version'],
      message: 'must come with an id',
    })
    .meta({
      oneOf: [
        { required: ['id'], properties: { filter: false } },
        { required: ['filter'], properties: { id: false, version: false } },
      ],
    });
}

const operationSchema = z
  .discriminatedUnion('op', [
    z.strictObject({
      op: z.literal('create'),
      tempId: tempIdSchema.optional(),
      task: createSchema,
    }),
    oneTarget(z.strictObject({ op: z.literal('update'), ...some, changes: patchSchema })),
    z.strictObject({ op: z.literal('move'), ...one, to: moveSchema }),
    oneTarget(z.strictObject({ op: z.literal('complete'), ...some })),
    oneTarget(z.strictObject({ op: z.literal('delete'), ...some })),
  ])
  .meta({ id: 'BatchOperation' });

export type Operation = z.output<typeof operationSchema>;

function temporaryIdsDiffer(list: readonly Operation[]): boolean {
  const ids = list.flatMap((operation) => (operation.op === 'create' ? [operation.tempId] : []));
  const given = ids.filter((id) => id !== undefined);
  return new Set(given).size === given.length;
}

const batchSchema = z
  .strictObject({
    operations: z
      .array(operationSchema)
      .min(1)
      .max(maximumOperations)
      .refine(temporaryIdsDiffer, 'must not use a tempId twice'),
    atomic: z.boolean().default(false).meta({ description: 'All of them or none.' }),
    dryRun: z.boolean().default(false).meta({ description: 'Only tells what would happen.' }),
  })
  .meta({ id: 'Batch' });

export type Batch = z.output<typeof batchSchema>;

const failureSchema = z.object({
  code: z.string().meta({ description: 'An error code of this API.' }),
  detail: z.string(),
  errors: z.array(z.object({ path: z.string(), code: z.string(), message: z.string() })),
});

const resultSchema = z
  .object({
    op: z.enum(operations),
    ok: z.boolean(),
    tempId: z.string().nullable(),
    ids: z.array(idSchema).meta({ description: 'The tasks that were made, changed or deleted.' }),
    task: taskSchema
      .nullable()
      .meta({ description: 'As it is now, where it is one and not deleted.' }),
    problem: failureSchema.nullable().meta({ description: 'Why the operation was not done.' }),
  })
  .meta({ id: 'BatchResult' });

export type Result = z.infer<typeof resultSchema>;

const answerSchema = z
  .object({
    applied: z.boolean().meta({
      description:
        'Whether anything was done: not in a dry run, nor where one failed of all or none.',
    }),
    results: z.array(resultSchema).meta({ description: 'One for each operation, in their order.' }),
  })
  .meta({ id: 'BatchAnswer' });

export type BatchAnswer = z.infer<typeof answerSchema>;

const done: Result = {
  op: 'create',
  ok: true,
  tempId: 'move',
  ids: [exampleTask.id],
  task: { ...exampleTask, title: 'Move house' },
  problem: null,
};

export const batchContract = {
  run: endpoint({
    method: 'post',
    path: '/tasks/batch',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Change many tasks',
    description: `Up to ${maximumOperations} operations, one after the other, each with its own result; up to ${maximumChanges} tasks altogether. With atomic, everything is checked before the first is done, and what was done is undone should one fail nevertheless.`,
    body: batchSchema,
    status: 200,
    answer: answerSchema,
    errors: [],
    example: {
      body: {
        operations: [
          { op: 'create', tempId: 'move', task: { title: 'Move house' } },
          { op: 'create', task: { title: 'Buy boxes', parentId: 'move' } },
          { op: 'complete', filter: 'label = old & due < -30d' },
        ],
      },
      answer: {
        applied: true,
        results: [
          done,
          {
            ...done,
            tempId: null,
            ids: ['68f1c2a79d3e4b5a6c7d8ea0'],
            task: {
              ...exampleTask,
              id: '68f1c2a79d3e4b5a6c7d8ea0',
              title: 'Buy boxes',
              parentId: exampleTask.id,
            },
          },
          { op: 'complete', ok: true, tempId: null, ids: [], task: null, problem: null },
        ],
      },
    },
  }),
};
