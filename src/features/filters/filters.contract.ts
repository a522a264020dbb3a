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
import { sortSchema as taskSortSchema } from '../tasks/tasks.contract.ts';
import { filterTextSchema } from './filter-schema.ts';

/** How many filters a user may have saved. */
export const maximumFilters = 100;

const nameSchema = text({ min: 1, max: 100 }).meta({
  description: 'Unlike those of your other filters, upper and lower case being the same.',
});

const sortSchema = taskSortSchema.meta({
  description: 'As the parameter "sort" of the list of tasks; null: its usual order.',
});

const savedFilterSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    filter: z.string().meta({ description: 'As it was written.' }),
    sort: sortSchema.nullable(),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    version: versionSchema,
  })
  .meta({ id: 'Filter' });

export type SavedFilter = z.infer<typeof savedFilterSchema>;

const createSchema = z
  .strictObject({
    name: nameSchema,
    filter: filterTextSchema,
    sort: sortSchema.nullable().default(null),
  })
  .meta({ id: 'FilterCreate' });

export type FilterCreate = z.output<typeof createSchema>;

/** JSON Merge Patch (RFC 7396): null brings the sort back to the usual order. */
const patchSchema = z
  .strictObject({
    name: nameSchema.optional(),
    filter: filterTextSchema.optional(),
    sort: sortSchema.nullable().optional(),
  })
  .meta({ id: 'FilterPatch' });

export type FilterPatch = z.output<typeof patchSchema>;

const listQuery = z.strictObject(pageQuery);

export type FilterQuery = z.output<typeof listQuery>;

const exampleFilter: SavedFilter = {
  id: '68f1c2a79d3e4b5a6c7d8ec1',
  name: 'To do next',
  filter: '(due < today | priority = urgent) & !label = waiting',
  sort: ['dueDate', '-priority'],
  createdAt: '2026-11-20T09:00:00.000Z',
  updatedAt: '2026-11-20T09:00:00.000Z',
  version: 1,
};

export const filtersContract = {
  create: endpoint({
    method: 'post',
    path: '/filters',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Save a filter',
    description: `Keeps a filter of tasks under a name. The language is described in docs/filters.md; a mistake in it is answered with its place. A user has at most ${maximumFilters} filters.`,
    body: createSchema,
    status: 201,
    answer: savedFilterSchema,
    location: '/filters/:id',
    versioned: true,
    errors: ['limit_reached', 'name_taken'],
    example: {
      body: {
        name: 'To do next',
        filter: '(due < today | priority = urgent) & !label = waiting',
        sort: ['dueDate', '-priority'],
      },
      answer: exampleFilter,
    },
  }),
  list: endpoint({
    method: 'get',
    path: '/filters',
    access: 'user',
    scope: 'tasks:read',
    summary: 'List your filters',
    description: 'The oldest first.',
    query: listQuery,
    status: 200,
    answer: pageOf(savedFilterSchema).meta({ id: 'FilterList' }),
    errors: [],
    example: { answer: { data: [exampleFilter], nextCursor: null } },
  }),
  read: endpoint({
    method: 'get',
    path: '/filters/:id',
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read a filter',
    params: idParams,
    status: 200,
    answer: savedFilterSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleFilter },
  }),
  update: endpoint({
    method: 'patch',
    path: '/filters/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Change a filter',
    description:
      'JSON Merge Patch (RFC 7396): an omitted member stays, null clears the sort. Send the ETag in If-Match to change only the version that you have read.',
    params: idParams,
    body: patchSchema,
    status: 200,
    answer: savedFilterSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'name_taken', 'precondition_failed'],
    example: {
      body: { sort: null },
      answer: { ...exampleFilter, sort: null, updatedAt: '2026-11-21T08:00:00.000Z', version: 2 },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: '/filters/:id',
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a filter',
    description: 'For good; the tasks that it finds stay.',
    params: idParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
};
