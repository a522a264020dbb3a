import { apiTokensContract } from './features/api-tokens/api-tokens.contract.ts';
import { adminContract } from './features/admin/admin.contract.ts';
import { authContract } from './features/auth/auth.contract.ts';
import { emailContract } from './features/email/email.contract.ts';
import { accountSecurityContract } from './features/second-factor/account-security.contract.ts';
import { identitiesContract } from './features/identities/identities.contract.ts';
import { signInContract } from './features/identities/sign-in.contract.ts';
import { secondFactorContract } from './features/second-factor/second-factor.contract.ts';
import { exportContract } from './features/export/export.contract.ts';
import { securityEventsContract } from './features/security-events/security-events.contract.ts';
import { tasksContract } from './features/tasks/tasks.contract.ts';
import { usersContract } from './features/users/users.contract.ts';

/** Where the API's version is told. */
export const basePath = '/api/v1';

/** The public surface: every endpoint of every feature. */
export const api = {
  auth: authContract,
  users: usersContract,
  email: emailContract,
  tasks: tasksContract,
  accountSecurity: accountSecurityContract,
  secondFactor: secondFactorContract,
  securityEvents: securityEventsContract,
  admin: adminContract,
  export: exportContract,
  apiTokens: apiTokensContract,
  signIn: signInContract,
  identities: identitiesContract,
};
