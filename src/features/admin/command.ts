import type { Dependencies } from '../../dependencies.ts';
import { giveRole, listAdministrators } from './roles.service.ts';

/** What the operator of the server may ask for. */
export type Command = { name: 'grant' | 'revoke'; email: string } | { name: 'list' };

/** How a command ended, in lines for a terminal. */
interface Outcome {
  readonly done: boolean;
  readonly lines: readonly string[];
}

export const usage = [
  'Usage: npm run admin -- grant <email>    makes an administrator',
  '       npm run admin -- revoke <email>   makes an administrator an ordinary user',
  '       npm run admin -- list             lists the administrators',
].join('\n');

/** @returns undefined for anything but a command */
export function readCommand([name, email, ...rest]: readonly string[]): Command | undefined {
  if (rest.length > 0) return undefined;
  if (name === 'list') return email === undefined ? { name } : undefined;
  if ((name !== 'grant' && name !== 'revoke') || !email) return undefined;
  return { name, email };
}

const needsSecondFactor =
  'The account needs a second factor before it may use /api/v1/admin: POST /api/v1/users/me/totp.';

async function list(): Promise<Outcome> {
  const found = await listAdministrators();
  if (found.length === 0) return { done: true, lines: ['There are no administrators.'] };
  const lines = found.map(({ email, hasSecondFactor, isDisabled }) => {
    const remarks = [
      ...(hasSecondFactor ? [] : ['no second factor yet']),
      ...(isDisabled ? ['disabled'] : []),
    ];
    return remarks.length === 0 ? email : `${email} (${remarks.join(', ')})`;
  });
  return { done: true, lines };
}

/** Carries a command out; each can be repeated without harm. */
export async function runCommand(
  accounts: Pick<Dependencies, 'logger' | 'mail'>,
  command: Command,
): Promise<Outcome> {
  if (command.name === 'list') return list();
  const grants = command.name === 'grant';
  const change = await giveRole(accounts, command.email, grants ? 'admin' : 'user');
  if (!change) {
    return { done: false, lines: [`No account has the e-mail address ${command.email}.`] };
  }
  const { email, changed, hasSecondFactor } = change;
  if (!grants) {
    return {
      done: true,
      lines: [`${email} is ${changed ? 'no longer' : 'not'} an administrator.`],
    };
  }
  const line = `${email} is ${changed ? 'now' : 'already'} an administrator.`;
  return { done: true, lines: [hasSecondFactor ? line : `${line} ${needsSecondFactor}`] };
}
