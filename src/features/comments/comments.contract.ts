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

/** How many comments a task may have. */
export const maximumComments = 500;

const commentSchema = z
  .object({
    id: idSchema,
    taskId: idSchema,
    text: z.string().meta({ description: 'Markdown, as it was written; never rendered here.' }),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    editedAt: instantSchema
      .nullable()
      .meta({ description: 'When the text was last changed; null if it never was.' }),
    version: versionSchema,
  })
  .meta({ id: 'Comment' });

export type Comment = z.infer<typeof commentSchema>;

const textSchema = text({ min: 1, max: 10_000, trim: false });

const createSchema = z.strictObject({ text: textSchema }).meta({ id: 'CommentCreate' });

export type CommentCreate = z.output<typeof createSchema>;

/** JSON Merge Patch (RFC 7396); a comment without text cannot be, so that null is refused. */
const patchSchema = z.strictObject({ text: textSchema.optional() }).meta({ id: 'CommentPatch' });

export type CommentPatch = z.output<typeof patchSchema>;

const listQuery = z.strictObject({
  ...pageQuery,
  sort: z
    .enum(['createdAt', '-createdAt'])
    .default('createdAt')
    .meta({ description: 'createdAt, the oldest first, or -createdAt, the newest first.' }),
});

export type CommentQuery = z.output<typeof listQuery>;

const commentParams = z.strictObject({ ...idParams.shape, commentId: idSchema });

const exampleComment: Comment = {
  id: '68f1c2a79d3e4b5a6c7d8eb1',
  taskId: '68f1c2a79d3e4b5a6c7d8e9f',
  text: 'The landlord asks for a *standing order*.',
  createdAt: '2026-11-20T10:00:00.000Z',
  updatedAt: '2026-11-20T10:00:00.000Z',
  editedAt: null,
  version: 1,
};

const path = '/tasks/:id/comments';

export const commentsContract = {
  create: endpoint({
    method: 'post',
    path,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Comment on a task',
    description: `The text is Markdown and kept as it is given: whoever shows it must take care of what HTML may stand in it. A task has at most ${maximumComments} comments.`,
    params: idParams,
    body: createSchema,
    status: 201,
    answer: commentSchema,
    location: '/tasks/:taskId/comments/:id',
    versioned: true,
    errors: ['not_found', 'limit_reached'],
    example: { body: { text: exampleComment.text }, answer: exampleComment },
  }),
  list: endpoint({
    method: 'get',
    path,
    access: 'user',
    scope: 'tasks:read',
    summary: 'List the comments on a task',
    description: 'The oldest first, unless asked otherwise.',
    params: idParams,
    query: listQuery,
    status: 200,
    answer: pageOf(commentSchema).meta({ id: 'CommentList' }),
    errors: ['not_found'],
    example: {
      query: { sort: '-createdAt' },
      answer: { data: [exampleComment], nextCursor: null },
    },
  }),
  read: endpoint({
    method: 'get',
    path: `${path}/:commentId`,
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read a comment',
    params: commentParams,
    status: 200,
    answer: commentSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleComment },
  }),
  update: endpoint({
    method: 'patch',
    path: `${path}/:commentId`,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Change a comment',
    description:
      'JSON Merge Patch (RFC 7396). A change of the text is marked in editedAt. Send the ETag in If-Match to change only the version that you have read.',
    params: commentParams,
    body: patchSchema,
    status: 200,
    answer: commentSchema,
    versioned: true,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {
      body: { text: 'Done: there is a standing order now.' },
      answer: {
        ...exampleComment,
        text: 'Done: there is a standing order now.',
        updatedAt: '2026-11-21T08:00:00.000Z',
        editedAt: '2026-11-21T08:00:00.000Z',
        version: 2,
      },
    },
  }),
  remove: endpoint({
    method: 'delete',
    path: `${path}/:commentId`,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete a comment',
    description:
      'For good. Send the ETag in If-Match to delete only the version that you have read.',
    params: commentParams,
    status: 204,
    preconditions: true,
    errors: ['not_found', 'precondition_failed'],
    example: {},
  }),
};
