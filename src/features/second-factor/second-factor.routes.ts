import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { secondFactorContract } from './second-factor.contract.ts';
import { confirm, disable, enrol, replaceRecoveryCodes } from './second-factor.service.ts';

export const secondFactorRoutes = (auth: Dependencies) =>
  routes(secondFactorContract, {
    enrol: ({ caller, body, origin }) => enrol(auth, caller, body, origin),
    confirm: ({ caller, body, origin }) => confirm(auth, caller, body.code, origin),
    disable: ({ caller, body, origin }) => disable(auth, caller, body, origin),
    replaceRecoveryCodes: ({ caller, body, origin }) =>
      replaceRecoveryCodes(auth, caller, body, origin),
  });
