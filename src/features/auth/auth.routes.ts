import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { authContract } from './auth.contract.ts';
import {
  endOtherSessions,
  endOwnSession,
  logIn,
  logOut,
  refresh,
  register,
} from './auth.service.ts';
import { listSessions } from './sessions.service.ts';

export const authRoutes = (auth: Dependencies) =>
  routes(authContract, {
    register: ({ body, origin }) => register(auth, body, origin),
    login: ({ body, origin }) => logIn(auth, body, origin),
    refresh: ({ body, origin }) => refresh(auth, body.refreshToken, origin),
    logout: ({ caller, origin }) => logOut(auth, caller, origin),
    listSessions: ({ caller, query }) => listSessions(caller, query),
    endOtherSessions: ({ caller, origin }) => endOtherSessions(auth, caller, origin),
    endSession: ({ caller, params, origin }) => endOwnSession(auth, caller, params.id, origin),
  });
