import { type Scope, scopes } from '../../src/contract/scopes.ts';
import type { NewApiToken } from '../../src/features/api-tokens/api-tokens.contract.ts';
import type { Member } from './factories.ts';

export const allScopes = Object.keys(scopes) as Scope[];

/** What a member asks for a token with; what is not given is right. */
export function tokenRequest({ password }: Member, given: object = {}) {
  return { name: 'Nightly report', scopes: ['tasks:read'], password, ...given };
}

/** An API token of somebody's. */
export async function createToken(member: Member, given: object = {}): Promise<NewApiToken> {
  const answer = await member.send('post', '/users/me/api-tokens', tokenRequest(member, given));
  if (answer.status !== 201) throw new Error(`no API token: ${answer.text}`);
  return answer.body as NewApiToken;
}
