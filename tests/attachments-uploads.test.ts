import { json } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { mongo, Types } from 'mongoose';
import { deleteAttachmentsOf } from '../src/features/attachments/attachment-records.service.ts';
import { maximumAttachments } from '../src/features/attachments/attachments.contract.ts';
import { AttachmentModel } from '../src/features/attachments/attachments.model.ts';
import { uploadAttachment } from '../src/features/attachments/upload.service.ts';
import { useApi } from './support/api.ts';
import { attach, begin, download, owner, piecesInDatabase, upload } from './support/attachments.ts';
import { createTask, type Member } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';

const api = useApi({ ATTACHMENT_MAX_SIZE: '1MB', ATTACHMENT_QUOTA: '2500kB' });

/** What the database keeps in one piece. */
const piece = Buffer.alloc(261_120, 'x');
const kilobytes = (count: number) => Buffer.alloc(count * 1000, 'y');

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  while (!(await isTrue())) await turn();
}

/** Whether anything is left of what somebody has sent. */
async function isNothingLeft({ user }: Member, ids: readonly string[]): Promise<boolean> {
  const _id = { $in: ids.map((id) => new Types.ObjectId(id)) };
  const records = await AttachmentModel.countDocuments({ $or: [{ ownerId: user.id }, { _id }] });
  const pieces = await Promise.all(ids.map((id) => piecesInDatabase(id)));
  return records === 0 && pieces.every((count) => count === 0);
}

/** The ids of somebody's uploads that are under way. */
async function idsOf({ user }: Member): Promise<string[]> {
  const found = await AttachmentModel.find({ ownerId: user.id }).lean();
  return found.map(({ _id }) => _id.toHexString());
}

describe('an upload', () => {
  test('is stored while it comes in', async () => {
    const { member, path } = await owner(api());
    const { sending, answer } = begin(api(), member, path);
    sending.write(piece);
    await until(async () => (await idsOf(member)).length === 1);
    const [id = ''] = await idsOf(member);
    await until(async () => (await piecesInDatabase(id)) === 1);
    expect((await member.send('get', path)).body.data).toEqual([]);
    expect((await member.send('get', `${path}/${id}`)).status).toBe(404);
    expect((await download(api(), member, `${path}/${id}/content`)).status).toBe(404);
    sending.end(piece);
    const done = await answer;
    expect(done.statusCode).toBe(201);
    expect(await json(done)).toMatchObject({ id, size: 2 * piece.length });
  });

  test('is taken only as fast as it is stored', async () => {
    const { member, taskId } = await owner(api());
    type Insert = mongo.Collection['insertOne'];
    const insertOne = Reflect.get(mongo.Collection.prototype, 'insertOne') as Insert;
    let stored = 0;
    const storing = jest
      .spyOn(mongo.Collection.prototype, 'insertOne')
      .mockImplementation(async function insert(this: mongo.Collection, ...given) {
        const result = await insertOne.apply(this, given);
        if (this.collectionName.endsWith('.chunks')) stored += 1;
        return result;
      });
    const ahead: number[] = [];
    async function* bytes() {
      for (let sent = 0; sent < 3; sent += 1) {
        ahead.push(sent - stored);
        yield piece;
      }
    }
    const given = { taskId, name: 'x', upload: { length: 3 * piece.length, bytes: bytes() } };
    await uploadAttachment(api().dependencies.config, { userId: member.user.id }, given);
    storing.mockRestore();
    // Whenever a piece was asked for, all those before it were in the database.
    expect([ahead, stored]).toEqual([[0, 0, 0], 3]);
  });

  test.each<[string, Record<string, string>]>([
    ['whose length is known', { 'Content-Length': '900000' }],
    ['whose length is not known', {}],
  ])(
    '%s leaves nothing behind once it is broken off',
    async (_, headers) => {
      const { member, path } = await owner(api());
      const { sending } = begin(api(), member, path, headers);
      sending.on('error', () => undefined);
      sending.write(piece);
      await until(async () => (await idsOf(member)).length === 1);
      const ids = await idsOf(member);
      await until(async () => (await piecesInDatabase(ids[0])) === 1);
      sending.destroy();
      await until(() => isNothingLeft(member, ids));
      // All the room is free again.
      for (let count = 0; count < 2; count += 1) await attach(api(), member, path, kilobytes(1000));
    },
    // Sooner than it would be given up as too slow.
    20_000,
  );

  test('ends with 404 where its task is deleted meanwhile, and leaves nothing behind', async () => {
    const { member, path } = await owner(api());
    const { sending, answer } = begin(api(), member, path);
    sending.write(piece);
    await until(async () => (await idsOf(member)).length === 1);
    const ids = await idsOf(member);
    await deleteAttachmentsOf(new Types.ObjectId(member.user.id));
    sending.end(piece);
    expect((await answer).statusCode).toBe(404);
    expect(await isNothingLeft(member, ids)).toBe(true);
  });
});

