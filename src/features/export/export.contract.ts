import * as z from 'zod';
import { endpoint } from '../../contract/endpoint.ts';
import { instantSchema } from '../../contract/schemas.ts';
import { apiTokensContract } from '../api-tokens/api-tokens.contract.ts';
import { authContract } from '../auth/auth.contract.ts';
import { accountSecurityContract } from '../second-factor/account-security.contract.ts';
import {
  exampleEvent,
  securityEventsContract,
} from '../security-events/security-events.contract.ts';
import { projectsContract } from '../projects/projects.contract.ts';
import { sectionsContract } from '../sections/sections.contract.ts';
import { labelsContract } from '../labels/labels.contract.ts';
import { filtersContract } from '../filters/filters.contract.ts';
import { commentsContract } from '../comments/comments.contract.ts';
import { attachmentsContract } from '../attachments/attachments.contract.ts';
import { remindersContract } from '../reminders/reminders.contract.ts';
import { trashContract } from '../trash/trash.contract.ts';
import { tasksContract } from '../tasks/tasks.contract.ts';
import { exampleUser, usersContract } from '../users/users.contract.ts';

const exportedIdentity = z
  .object({
    provider: z.string(),
    issuer: z.string(),
    subject: z.string().meta({ description: 'Who you are to the provider.' }),
    email: z.string().nullable(),
    linkedAt: instantSchema,
  })
  .meta({ id: 'ExportedIdentity' });

/** Lists and objects in the shape that their own endpoints show. */
const accountExport = z
  .object({
    exportedAt: instantSchema,
    user: usersContract.read.answer,
    security: accountSecurityContract.read.answer,
    identities: z.array(exportedIdentity),
    securityEvents: securityEventsContract.list.answer.shape.data,
    sessions: authContract.listSessions.answer.shape.data,
    apiTokens: apiTokensContract.list.answer.shape.data,
    tasks: tasksContract.list.answer.shape.data,
    projects: projectsContract.list.answer.shape.data,
    sections: sectionsContract.list.answer.shape.data,
    labels: labelsContract.list.answer.shape.data,
    filters: filtersContract.list.answer.shape.data,
    comments: commentsContract.list.answer.shape.data,
    attachments: attachmentsContract.list.answer.shape.data,
    reminders: remindersContract.list.answer.shape.data,
    trash: trashContract.list.answer.shape.data,
  })
  .meta({ id: 'AccountExport' });

export type AccountExport = z.infer<typeof accountExport>;

/** How many exports an account may have in an hour. */
export const exportsPerHour = 20;

export const exportContract = {
  read: endpoint({
    method: 'get',
    path: '/users/me/export',
    access: 'user',
    summary: 'Export your account',
    description: `Everything that is stored of the account, secrets and the bytes of attachments aside, as one file that comes while it is read from the database: a break of the connection means that it is not complete. At most ${exportsPerHour} an hour.`,
    status: 200,
    answer: accountExport,
    streamed: true,
    attachment: 'task-manager-export.json',
    secret: true,
    errors: [],
    example: {
      answer: {
        exportedAt: '2026-11-21T08:00:00.000Z',
        user: exampleUser,
        security: accountSecurityContract.read.example.answer,
        identities: [],
        securityEvents: [{ ...exampleEvent, type: 'account_exported' }],
        sessions: authContract.listSessions.example.answer.data,
        apiTokens: apiTokensContract.list.example.answer.data,
        tasks: tasksContract.list.example.answer.data,
        projects: projectsContract.list.example.answer.data,
        sections: sectionsContract.list.example.answer.data,
        labels: labelsContract.list.example.answer.data,
        filters: filtersContract.list.example.answer.data,
        comments: commentsContract.list.example.answer.data,
        attachments: attachmentsContract.list.example.answer.data,
        reminders: remindersContract.list.example.answer.data,
        trash: trashContract.list.example.answer.data,
      },
    },
  }),
};
