import { expect, jest } from '@jest/globals';
import { HOTP, TOTP, URI } from 'otpauth';
import type { Response } from 'supertest';
import { UserModel } from '../../src/features/users/users.model.ts';
import type { Api } from './api.ts';
import { type Member, send } from './factories.ts';

/** An app that makes codes from what it was shown. */
export interface Authenticator {
  /** The code of now, or of so many steps of 30 s later. */
  code: (steps?: number) => string;
  /** Six digits that are no code of these minutes. */
  wrongCode: () => string;
}

/** Takes in the link of an enrolment. */
export function readInvitation(uri: string): Authenticator {
  const totp = URI.parse(uri);
  if (!(totp instanceof TOTP)) throw new Error(`not for codes by time: ${uri}`);
  const { algorithm, digits, period, secret } = totp;
  const code = (steps = 0) =>
    HOTP.generate({ algorithm, digits, secret, counter: TOTP.counter({ period }) + steps });
  return {
    code,
    wrongCode: () => {
      const near = new Set([-3, -2, -1, 0, 1, 2, 3].map(code));
      const candidates = Array.from({ length: 10 }, (_, digit) => String(digit).repeat(6));
      return candidates.find((candidate) => !near.has(candidate)) ?? '';
    },
  };
}

/** Somebody whose account has a second factor. */
export interface Protected {
  authenticator: Authenticator;
  recoveryCodes: string[];
  /** The code of now, whether or not it was used: the account forgets that. */
  unusedCode: () => Promise<string>;
}

/** Begins to set up an authenticator. */
export async function enrol(member: Member): Promise<Authenticator> {
  const answer = await member.send('post', '/users/me/totp', { password: member.password });
  expect(answer.status).toBe(200);
  return readInvitation((answer.body as { uri: string }).uri);
}

/** Sets up a second factor. */
export async function protect(member: Member): Promise<Protected> {
  const authenticator = await enrol(member);
  const code = authenticator.code();
  const answer = await member.send('post', '/users/me/totp/confirm', { code });
  expect(answer.status).toBe(200);
  const { recoveryCodes } = answer.body as { recoveryCodes: string[] };
  return {
    authenticator,
    recoveryCodes,
    unusedCode: async () => {
      await forgetUsedCodes(member);
      return authenticator.code();
    },
  };
}

/** As if so much time had passed that codes of now were not used yet. */
export async function forgetUsedCodes({ user }: Member): Promise<void> {
  await UserModel.updateOne({ _id: user.id }, { $set: { 'secondFactor.lastStep': 0 } });
}

export async function logInWithCode(
  api: Pick<Api, 'request'>,
  { user, password }: Member,
  code: string | undefined,
): Promise<Response> {
  const { email } = user;
  return send(api as Api, undefined, 'post', '/auth/login').send({ email, password, code });
}

/** Stays within one step of 30 s, lest one end between two requests of a test. */
export function holdStep(): void {
  jest.spyOn(TOTP, 'counter').mockReturnValue(TOTP.counter());
}

/** The types of what happened to somebody's account, the newest first. */
export async function eventsOf(member: Member): Promise<string[]> {
  const { body } = await member.send('get', '/users/me/security-events');
  return (body.data as { type: string }[]).map(({ type }) => type);
}
