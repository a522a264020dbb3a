import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { AppError } from '../src/errors.ts';
import { AttachmentModel } from '../src/features/attachments/attachments.model.ts';
import { uploadAttachment } from '../src/features/attachments/upload.service.ts';
import { sweepAttachments } from '../src/features/attachments/sweep.service.ts';
import { type Api, startInstance, useDatabase } from './support/api.ts';
import {
  attach,
  bytesIn,
  download,
  owner,
  piecesInDatabase,
  upload,
} from './support/attachments.ts';
import { basePath } from './support/factories.ts';
import { type ObjectStorage, startObjectStorage } from './support/object-storage.ts';
import { expectProblem } from './support/problems.ts';

const database = useDatabase();
let storage: ObjectStorage;
let api: Api;
let withoutS3: Api;

beforeAll(async () => {
  storage = await startObjectStorage();
  api = await startInstance(database(), { ATTACHMENT_STORAGE_URL: storage.setting });
  withoutS3 = await startInstance(database());
});
afterEach(() => storage.fail(undefined));
afterAll(async () => {
  await api.close();
  await withoutS3.close();
  await storage.stop();
});

const keyOf = (id: string) => `/bucket/folder/${id}`;

describe('with ATTACHMENT_STORAGE_URL, an attachment', () => {
  test('is put into the bucket and had from there, by requests that are signed', async () => {
    const { member, path } = await owner(api);
    const bytes = randomBytes(700_000);
    const { id, size } = await attach(api, member, path, bytes);
    expect(storage.objects.get(keyOf(id))?.equals(bytes)).toBe(true);
    expect(storage.lastHeaders()).toMatchObject({
      'content-length': String(size),
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    });
    expect(await piecesInDatabase(id)).toBe(0);
    const whole = await download(api, member, `${path}/${id}/content`);
    expect((await bytesIn(whole)).equals(bytes)).toBe(true);
    const range = { Range: 'bytes=100-299' };
    const part = await download(api, member, `${path}/${id}/content`, range);
    expect(part.status).toBe(206);
    expect((await bytesIn(part)).equals(bytes.subarray(100, 300))).toBe(true);
  });

  test('is deleted from the bucket', async () => {
    const { member, path } = await owner(api);
    const { id } = await attach(api, member, path);
    expect((await member.send('delete', `${path}/${id}`)).status).toBe(204);
    expect(storage.objects.has(keyOf(id))).toBe(false);
    expect(await AttachmentModel.findById(id).lean()).toBeNull();
  });

  test('is sent on while it comes in, and leaves nothing when it breaks off', async () => {
    const { member, path } = await owner(api);
    const before = storage.requests.length;
    const sending = request(`${api.origin}${basePath}${path}?name=x`, {
      method: 'POST',
      agent: false,
      headers: { Authorization: `Bearer ${member.accessToken}`, 'Content-Length': '900000' },
    });
    sending.on('error', () => undefined);
    sending.write(randomBytes(300_000));
    while (storage.requests.length === before) await turn();
    const [id = ''] = storage.requests.at(-1)?.split('/').slice(-1) ?? [];
    expect(await AttachmentModel.findById(id).lean()).toMatchObject({ state: 'uploading' });
    sending.destroy();
    while ((await AttachmentModel.findById(id).lean()) !== null) await turn();
    expect(storage.objects.has(keyOf(id))).toBe(false);
  });

  test('fails as its sender does, and not as the bucket', async () => {
    const { member, taskId } = await owner(api);
    async function* bytes() {
      yield randomBytes(1000);
      throw new AppError('request_timeout');
    }
    const given = { taskId, name: 'x', upload: { length: 2000, bytes: bytes() } };
    const failing = uploadAttachment(api.dependencies.config, { userId: member.user.id }, given);
    await expect(failing).rejects.toMatchObject({ code: 'request_timeout' });
    expect(await AttachmentModel.countDocuments({ ownerId: member.user.id })).toBe(0);
  });

  test('411: needs a length that is known', async () => {
    const { member, path } = await owner(api);
    const headers = { 'Transfer-Encoding': 'chunked' };
    expectProblem(await upload(api, member, path, 'x', { headers }), 411, 'length_required');
  });

  test('503: is neither taken nor given while the bucket refuses', async () => {
    const { member, path } = await owner(api);
    const { id } = await attach(api, member, path);
    storage.fail(503);
    const refused = await upload(api, member, path, 'x');
    expectProblem(refused, 503, 'storage_unavailable');
    expect(refused.headers['retry-after']).toBe('5');
    const content = await member.send('get', `${path}/${id}/content`);
    expectProblem(content, 503, 'storage_unavailable');
    expect((await member.send('get', path)).body.data).toHaveLength(1);
    expect(content.text).not.toMatch(/SlowDown|bucket|AKIA/);
  });

  test('is gone at once even while the bucket refuses, and its bytes are later', async () => {
    const { member, path } = await owner(api);
    const { id } = await attach(api, member, path);
    storage.fail(503);
    expect((await member.send('delete', `${path}/${id}`)).status).toBe(204);
    expect((await member.send('get', `${path}/${id}`)).status).toBe(404);
    await expect(sweepAttachments(api.dependencies)).rejects.toMatchObject({
      code: 'storage_unavailable',
    });
    expect(storage.objects.has(keyOf(id))).toBe(true);
    storage.fail(undefined);
    // The sweep leaves it alone for some minutes after a failure.
    await sweepAttachments(api.dependencies);
    expect(storage.objects.has(keyOf(id))).toBe(true);
    await AttachmentModel.updateOne({ _id: id }, { $set: { sweepAt: new Date() } });
    await sweepAttachments(api.dependencies);
    expect(storage.objects.has(keyOf(id))).toBe(false);
    expect(await AttachmentModel.findById(id).lean()).toBeNull();
  });
});

describe('when the setting changes', () => {
  test('what is in the database stays readable, and can be deleted', async () => {
    const { member, path } = await owner(withoutS3);
    const { id } = await attach(withoutS3, member, path, 'from before');
    const content = await download(api, member, `${path}/${id}/content`);
    expect(await content.text()).toBe('from before');
    const { accessToken } = member;
    const answer = await fetch(`${api.origin}${basePath}${path}/${id}`, {
      method: 'DELETE',
      headers: { Authorization: `Bearer ${accessToken}` },
    });
    expect(answer.status).toBe(204);
    expect(await piecesInDatabase(id)).toBe(0);
  });

  test('503: what is in the bucket cannot be had without the setting', async () => {
    const { member, path } = await owner(withoutS3);
    const { id } = await attach(api, member, path);
    const content = await member.send('get', `${path}/${id}/content`);
    expectProblem(content, 503, 'storage_unavailable');
  });

  test('503: a wrong secret is told to nobody', async () => {
    const setting = storage.setting.replace('a%2Fsecret', 'another');
    const misled = await startInstance(database(), { ATTACHMENT_STORAGE_URL: setting });
    const { member, path } = await owner(misled);
    const answer = await upload(misled, member, path, 'x');
    await misled.close();
    expectProblem(answer, 503, 'storage_unavailable');
    expect(answer.text).not.toMatch(/another|AKIA|SignatureDoesNotMatch/);
    expect(await AttachmentModel.countDocuments({ ownerId: member.user.id })).toBe(0);
  });
});
