import { hash, randomBytes } from 'node:crypto';
import type { Types } from 'mongoose';
import type { Dependencies } from '../../dependencies.ts';
import { AppError } from '../../errors.ts';
import type { Callback, StartedFlow } from './sign-in.contract.ts';
import type {
  IdentityProvider,
  PendingAuthorization,
  ProviderProfile,
} from './identity-provider.ts';
import { SignInFlowModel, type SignInFlowRecord } from './sign-in-flows.model.ts';

/** Seconds from the start of a flow to its end. */
const lifetime = 600;

type Flows = Pick<Dependencies, 'cipher' | 'identityProviders'>;

/** What a flow is for; whoever links must be the one who began. */
type FlowPurpose =
  | { readonly purpose: 'sign_in' }
  | { readonly purpose: 'link'; readonly userId: Types.ObjectId };

/** A flow whose provider has told who it is. */
export interface ConfirmedFlow {
  readonly record: SignInFlowRecord;
  readonly provider: IdentityProvider;
  readonly profile: ProviderProfile;
}

const keyOf = (flowToken: string) => hash('sha256', flowToken, 'base64url');

function refused(): AppError {
  const detail = 'This sign-in is over, or was begun by another client; start it again.';
  return new AppError('sign_in_refused', { detail });
}

/** What was encrypted under a secret that has been replaced since is as good as lost. */
function unsealed({ cipher }: Pick<Flows, 'cipher'>, sealed: string): unknown {
  try {
    return JSON.parse(cipher.decrypt(sealed));
  } catch {
    throw refused();
  }
}

/** @throws AppError `not_found` for a provider that is not set up */
export function findProvider(
  { identityProviders }: Pick<Flows, 'identityProviders'>,
  id: string,
): IdentityProvider {
  const provider = identityProviders.get(id);
  if (!provider) throw new AppError('not_found');
  return provider;
}

/** @throws AppError `validation_failed` for an address that is not one of the settings' */
export function requireReturnAddress(
  { config }: Pick<Dependencies, 'config'>,
  redirectUri: string,
): void {
  if (config.OAUTH_REDIRECT_URIS.includes(redirectUri)) return;
  const message = 'must be one of the addresses that this server is set up with, letter by letter';
  throw AppError.violations([{ path: 'body.redirectUri', code: 'invalid_value', message }]);
}

/**
 * Begins to sign in at a provider. Only the answer has the flow token: whoever opens the address that
 * the provider sends the browser to, but did not begin, can do nothing with it.
 * @throws AppError `provider_unavailable`
 */
export async function beginFlow(
  { cipher }: Pick<Flows, 'cipher'>,
  provider: IdentityProvider,
  redirectUri: string,
  purpose: FlowPurpose,
): Promise<StartedFlow> {
  const { authorizationUrl, pending } = await provider.begin(redirectUri);
  const flowToken = randomBytes(32).toString('base64url');
  await SignInFlowModel.create({
    _id: keyOf(flowToken),
    ...purpose,
    provider: provider.id,
    issuer: provider.issuer,
    pending: cipher.encrypt(JSON.stringify(pending)),
    expiresAt: new Date(Date.now() + lifetime * 1000),
  });
  return { authorizationUrl, flowToken, expiresIn: lifetime };
}

/**
 * Who signed in at the provider, by its answer, which is good for one try: only a provider that could
 * not be asked leaves the flow as it was. A flow that was kept tells it once more.
 * @throws AppError `sign_in_refused` or `provider_unavailable`
 */
export async function confirmFlow(
  flows: Flows,
  { flowToken, callback }: { flowToken: string; callback: Callback },
  purpose: FlowPurpose,
): Promise<ConfirmedFlow> {
  const own = { _id: keyOf(flowToken), ...purpose, expiresAt: { $gt: new Date() } };
  const begun = { ...own, pending: { $exists: true } };
  const taken = await SignInFlowModel.findOneAndDelete(begun).lean<SignInFlowRecord>();
  const record = taken ?? (await SignInFlowModel.findOne(own).lean<SignInFlowRecord>());
  const provider = record && flows.identityProviders.get(record.provider);
  if (!provider || provider.issuer !== record.issuer) throw refused();
  if (record.profile) {
    return { record, provider, profile: unsealed(flows, record.profile) as ProviderProfile };
  }
  // It has been put back since it was looked for.
  if (!taken?.pending) throw refused();
  const pending = unsealed(flows, taken.pending) as PendingAuthorization;
  try {
    return { record, provider, profile: await provider.complete(pending, callback) };
  } catch (error) {
    const wasAsked = !(error instanceof AppError && error.code === 'provider_unavailable');
    if (!wasAsked) await SignInFlowModel.create(taken);
    throw error;
  }
}

/** Keeps who signed in for as long as the flow goes on, so that a code can follow. */
export async function keepFlow(
  { cipher }: Pick<Flows, 'cipher'>,
  { record, profile }: ConfirmedFlow,
  userId: Types.ObjectId,
): Promise<void> {
  if (record.profile) return;
  const { pending: _, ...kept } = record;
  const sealed = cipher.encrypt(JSON.stringify(profile));
  await SignInFlowModel.create({ ...kept, profile: sealed, userId });
}

/**
 * Uses up a flow that was kept.
 * @throws AppError `sign_in_refused` if it has been used, or is over
 */
export async function endFlow({ record }: ConfirmedFlow): Promise<void> {
  const { deletedCount } = await SignInFlowModel.deleteOne({ _id: record._id });
  if (deletedCount === 0) throw refused();
}

/** Ends everything that a user has begun; may be repeated. */
export async function deleteFlowsOf(userId: Types.ObjectId): Promise<void> {
  await SignInFlowModel.deleteMany({ userId });
}
