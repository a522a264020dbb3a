import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { slowestUpload } from '../../contract/files.ts';
import { idParams, idSchema, instantSchema, pageOf, pageQuery } from '../../contract/schemas.ts';
import { text } from '../../contract/text.ts';

/** How many attachments there may be. */
export const maximumAttachments = { ofTask: 50, ofAccount: 10_000 } as const;

const attachmentSchema = z
  .object({
    id: idSchema,
    taskId: idSchema,
    name: z.string().meta({ description: 'As it was given.' }),
    mediaType: z.string().meta({ description: 'Told from the bytes, not from what was claimed.' }),
    size: z.int().min(1).meta({ description: 'In bytes.' }),
    sha256: z.string().meta({
      description: 'The SHA-256 of the bytes, in hexadecimal.',
      pattern: '^[0-9a-f]{64}$',
    }),
    createdAt: instantSchema.meta({ description: 'When the upload began.' }),
  })
  .meta({ id: 'Attachment' });

export type Attachment = z.infer<typeof attachmentSchema>;

const nameSchema = text({ min: 1, max: 255, trim: false })
  .check(({ value, issues }) => {
    if (/[/\\\p{Cc}]/u.test(value)) {
      const message = 'must have no slashes, backslashes or control characters';
      issues.push({ code: 'custom', message, input: value });
    }
  })
  .meta({ pattern: String.raw`^[^/\\\x00-\x1f\x7f-\x9f]+$` });

const uploadQuery = z.strictObject({
  name: nameSchema.meta({ description: 'The name of the file.', example: 'report.pdf' }),
});

const listQuery = z.strictObject(pageQuery);

export type AttachmentQuery = z.output<typeof listQuery>;

const attachmentParams = z.strictObject({ ...idParams.shape, attachmentId: idSchema });

const exampleAttachment: Attachment = {
  id: '68f1c2a79d3e4b5a6c7d8ec4',
  taskId: '68f1c2a79d3e4b5a6c7d8e9f',
  name: 'report.pdf',
  mediaType: 'application/pdf',
  size: 48_213,
  sha256: 'b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9',
  createdAt: '2026-11-20T10:00:00.000Z',
};

const path = '/tasks/:id/attachments';
const { bytesPerSecond, pause } = slowestUpload;

export const attachmentsContract = {
  create: endpoint({
    method: 'post',
    path,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Attach a file to a task',
    description: `The body is the bytes of the file alone, of any media type, without a form around them. They are stored as they come in: at least ${bytesPerSecond / 1000} kB a second on average, and without pauses of ${pause} seconds. An upload that is broken off leaves nothing behind. A task has at most ${maximumAttachments.ofTask} attachments and an account ${maximumAttachments.ofAccount.toLocaleString('en')}; how large one may be, and all of an account together, is a setting of the server (25 MB and 1 GB unless it is changed).`,
    params: idParams,
    query: uploadQuery,
    upload: true,
    status: 201,
    answer: attachmentSchema,
    location: '/tasks/:taskId/attachments/:id',
    versioned: true,
    errors: ['not_found', 'limit_reached', 'length_required', 'storage_unavailable'],
    example: { query: { name: 'report.pdf' }, answer: exampleAttachment },
  }),
  list: endpoint({
    method: 'get',
    path,
    access: 'user',
    scope: 'tasks:read',
    summary: 'List the attachments of a task',
    description: 'The oldest first.',
    params: idParams,
    query: listQuery,
    status: 200,
    answer: pageOf(attachmentSchema).meta({ id: 'AttachmentList' }),
    errors: ['not_found'],
    example: { answer: { data: [exampleAttachment], nextCursor: null } },
  }),
  read: endpoint({
    method: 'get',
    path: `${path}/:attachmentId`,
    access: 'user',
    scope: 'tasks:read',
    summary: 'Read what is known of an attachment',
    params: attachmentParams,
    status: 200,
    answer: attachmentSchema,
    versioned: true,
    errors: ['not_found'],
    example: { answer: exampleAttachment },
  }),
  download: endpoint({
    method: 'get',
    path: `${path}/:attachmentId/content`,
    access: 'user',
    scope: 'tasks:read',
    summary: 'Download an attachment',
    description:
      'The bytes as they were given, as a file to be saved: browsers neither show nor run it. The ETag is the SHA-256. A Range header asks for one part.',
    params: attachmentParams,
    status: 200,
    download: true,
    errors: ['not_found', 'storage_unavailable'],
    example: {},
  }),
  remove: endpoint({
    method: 'delete',
    path: `${path}/:attachmentId`,
    access: 'user',
    scope: 'tasks:write',
    summary: 'Delete an attachment',
    description: 'For good; the room that it took is free again.',
    params: attachmentParams,
    status: 204,
    errors: ['not_found'],
    example: {},
  }),
};
