import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { emailContract } from './email.contract.ts';
import { requestEmailChange, sendVerification, verifyEmail } from './email.service.ts';
import { requestPasswordReset, resetPassword } from './password-reset.service.ts';

export const emailRoutes = (accounts: Dependencies) =>
  routes(emailContract, {
    verify: ({ body, origin }) => verifyEmail(accounts, body.token, origin),
    sendVerification: ({ caller }) => sendVerification(accounts, caller),
    change: ({ caller, body, origin }) => requestEmailChange(accounts, caller, body, origin),
    forgotPassword: ({ body, origin }) => requestPasswordReset(accounts, body.email, origin),
    resetPassword: ({ body, origin }) => resetPassword(accounts, body, origin),
  });
