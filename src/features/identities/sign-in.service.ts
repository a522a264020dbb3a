import type { Origin } from '../../contract/endpoint.ts';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import type { SignIn } from '../auth/auth.contract.ts';
import { signIn } from '../auth/auth.service.ts';
import { requireSecondFactor } from '../second-factor/codes.service.ts';
import { recordEvent } from '../security-events/security-events.service.ts';
import { UserModel, type UserRecord } from '../users/users.model.ts';
import { createUser, findUserByEmail } from '../users/users.service.ts';
import { addressIn, identityFrom, identityKey, nameFrom } from './identity-records.ts';
import type { Provider, SignInCompletion, StartedFlow } from './sign-in.contract.ts';
import {
  beginFlow,
  type ConfirmedFlow,
  confirmFlow,
  endFlow,
  findProvider,
  keepFlow,
  requireReturnAddress,
} from './sign-in-flows.service.ts';

type Auth = Pick<Dependencies, 'identityProviders'>;

export function listProviders({ identityProviders }: Auth): { data: Provider[] } {
  return { data: [...identityProviders.values()].map(({ id, name }) => ({ id, name })) };
}

/** @throws AppError `not_found`, `validation_failed` or `provider_unavailable` */
export async function startSignIn(
  auth: Dependencies,
  providerId: string,
  redirectUri: string,
): Promise<StartedFlow> {
  const provider = findProvider(auth, providerId);
  requireReturnAddress(auth, redirectUri);
  return beginFlow(auth, provider, redirectUri, { purpose: 'sign_in' });
}

/**
 * Signs in whoever the provider names, as a new account if need be.
 * @throws AppError `sign_in_refused`, `provider_unavailable`, `email_unverified`, `account_exists`;
 *   `second_factor_required` and `wrong_code`, after which the same flow goes on; as `signIn`
 */
export async function completeSignIn(
  auth: Dependencies,
  { code, ...answer }: SignInCompletion,
  origin: Origin,
): Promise<SignIn> {
  const flow = await confirmFlow(auth, answer, { purpose: 'sign_in' });
  const user = await accountOf(auth, flow, origin);
  if (user.secondFactor?.enabledAt) {
    await keepFlow(auth, flow, user._id);
    await requireSecondFactor(auth, user, code, origin);
    await endFlow(flow);
  }
  return signIn(auth, user, origin);
}

/**
 * The account of an identity. An address alone opens none: whoever has it at the provider need not be
 * who registered with it here.
 */
async function accountOf(
  auth: Dependencies,
  { provider, profile }: ConfirmedFlow,
  origin: Origin,
): Promise<UserRecord> {
  const identity = identityFrom(provider, profile);
  const key = identityKey(identity);
  const email = profile.emailVerified ? addressIn(profile) : undefined;
  for (;;) {
    const owner = email === undefined ? null : await findUserByEmail(email);
    // After the address: an account that another completion has made meanwhile has both.
    const known = await UserModel.findOne({ identityKeys: key }).lean<UserRecord>();
    if (known) return known;
    if (email === undefined) throw new AppError('email_unverified');
    if (owner) throw new AppError('account_exists');
    const name = nameFrom(profile, email);
    const given = { email, emailVerified: true, name, identities: [identity], identityKeys: [key] };
    const created = await createUser(given).catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'email_taken') return undefined;
      throw error;
    });
    if (!created) continue;
    await recordEvent(auth, created._id, 'account_created', origin);
    await recordEvent(auth, created._id, 'identity_linked', origin);
    return created;
  }
}