describe('413', () => {
  test('refuses a file that is too large before it is sent', async () => {
    const { member, path } = await owner(api());
    const { answer, sending } = begin(api(), member, path, { 'Content-Length': '1000001' });
    sending.flushHeaders();
    const { statusCode, headers } = await answer;
    expect([statusCode, headers.connection]).toEqual([413, 'close']);
    sending.destroy();
    expect(await isNothingLeft(member, [])).toBe(true);
  });

  test('takes a file of exactly the size that is allowed', async () => {
    const { member, path } = await owner(api());
    expect((await attach(api(), member, path, kilobytes(1000))).size).toBe(1_000_000);
  });

  test('breaks off a file that turns out to be too large, and keeps nothing of it', async () => {
    const { member, path } = await owner(api());
    const { sending, answer } = begin(api(), member, path);
    sending.write(kilobytes(1000));
    await until(async () => (await idsOf(member)).length === 1);
    const ids = await idsOf(member);
    sending.write('z');
    const refused = await answer;
    expect([refused.statusCode, refused.headers.connection]).toEqual([413, 'close']);
    expect(await json(refused)).toMatchObject({ code: 'payload_too_large' });
    sending.destroy();
    expect(await isNothingLeft(member, ids)).toBe(true);
  });
});

describe('403', () => {
  test('gives an account so much room, and no more', async () => {
    const { member, path } = await owner(api());
    const other = await createTask(member);
    const first = await attach(api(), member, path, kilobytes(1000));
    await attach(api(), member, `/tasks/${other.id}/attachments`, kilobytes(1000));
    const refused = await upload(api(), member, path, kilobytes(501));
    expectProblem(refused, 403, 'limit_reached');
    await attach(api(), member, path, kilobytes(500));
    expectProblem(await upload(api(), member, path, 'x'), 403, 'limit_reached');
    const chunked = { headers: { 'Transfer-Encoding': 'chunked' } };
    expectProblem(await upload(api(), member, path, 'x', chunked), 403, 'limit_reached');
    await member.send('delete', `${path}/${first.id}`);
    await attach(api(), member, path, kilobytes(1000));
    expect(await AttachmentModel.countDocuments({ ownerId: member.user.id })).toBe(3);
  });

  test('breaks off what turns out to need more room than there is', async () => {
    const { member, path } = await owner(api());
    for (const size of [1000, 1000, 400]) await attach(api(), member, path, kilobytes(size));
    const chunked = { headers: { 'Transfer-Encoding': 'chunked' } };
    const refused = await upload(api(), member, path, kilobytes(101), chunked);
    expectProblem(refused, 403, 'limit_reached');
    expect(await AttachmentModel.countDocuments({ ownerId: member.user.id })).toBe(3);
    const fits = await upload(api(), member, path, kilobytes(100), chunked);
    expect(fits.status).toBe(201);
  });

  test('never gives more room, however many uploads come at the same time', async () => {
    const { member, path } = await owner(api());
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => upload(api(), member, path, kilobytes(900))),
    );
    const taken = answers.filter(({ status }) => status === 201);
    expect(taken.length).toBeLessThanOrEqual(2);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectProblem(answer, 403, 'limit_reached');
    }
    const left = await AttachmentModel.find({ ownerId: member.user.id }).lean();
    expect(left.map(({ state }) => state)).toEqual(taken.map(() => 'stored'));
  });

  test('allows so many on a task, of which those of others are none', async () => {
    const { member, taskId, path } = await owner(api());
    const others = Array.from({ length: maximumAttachments.ofTask - 1 }, () => ({
      ownerId: member.user.id,
      taskId,
      name: 'x',
      state: 'stored' as const,
      storage: 'database' as const,
      size: 1,
      createdAt: new Date(),
    }));
    await AttachmentModel.insertMany(others);
    await attach(api(), member, path);
    expectProblem(await upload(api(), member, path, 'x'), 403, 'limit_reached');
    expect(await AttachmentModel.countDocuments({ taskId })).toBe(maximumAttachments.ofTask);
    const another = await createTask(member);
    await attach(api(), member, `/tasks/${another.id}/attachments`);
    const stranger = await owner(api());
    await attach(api(), stranger.member, stranger.path);
  });
});
