import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import {
  deleteAttachmentsOf,
  expireAttachmentsOf,
  purgeAttachmentsOf,
} from '../src/features/attachments/attachment-records.service.ts';
import type { Attachment } from '../src/features/attachments/attachments.contract.ts';
import { AttachmentModel } from '../src/features/attachments/attachments.model.ts';
import { listAttachmentsOf } from '../src/features/attachments/attachments.service.ts';
import { databaseStorage } from '../src/features/attachments/database-storage.ts';
import { sweepAttachments } from '../src/features/attachments/sweep.service.ts';
import { useApi } from './support/api.ts';
import { attach, download, owner, piecesInDatabase, upload } from './support/attachments.ts';
import { createTask, type Member } from './support/factories.ts';

const api = useApi({ ATTACHMENT_QUOTA: '1MB' });

const idOf = (id: string) => new Types.ObjectId(id);
const sweep = () => sweepAttachments(api().dependencies);
const tomorrow = () => new Date(Date.now() + 86_400_000);
const past = () => new Date(Date.now() - 1);

async function* inPieces(size: number) {
  yield Buffer.alloc(size);
}

/** What a process leaves that is killed in the midst of an upload. */
async function giveAbandoned(member: Member, taskId: string, sweepAt: Date): Promise<string> {
  const _id = new Types.ObjectId();
  await databaseStorage.put(_id.toHexString(), inPieces(300_000), undefined);
  await AttachmentModel.create({
    _id,
    ownerId: member.user.id,
    taskId,
    name: 'abandoned',
    state: 'uploading',
    storage: 'database',
    size: 900_000,
    createdAt: new Date(),
    sweepAt,
  });
  return _id.toHexString();
}

async function expectThere(member: Member, { id, taskId }: Attachment): Promise<void> {
  const path = `/tasks/${taskId}/attachments/${id}/content`;
  expect((await download(api(), member, path)).status).toBe(200);
}

async function expectGone({ id }: Pick<Attachment, 'id'>): Promise<void> {
  expect(await AttachmentModel.findById(id).lean()).toBeNull();
  expect(await piecesInDatabase(id)).toBe(0);
}

describe('an upload of a process that was killed', () => {
  test('cannot be read, and takes room only until its time is over', async () => {
    const { member, taskId, path } = await owner(api());
    const id = await giveAbandoned(member, taskId, tomorrow());
    expect((await member.send('get', path)).body.data).toEqual([]);
    expect((await member.send('get', `${path}/${id}`)).status).toBe(404);
    expect((await member.send('get', `${path}/${id}/content`)).status).toBe(404);
    expect((await member.send('delete', `${path}/${id}`)).status).toBe(404);
    const half = Buffer.alloc(500_000);
    expect((await upload(api(), member, path, half)).body['code']).toBe('limit_reached');
    await AttachmentModel.updateOne({ _id: id }, { $set: { sweepAt: past() } });
    await attach(api(), member, path, half);
  });

  test('is swept away, once its time is over', async () => {
    const { member, taskId } = await owner(api());
    const running = await giveAbandoned(member, taskId, tomorrow());
    const killed = await giveAbandoned(member, taskId, past());
    await sweep();
    await expectGone({ id: killed });
    expect(await piecesInDatabase(running)).toBe(3);
    expect(await AttachmentModel.findById(running).lean()).toMatchObject({ state: 'uploading' });
  });
});

describe('the attachments of tasks in the trash', () => {
  test('come back with them', async () => {
    const { member, taskId, path } = await owner(api());
    const made = await attach(api(), member, path);
    for (let repeated = 0; repeated < 2; repeated += 1) {
      await expireAttachmentsOf([idOf(taskId)], tomorrow());
    }
    await sweep();
    for (let repeated = 0; repeated < 2; repeated += 1) {
      await expireAttachmentsOf([idOf(taskId)], null);
    }
    const record = await AttachmentModel.findById(made.id).lean();
    expect(record?.expiresAt).toBeUndefined();
    await expectThere(member, made);
  });

  test('are swept away with their bytes when their time is over, and no others', async () => {
    const { member, taskId, path } = await owner(api());
    const other = await createTask(member);
    const made = await attach(api(), member, path);
    const kept = await attach(api(), member, `/tasks/${other.id}/attachments`);
    await expireAttachmentsOf([idOf(taskId)], past());
    await sweep();
    await expectGone(made);
    await expectThere(member, kept);
    // Restoring what is gone brings nothing back.
    await expireAttachmentsOf([idOf(taskId)], null);
    expect((await member.send('get', path)).body.data).toEqual([]);
  });

  test('do not bring back what was deleted before', async () => {
    const { member, taskId, path } = await owner(api());
    const made = await attach(api(), member, path);
    await purgeAttachmentsOf([idOf(taskId)]);
    await expireAttachmentsOf([idOf(taskId)], tomorrow());
    await expireAttachmentsOf([idOf(taskId)], null);
    expect((await member.send('get', path)).body.data).toEqual([]);
    await sweep();
    await expectGone(made);
  });
});

describe('purging a task', () => {
  test('takes its attachments at once and their bytes with the next sweep', async () => {
    const { member, taskId, path } = await owner(api());
    const other = await createTask(member);
    const made = await attach(api(), member, path);
    const kept = await attach(api(), member, `/tasks/${other.id}/attachments`);
    for (let repeated = 0; repeated < 2; repeated += 1) await purgeAttachmentsOf([idOf(taskId)]);
    expect((await member.send('get', path)).body.data).toEqual([]);
    await sweep();
    await expectGone(made);
    await expectThere(member, kept);
  });
});

describe('the attachments of an account', () => {
  test('are all listed for its export, without what is not stored', async () => {
    const { member, taskId, path } = await owner(api());
    const theirs = await owner(api());
    const other = await createTask(member);
    const made = [
      await attach(api(), member, path, 'x', 'one'),
      await attach(api(), member, `/tasks/${other.id}/attachments`, 'x', 'two'),
      await attach(api(), member, path, 'x', 'three'),
    ];
    await attach(api(), theirs.member, theirs.path);
    await giveAbandoned(member, taskId, tomorrow());
    const caller = { userId: member.user.id };
    const first = await listAttachmentsOf(caller, { limit: 2 });
    const rest = await listAttachmentsOf(caller, { limit: 2, cursor: String(first.nextCursor) });
    expect([...first.data, ...rest.data]).toEqual(made);
  });

  test('are deleted with it: nothing personal at once, the bytes with the next sweep', async () => {
    const { member, taskId, path } = await owner(api());
    const theirs = await owner(api());
    const made = await attach(api(), member, path, 'x', 'secret plans');
    const running = await giveAbandoned(member, taskId, tomorrow());
    const kept = await attach(api(), theirs.member, theirs.path);
    for (let repeated = 0; repeated < 2; repeated += 1) {
      await deleteAttachmentsOf(idOf(member.user.id));
    }
    const left = JSON.stringify(await AttachmentModel.find({ _id: [made.id, running] }).lean());
    for (const personal of ['secret plans', 'abandoned', member.user.id, taskId, made.sha256]) {
      expect(left).not.toContain(personal);
    }
    await sweep();
    await expectGone(made);
    // It may still be written to until its time is over.
    expect(await piecesInDatabase(running)).toBe(3);
    await AttachmentModel.updateOne({ _id: running }, { $set: { sweepAt: past() } });
    await sweep();
    await expectGone({ id: running });
    await expectThere(theirs.member, kept);
  });
});
