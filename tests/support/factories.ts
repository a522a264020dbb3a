import { randomUUID } from 'node:crypto';
import type { Response } from 'supertest';
import type { SignIn } from '../../src/features/auth/auth.contract.ts';
import type { Task } from '../../src/features/tasks/tasks.schemas.ts';
import type { Api } from './api.ts';

export const basePath = '/api/v1';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Somebody with an account, and a session in which their requests are sent. */
export interface Member extends SignIn {
  password: string;
  send(method: Method, path: string, body?: object): Promise<Response>;
}

/** A request with the access token of somebody, or of nobody. */
export function send(api: Api, token: string | undefined, method: Method, path: string) {
  const request = api.request[method](path.startsWith('/api') ? path : basePath + path);
  return token === undefined ? request : request.set('Authorization', `Bearer ${token}`);
}

/** A new account with a session. */
export async function signUp(api: Api, given: Partial<Record<'email' | 'name', string>> = {}) {
  const email = given.email ?? `${randomUUID()}@example.com`;
  const password = `open sesame ${randomUUID().slice(0, 8)}`;
  const answer = await send(api, undefined, 'post', '/auth/register').send({
    email,
    password,
    name: given.name ?? 'Ada',
  });
  if (answer.status !== 201) throw new Error(`no account: ${answer.text}`);
  return memberOf(api, answer.body as SignIn, password);
}

/** Whoever has signed in, as a sender of requests. */
export function memberOf(api: Api, signIn: SignIn, password: string): Member {
  return {
    ...signIn,
    password,
    send: async (method, path, body) => {
      const request = send(api, signIn.accessToken, method, path);
      return body === undefined ? request : request.send(body);
    },
  };
}

/** A task of somebody's. */
export async function createTask(member: Member, given: object = {}): Promise<Task> {
  const answer = await member.send('post', '/tasks', { title: 'Pay rent', ...given });
  if (answer.status !== 201) throw new Error(`no task: ${answer.text}`);
  return answer.body as Task;
}
