import type { Dependencies } from '../../dependencies.ts';
import { routes } from '../../http/mount.ts';
import { signInContract } from './sign-in.contract.ts';
import { completeSignIn, listProviders, startSignIn } from './sign-in.service.ts';

export const signInRoutes = (auth: Dependencies) =>
  routes(signInContract, {
    listProviders: () => listProviders(auth),
    start: ({ params, body }) => startSignIn(auth, params.provider, body.redirectUri),
    complete: ({ body, origin }) => completeSignIn(auth, body, origin),
  });
