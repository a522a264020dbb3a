import { apiTokensContract } from './features/api-tokens/api-tokens.contract.ts';
import { adminContract } from './features/admin/admin.contract.ts';
import { attachmentsContract } from './features/attachments/attachments.contract.ts';
import { authContract } from './features/auth/auth.contract.ts';
import { commentsContract } from './features/comments/comments.contract.ts';
import { batchContract } from './features/batch/batch.contract.ts';
import { emailContract } from './features/email/email.contract.ts';
import { accountSecurityContract } from './features/second-factor/account-security.contract.ts';
import { identitiesContract } from './features/identities/identities.contract.ts';
import { signInContract } from './features/identities/sign-in.contract.ts';
import { occurrencesContract } from './features/occurrences/occurrences.contract.ts';
import { quickAddContract } from './features/quick-add/quick-add.contract.ts';
import { secondFactorContract } from './features/second-factor/second-factor.contract.ts';
import { remindersContract } from './features/reminders/reminders.contract.ts';
import { exportContract } from './features/export/export.contract.ts';
import { securityEventsContract } from './features/security-events/security-events.contract.ts';
import { filtersContract } from './features/filters/filters.contract.ts';
import { projectsContract } from './features/projects/projects.contract.ts';
import { sectionsContract } from './features/sections/sections.contract.ts';
import { labelsContract } from './features/labels/labels.contract.ts';
import { statisticsContract } from './features/statistics/statistics.contract.ts';
import { tasksContract } from './features/tasks/tasks.contract.ts';
import { trashContract } from './features/trash/trash.contract.ts';
import { usersContract } from './features/users/users.contract.ts';

/** Where the API's version is told. */
export const basePath = '/api/v1';

/** The public surface: every endpoint of every feature. */
export const api = {
  auth: authContract,
  users: usersContract,
  email: emailContract,
  tasks: tasksContract,
  batch: batchContract,
  quickAdd: quickAddContract,
  occurrences: occurrencesContract,
  reminders: remindersContract,
  comments: commentsContract,
  attachments: attachmentsContract,
  trash: trashContract,
  projects: projectsContract,
  sections: sectionsContract,
  labels: labelsContract,
  filters: filtersContract,
  statistics: statisticsContract,
  accountSecurity: accountSecurityContract,
  secondFactor: secondFactorContract,
  securityEvents: securityEventsContract,
  admin: adminContract,
  export: exportContract,
  apiTokens: apiTokensContract,
  signIn: signInContract,
  identities: identitiesContract,
};
