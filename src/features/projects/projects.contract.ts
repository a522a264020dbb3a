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
import { text } from '../../contract/text.ts';
import { oneDestination, orderMembers } from './order.schemas.ts';

/** How many projects an account may have, archived ones included; the Inbox does not count. */
export const maximumProjects = 300;

export const colours = [
  'red',
  'crimson',
  'salmon',
  'orange',
  'amber',
  'yellow',
  'lime',
  'green',
  'olive',
  'mint',
  'teal',
  'turquoise',
  'sky',
  'blue',
  'navy',
  'lavender',
  'violet',
  'magenta',
  'brown',
  'grey',
] as const;

const colourSchema = z.enum(colours);
const nameSchema = text({ min: 1, max: 100 });
const descriptionSchema = text({ max: 10_000, trim: false });

const projectSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    description: z.string(),
    colour: colourSchema,
    isInbox: z.boolean().meta({ description: 'Whether tasks get here that name no project.' }),
    archived: z.boolean().meta({ description: 'Whether it takes no new tasks and sections.' }),
    archivedAt: instantSchema
      .nullable()
      .meta({ description: 'When it was archived; null otherwise.' }),
    rank: z.string().meta({
      description: 'The place among the projects, which are in order by the bytes of their ranks.',
    }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    version: versionSchema,
  })
  .meta({ id: 'Project' });

export type Project = z.infer<typeof projectSchema>;

/** What a member is when it is omitted at creation, or cleared later. */
export const projectDefaults = { description: '', colour: 'grey', archived: false } as const;

const createSchema = z
  .strictObject({
    name: nameSchema,
    description: descriptionSchema.default(projectDefaults.description),
    colour: colourSchema.default(projectDefaults.colour),
  })
  .meta({ id: 'ProjectCreate' });

export type ProjectCreate = z.output<typeof createSchema>;

/** JSON Merge Patch (RFC 7396): null brings a member back to its default. */
const patchSchema = z
  .strictObject({
    name: nameSchema.optional(),
    description: descriptionSchema.nullable().optional(),
    colour: colourSchema.nullable().optional(),
    archived: z.boolean().nullable().optional(),
  })
  .meta({ id: 'ProjectPatch' });

export type ProjectPatch = z.output<typeof patchSchema>;

const moveSchema = oneDestination(z.strictObject(orderMembers)).meta({ id: 'ProjectMove' });

export type ProjectMove = z.output<typeof moveSchema>;

const listQuery = z.strictObject({
  ...pageQuery,
  archived: z.enum(['false', 'true', 'all']).default('false').meta({
    description: 'The projects in use, those in the archive, or all; those in use when omitted.',
  }),
});

export type ProjectQuery = z.output<typeof listQuery>;

const exampleProject: Project = {
  id: '68f1c2a79d3e4b5a6c7d8ec1',
  name: 'Spring cleaning',
  description: 'Everything but the attic.',
  colour: 'green',
  isInbox: false,
  archived: false,
  archivedAt: null,
  rank: 'gVFZ3d4k7b',
  createdAt: '2026-11-20T09:30:00.000Z',
  updatedAt: '2026-11-20T09:30:00.000Z',
  version: 1,
};

const changed = { updatedAt: '2026-11-21T08:00:00.000Z', version: 2 };

export const projectsContract = {
  create: endpoint({
    method: 'post',
    path: '/projects',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Create a project',
    description: `It gets behind the others. An account has at most ${maximumProjects} projects, archived ones included.`,
    body: createSchema,
    status: 201,
    answer: projectSchema,
    location: '/projects/:id',
    versioned: true,
    errors: ['limit_reached'],
    example: {
      body: { name: 'Spring cleaning', description: 'Everything but the attic.', colour: 'green' },
      answer: exampleProject,
    },
  }),
  list: endpoint({
    method: 'get',
    path: '/projects',
    access: 'user',
    scope: 'tasks:read',
    summary: 'List projects',
    description: 'In their order: the Inbox first, then by rank.',
    query: listQuery,
    status: 200,
    answer: pageOf(projectSchema).meta({ id: 'ProjectList' }),
    errors: [],
    example: {
      query: { archived: 'false' },
      answer: { data: [exampleProject], nextCursor: null },
    },
  }),
  read: endpoint({
    method: 'get',
    path: '/projects/:id',
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read a project',
    params: idParams,
    status: 200,
    answer: projectSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleProject },
  }),
  update: endpoint({
    method: 'patch',
    path: '/projects/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Change a project',
    description:
      'JSON Merge Patch (RFC 7396): an omitted member stays, null brings it back to its default. An archived project keeps its tasks and takes no new ones; the Inbox cannot be archived. Send the ETag in If-Match to change only the version that you have read.',
    params: idParams,
    body: patchSchema,
    status: 200,
    answer: projectSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'inbox_stays', 'precondition_failed'],
    example: {
      body: { colour: 'teal' },
      answer: { ...exampleProject, ...changed, colour: 'teal' },
    },
  }),
  move: endpoint({
    method: 'post',
    path: '/projects/:id/move',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Move a project',
    description: 'To another place in the order; the Inbox stays in front of all others.',
    params: idParams,
    body: moveSchema,
    status: 200,
    answer: projectSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'inbox_stays', 'precondition_failed'],
    example: {
      body: { position: 'first' },
      answer: { ...exampleProject, ...changed, rank: 'gVFZ3cz0x1' },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/projects/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a project',
    description:
      'Its sections go with it, and its tasks to the trash, from which each can be restored: to the Inbox. The Inbox cannot be deleted. Send the ETag in If-Match to delete only the version that you have read.',
    params: idParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'inbox_stays', 'precondition_failed'],
    example: {},
  }),
};
