import { randomUUID } from 'node:crypto';
import type { BenchedServer } from '../shared/processes.ts';

/** Somebody whose requests are measured. */
export interface Somebody {
  id: string;
  token: string;
  savedFilter: string;
}

async function post(api: BenchedServer, token: string, path: string, body: object) {
  const answer = await fetch(`${api.origin}/api/v1${path}`, {
    method: path === '/users/me' ? 'PATCH' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
  const content = await answer.json();
  if (!answer.ok) throw new Error(`${path} was answered with ${answer.status}`);
  return content as { id: string; accessToken: string; user: { id: string } };
}

/** Not in UTC, so that dates are compared in the way that costs more. */
export async function signUp(api: BenchedServer): Promise<Somebody> {
  const account = {
    email: `${randomUUID()}@example.com`,
    password: `open sesame ${randomUUID()}`,
    name: 'Ada',
  };
  const { accessToken: token, user } = await post(api, '', '/auth/register', account);
  await post(api, token, '/users/me', { timeZone: 'Europe/Berlin' });
  const saved = {
    name: 'Pressing',
    filter: 'priority >= high & !label = waiting',
    sort: ['dueDate'],
  };
  const { id: savedFilter } = await post(api, token, '/filters', saved);
  return { id: user.id, token, savedFilter };
}
