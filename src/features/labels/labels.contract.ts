import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import {
  idParams,
  idSchema,
  instantSchema,
  pageOf,
  pageQuery,
  versionSchema,
} from '../../contract/schemas.ts';
import { oneDestination, orderMembers } from '../projects/order.schemas.ts';
import { colours } from '../projects/projects.contract.ts';
import { labelSchema as nameSchema } from '../tasks/tasks.schemas.ts';

/** How many labels an account may have. */
export const maximumLabels = 500;

const colourSchema = z.enum(colours);

const labelSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    colour: colourSchema,
    rank: z.string().meta({
      description: 'The place among the labels, which are in order by the bytes of their ranks.',
    }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    version: versionSchema,
  })
  .meta({ id: 'Label' });

export type Label = z.infer<typeof labelSchema>;

/** What a member is when it is omitted at creation, or cleared later. */
export const labelDefaults = { colour: 'grey' } as const;

const createSchema = z
  .strictObject({ name: nameSchema, colour: colourSchema.default(labelDefaults.colour) })
  .meta({ id: 'LabelCreate' });

export type LabelCreate = z.output<typeof createSchema>;

/** JSON Merge Patch (RFC 7396): null brings a member back to its default. */
const patchSchema = z
  .strictObject({ name: nameSchema.optional(), colour: colourSchema.nullable().optional() })
  .meta({ id: 'LabelPatch' });

export type LabelPatch = z.output<typeof patchSchema>;

const moveSchema = oneDestination(z.strictObject(orderMembers)).meta({ id: 'LabelMove' });

export type LabelMove = z.output<typeof moveSchema>;

const listQuery = z.strictObject(pageQuery);

export type LabelQuery = z.output<typeof listQuery>;

const exampleLabel: Label = {
  id: '68f1c2a79d3e4b5a6c7d8eb4',
  name: 'home',
  colour: 'green',
  rank: 'gVFZ3d4k7b',
  createdAt: '2026-11-20T09:30:00.000Z',
  updatedAt: '2026-11-20T09:30:00.000Z',
  version: 1,
};

const changed = { updatedAt: '2026-11-21T08:00:00.000Z', version: 2 };

export const labelsContract = {
  create: endpoint({
    method: 'post',
    path: '/labels',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Create a label',
    description: `It gets behind the others. A task that names a new label makes it, too. Names are compared exactly, upper and lower case being different. An account has at most ${maximumLabels} labels.`,
    body: createSchema,
    status: 201,
    answer: labelSchema,
    location: '/labels/:id',
    versioned: true,
    errors: ['limit_reached', 'name_taken'],
    example: { body: { name: 'home', colour: 'green' }, answer: exampleLabel },
  }),
  list: endpoint({
    method: 'get',
    path: '/labels',
    access: 'user',
    scope: 'tasks:read',
    summary: 'List labels',
    description: 'In their order.',
    query: listQuery,
    status: 200,
    answer: pageOf(labelSchema).meta({ id: 'LabelList' }),
    errors: [],
    example: { answer: { data: [exampleLabel], nextCursor: null } },
  }),
  read: endpoint({
    method: 'get',
    path: '/labels/:id',
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read a label',
    params: idParams,
    status: 200,
    answer: labelSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleLabel },
  }),
  update: endpoint({
    method: 'patch',
    path: '/labels/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Change a label',
    description:
      'JSON Merge Patch (RFC 7396): an omitted member stays, null brings it back to its default. A new name reaches every task that has the label, also in the trash, and counts as a change of each; meanwhile a task may be read with either name. For a few seconds more the former name stands for the new one, then it is free. Send the ETag in If-Match to change only the version that you have read.',
    params: idParams,
    body: patchSchema,
    status: 200,
    answer: labelSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'name_taken', 'precondition_failed'],
    example: {
      body: { name: 'household' },
      answer: { ...exampleLabel, ...changed, name: 'household' },
    },
  }),
  move: endpoint({
    method: 'post',
    path: '/labels/:id/move',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Move a label',
    description: 'To another place in the order.',
    params: idParams,
    body: moveSchema,
    status: 200,
    answer: labelSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {
      body: { position: 'first' },
      answer: { ...exampleLabel, ...changed, rank: 'gVFZ3cz0x1' },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/labels/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a label',
    description:
      'Every task that has it loses it, also in the trash, which counts as a change of each; the tasks stay. The name is free at once. Send the ETag in If-Match to delete only the version that you have read.',
    params: idParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
};
