import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { expect } from '@jest/globals';
import mongoose, { Types } from 'mongoose';
import type { Attachment } from '../../src/features/attachments/attachments.contract.ts';
import type { Api } from './api.ts';
import { basePath, createTask, type Member, signUp } from './factories.ts';
import { exchange, type WireAnswer } from './wire.ts';

/** Somebody with a task, and the path of its attachments. */
export async function owner(api: Api): Promise<{ member: Member; taskId: string; path: string }> {
  const member = await signUp(api);
  const { id } = await createTask(member);
  return { member, taskId: id, path: `/tasks/${id}/attachments` };
}

/** Sends bytes as a new attachment. */
export function upload(
  { origin }: Api,
  { accessToken }: Pick<Member, 'accessToken'>,
  path: string,
  bytes: string | Uint8Array,
  { name = 'notes.txt', headers = {} }: { name?: string; headers?: Record<string, string> } = {},
): Promise<WireAnswer> {
  const address = `${origin}${basePath}${path}?name=${encodeURIComponent(name)}`;
  const authorization = { Authorization: `Bearer ${accessToken}` };
  return exchange(address, { method: 'POST', headers: { ...authorization, ...headers } }, bytes);
}

export interface Started {
  sending: ClientRequest;
  answer: Promise<IncomingMessage>;
}

/** An upload whose body the test writes itself. */
export function begin(
  { origin }: Api,
  { accessToken }: Member,
  path: string,
  headers: Record<string, string> = {},
): Started {
  const sending = request(`${origin}${basePath}${path}?name=slow.bin`, {
    method: 'POST',
    agent: false,
    headers: { Authorization: `Bearer ${accessToken}`, ...headers },
  });
  const answer = once(sending, 'response').then(([response]) => response as IncomingMessage);
  // A test that breaks the upload off awaits no answer.
  answer.catch(() => undefined);
  return { sending, answer };
}

/** An attachment of somebody's. */
export async function attach(
  api: Api,
  member: Member,
  path: string,
  bytes: string | Uint8Array = 'Hello',
  name = 'notes.txt',
): Promise<Attachment> {
  const answer = await upload(api, member, path, bytes, { name });
  expect(answer).toMatchObject({ status: 201 });
  return answer.body as unknown as Attachment;
}

export function download(
  { origin }: Api,
  { accessToken }: Pick<Member, 'accessToken'>,
  path: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  const authorization = { Authorization: `Bearer ${accessToken}` };
  return fetch(origin + basePath + path, { headers: { ...authorization, ...headers } });
}

export async function bytesIn(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

/** How many files, and pieces of files, the database holds of this attachment, or at all. */
export async function piecesInDatabase(id?: string): Promise<number> {
  const { db } = mongoose.connection;
  const key = id === undefined ? undefined : new Types.ObjectId(id);
  const counts = await Promise.all([
    db?.collection('attachmentContent.files').countDocuments(key ? { _id: key } : {}),
    db?.collection('attachmentContent.chunks').countDocuments(key ? { files_id: key } : {}),
  ]);
  return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0);
}
