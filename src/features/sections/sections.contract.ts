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
import { oneDestination, orderMembers } from '../projects/order.schemas.ts';

/** How many sections a project may have. */
export const maximumSections = 100;

const nameSchema = text({ min: 1, max: 100 });

const sectionSchema = z
  .object({
    id: idSchema,
    projectId: idSchema,
    name: z.string(),
    rank: z.string().meta({
      description:
        'The place among the sections of the project, which are in order by the bytes of their ranks.',
    }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    version: versionSchema,
  })
  .meta({ id: 'Section' });

export type Section = z.infer<typeof sectionSchema>;

const createSchema = z
  .strictObject({
    projectId: idSchema.meta({ description: 'The project that it divides; it can be the Inbox.' }),
    name: nameSchema,
  })
  .meta({ id: 'SectionCreate' });

export type SectionCreate = z.output<typeof createSchema>;

/** JSON Merge Patch (RFC 7396); a section without a name cannot be, so that null is refused. */
const patchSchema = z.strictObject({ name: nameSchema.optional() }).meta({ id: 'SectionPatch' });

export type SectionPatch = z.output<typeof patchSchema>;

const moveSchema = oneDestination(
  z.strictObject({
    projectId: idSchema.optional().meta({ description: 'To this project, with its tasks.' }),
    ...orderMembers,
  }),
).meta({ id: 'SectionMove' });

export type SectionMove = z.output<typeof moveSchema>;

const listQuery = z.strictObject({
  ...pageQuery,
  projectId: idSchema.optional().meta({ description: 'Of this project; of all when omitted.' }),
});

export type SectionQuery = z.output<typeof listQuery>;

const exampleSection: Section = {
  id: '68f1c2a79d3e4b5a6c7d8ed1',
  projectId: '68f1c2a79d3e4b5a6c7d8ec1',
  name: 'Kitchen',
  rank: 'gVFZ3d4k8c',
  createdAt: '2026-11-20T09:31:00.000Z',
  updatedAt: '2026-11-20T09:31:00.000Z',
  version: 1,
};

const changed = { updatedAt: '2026-11-21T08:00:00.000Z', version: 2 };

export const sectionsContract = {
  create: endpoint({
    method: 'post',
    path: '/sections',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Create a section',
    description: `It gets behind the others of its project, which may have ${maximumSections}. An archived project takes none.`,
    body: createSchema,
    status: 201,
    answer: sectionSchema,
    location: '/sections/:id',
    versioned: true,
    errors: ['limit_reached'],
    example: {
      body: { projectId: exampleSection.projectId, name: 'Kitchen' },
      answer: exampleSection,
    },
  }),
  list: endpoint({
    method: 'get',
    path: '/sections',
    access: 'user',
    scope: 'tasks:read',
    summary: 'List sections',
    description: 'By rank, so that the sections of each project are in their order.',
    query: listQuery,
    status: 200,
    answer: pageOf(sectionSchema).meta({ id: 'SectionList' }),
    errors: [],
    example: {
      query: { projectId: exampleSection.projectId },
      answer: { data: [exampleSection], nextCursor: null },
    },
  }),
  read: endpoint({
    method: 'get',
    path: '/sections/:id',
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read a section',
    params: idParams,
    status: 200,
    answer: sectionSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleSection },
  }),
  update: endpoint({
    method: 'patch',
    path: '/sections/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Change a section',
    description:
      'JSON Merge Patch (RFC 7396). Send the ETag in If-Match to change only the version that you have read.',
    params: idParams,
    body: patchSchema,
    status: 200,
    answer: sectionSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {
      body: { name: 'Kitchen and hall' },
      answer: { ...exampleSection, ...changed, name: 'Kitchen and hall' },
    },
  }),
  move: endpoint({
    method: 'post',
    path: '/sections/:id/move',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Move a section',
    description:
      'To another place in its project, or to another project: its tasks go with it. It gets behind the others unless told.',
    params: idParams,
    body: moveSchema,
    status: 200,
    answer: sectionSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'limit_reached', 'precondition_failed'],
    example: {
      body: { position: 'first' },
      answer: { ...exampleSection, ...changed, rank: 'gVFZ3cz0x1' },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/sections/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a section',
    description:
      'Its tasks stay in the project, in no section. Send the ETag in If-Match to delete only the version that you have read.',
    params: idParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
};
