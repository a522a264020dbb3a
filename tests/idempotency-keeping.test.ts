import { describe, expect, test } from '@jest/globals';
import mongoose, { Types } from 'mongoose';
import { IdempotencyKeyModel } from '../src/database/idempotency-keys.model.ts';
import { forgetIdempotencyKeysOf } from '../src/database/idempotency-keys.ts';
import { insertOnce, newId } from '../src/database/new-id.ts';
import { breakOff, createThing, gate, useThings } from './support/idempotency.ts';
import { expectProblem } from './support/problems.ts';

const begin = useThings();

describe('ids', () => {
  /** Answers with three ids, of which the last is taken after others have ended. */
  async function idsOf(wait: () => Promise<unknown>) {
    const one = newId();
    const other = newId();
    await wait();
    return [one, other, newId()].map((id) => id.toHexString()).join(' ');
  }
  const thing = (name: string) => ({ value: { id: '1', name }, version: '1' });

  test('are the same in each attempt, and different within one', async () => {
    const { ask, userId } = await begin({
      create: async () => thing(await idsOf(() => Promise.resolve())),
    });
    const first = await ask();
    await breakOff({ userId });
    expect((await ask()).text).toBe(first.text);
    const ids = String(first.body['name']).split(' ');
    expect(new Set(ids).size).toBe(3);
    // They sort by time, as those of other objects do.
    const [seconds = 0] = ids.map((id) => new Types.ObjectId(id).getTimestamp().getTime());
    expect(Math.abs(Date.now() - seconds)).toBeLessThan(60_000);
  });

  test('stay the same where another request ends meanwhile', async () => {
    const held = gate();
    const begun = gate();
    const { ask, userId } = await begin({
      create: async ({ body: { name } }) => {
        if (name === 'quick') return thing(name);
        begun.open();
        return thing(await idsOf(() => held.passed));
      },
    });
    const slow = ask();
    await begun.passed;
    await ask({ key: 'other', body: { name: 'quick' } });
    await IdempotencyKeyModel.deleteOne({ userId, answer: { $exists: true } });
    held.open();
    const first = await slow;
    await breakOff({ userId });
    expect((await ask()).text).toBe(first.text);
  });

  test('are new without a key, and a taken one is told', async () => {
    expect(newId().equals(newId())).toBe(false);
    const collection = mongoose.connection.collection('things');
    const document = { _id: newId() };
    await insertOnce(collection, document);
    await expect(insertOnce(collection, document)).rejects.toThrow(/duplicate/i);
  });
});

describe('whose a key is', () => {
  const clear = () => {};

  test('a user’s own', async () => {
    const { ask } = await begin({ create: createThing });
    const first = await ask();
    const other = await ask({ userId: new Types.ObjectId().toHexString() });
    expect(other.status).toBe(201);
    expect(other.body['id']).not.toBe(first.body['id']);
  });

  test.each([
    ['198.51.100.1', '198.51.100.1', true],
    ['198.51.100.2', '198.51.100.3', false],
    ['2001:db8:1:2::3', '2001:db8:1:2:ffff::', true],
    ['2001:db8:1:3::3', '2001:db8:1:4::3', false],
  ])('without a token, the network’s: %s and %s', async (one, other, same) => {
    const { ask } = await begin({ clear });
    const path = '/things/clear';
    expect((await ask({ path, address: one })).status).toBe(204);
    const answer = await ask({ path, address: other });
    expect(answer).toMatchObject({ status: 204, text: '' });
    expect(answer.headers['idempotent-replayed']).toBe(same ? 'true' : undefined);
  });
});

describe('a file', () => {
  const path = '/things/file';

  test('is read once; its kind and its length tell it from another', async () => {
    let uploads = 0;
    const { ask } = await begin({
      attach: async ({ upload }) => {
        uploads += 1;
        const chunks = [];
        for await (const chunk of upload.bytes) chunks.push(chunk);
        return { content: Buffer.concat(chunks).toString() };
      },
    });
    const first = await ask({ path, body: 'a file' });
    expect(first).toMatchObject({ status: 200, body: { content: 'a file' } });
    const second = await ask({ path, body: 'a file' });
    expect(second).toMatchObject({ status: 200, text: first.text });
    expect(second.headers['idempotent-replayed']).toBe('true');
    expectProblem(await ask({ path, body: 'a longer file' }), 422, 'idempotency_key_reused');
    expect(uploads).toBe(1);
  });
});

describe('what is kept', () => {
  test('is kept for a day', async () => {
    const { ask, record, userId } = await begin({ create: createThing });
    const before = Date.now();
    const first = await ask();
    const { expiresAt } = (await record())!;
    expect(expiresAt.getTime() - before).toBeGreaterThanOrEqual(86_400_000);
    expect(expiresAt.getTime() - Date.now()).toBeLessThanOrEqual(86_400_000);
    const indexes = await IdempotencyKeyModel.collection.indexes();
    expect(indexes).toContainEqual(
      expect.objectContaining({ key: { expiresAt: 1 }, expireAfterSeconds: 0 }),
    );
    await IdempotencyKeyModel.updateOne({ userId }, { $set: { expiresAt: new Date() } });
    const later = await ask({ body: { name: 'Chair' } });
    expect(later.status).toBe(201);
    expect(later.body['id']).not.toBe(first.body['id']);
    expect(await IdempotencyKeyModel.countDocuments({ userId })).toBe(1);
  });

  test('can be read by this server alone', async () => {
    const { ask, record } = await begin({ create: createThing });
    const key = 'a-key-that-nobody-else-has';
    await ask({ key, body: { name: 'a name that tells' } });
    const stored = JSON.stringify(await record());
    expect(stored).not.toMatch(/a name that tells|a-key-that|things|"status"/);
  });

  test('goes with the account', async () => {
    const { ask, record, userId } = await begin({ create: createThing });
    const { ask: another, record: other } = await begin({ create: createThing });
    await ask();
    await another();
    await forgetIdempotencyKeysOf(userId);
    expect(await record()).toBeNull();
    expect(await other()).not.toBeNull();
  });

  test('is not what would be too large for it: that is done again, with the same ids', async () => {
    const long = 'x'.repeat(10_000_000);
    const { ask } = await begin({
      create: async (request) => {
        const made = await createThing(request);
        return { ...made, value: { ...made.value, name: long } };
      },
    });
    const first = await ask();
    expect(first.status).toBe(201);
    const second = await ask();
    expect(second.status).toBe(201);
    expect(second.headers).not.toHaveProperty('idempotent-replayed');
    expect(second.body['id']).toBe(first.body['id']);
  });
});
