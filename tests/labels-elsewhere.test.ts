import { afterEach, expect, jest, test } from '@jest/globals';
import { Types } from 'mongoose';
import { LabelModel } from '../src/features/labels/labels.model.ts';
import { useApi } from './support/api.ts';
import { createTask, signUp } from './support/factories.ts';
import { namesOf } from './support/labels.ts';

const api = useApi();

afterEach(() => {
  jest.restoreAllMocks();
});

test('a label that another instance deletes is made anew at the latest 5 seconds later', async () => {
  const member = await signUp(api());
  await createTask(member, { labels: ['home'] });
  // As another instance, of which this one does not hear, would leave it.
  const elsewhere = { deletedAt: new Date(), holds: [`,${new Types.ObjectId().toHexString()}`] };
  await LabelModel.updateOne({ ownerId: member.user.id }, { $set: elsewhere });
  expect(await namesOf(member)).toEqual([]);
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + 5001);
  await createTask(member, { labels: ['home'] });
  expect(await namesOf(member)).toEqual(['home']);
});
