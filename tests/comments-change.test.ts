import { describe, expect, jest, test } from '@jest/globals';
import { Types } from 'mongoose';
import {
  deleteCommentsOf,
  expireCommentsOf,
  purgeCommentsOf,
} from '../src/features/comments/comment-records.service.ts';
import { CommentModel } from '../src/features/comments/comments.model.ts';
import { listCommentsOf } from '../src/features/comments/comments.service.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { comment, commenter, textsIn } from './support/comments.ts';
import { createTask, type Member, send } from './support/factories.ts';

const api = useApi();

function patch(member: Member, path: string, body: object, headers: Record<string, string> = {}) {
  return send(api(), member.accessToken, 'patch', path).set(headers).send(body);
}

describe('PATCH /tasks/:id/comments/:commentId', () => {
  test('200: changes the text and marks it as edited', async () => {
    const { member, path } = await commenter(api());
    const made = await comment(member, path, 'before');
    const answer = await patch(member, `${path}/${made.id}`, { text: 'after' });
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual({
      ...made,
      text: 'after',
      updatedAt: answer.body.editedAt,
      editedAt: instant,
      version: 2,
    });
    expect(answer.headers['etag']).toBe('"2"');
    expect((await member.send('get', `${path}/${made.id}`)).body).toEqual(answer.body);
  });

  test.each<[string, object]>([
    ['nothing', {}],
    ['the same text', { text: 'same' }],
  ])('200: %s leaves it as it was', async (_, given) => {
    const { member, path } = await commenter(api());
    const made = await comment(member, path, 'same');
    expect((await patch(member, `${path}/${made.id}`, given)).body).toEqual(made);
  });

  test('412: changes no other version than the one in If-Match', async () => {
    const { member, path } = await commenter(api());
    const { id } = await comment(member, path, 'before');
    const change = (text: string, tag: string) =>
      patch(member, `${path}/${id}`, { text }, { 'If-Match': tag });
    expect((await change('first', '"1"')).status).toBe(200);
    const late = await change('second', '"1"');
    expectProblem(late, 412, 'precondition_failed');
    expect(late.headers['etag']).toBe('"2"');
    expect((await member.send('get', `${path}/${id}`)).body.text).toBe('first');
  });

  test('412: a change that comes between reading and writing is not overwritten', async () => {
    const { member, path } = await commenter(api());
    const { id } = await comment(member, path, 'before');
    const { collection } = CommentModel;
    const original = collection.updateOne.bind(collection);
    const writing = jest.spyOn(collection, 'updateOne').mockImplementationOnce(async (...given) => {
      await original(
        { _id: new Types.ObjectId(id) },
        { $set: { text: 'rival' }, $inc: { version: 1 } },
      );
      return original(...given);
    });
    const answer = await patch(member, `${path}/${id}`, { text: 'mine' }, { 'If-Match': '"1"' });
    writing.mockRestore();
    expectProblem(answer, 412, 'precondition_failed');
    const { text, version } = (await member.send('get', `${path}/${id}`)).body;
    expect([text, version]).toEqual(['rival', 2]);
  });

  test('200: of changes at the same time none is lost', async () => {
    const { member, path } = await commenter(api());
    const { id } = await comment(member, path);
    const texts = ['a', 'b', 'c', 'd'];
    const answers = await Promise.all(
      texts.map((text) => patch(member, `${path}/${id}`, { text })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect((await member.send('get', `${path}/${id}`)).body.version).toBe(5);
  });

  test.each<[string, object, string]>([
    ['null for the text', { text: null }, 'body.text invalid_type'],
    ['an empty text', { text: '' }, 'body.text too_small'],
    ['the mark', { editedAt: null }, 'body.editedAt unrecognized_key'],
  ])('422: refuses %s', async (_, given, violation) => {
    const { member, path } = await commenter(api());
    const { id } = await comment(member, path);
    expect(violationsIn(await patch(member, `${path}/${id}`, given))).toEqual([violation]);
  });
});

describe('DELETE /tasks/:id/comments/:commentId', () => {
  test('204: takes it from the list', async () => {
    const { member, path } = await commenter(api());
    const { id } = await comment(member, path, 'gone');
    await comment(member, path, 'kept');
    const answer = await member.send('delete', `${path}/${id}`);
    expect(answer.status).toBe(204);
    expect(textsIn(await member.send('get', path))).toEqual(['kept']);
    expectProblem(await member.send('delete', `${path}/${id}`), 404, 'not_found');
  });

  test('412: deletes no other version than the one in If-Match', async () => {
    const { member, path } = await commenter(api());
    const { id } = await comment(member, path);
    const remove = send(api(), member.accessToken, 'delete', `${path}/${id}`);
    expectProblem(await remove.set('If-Match', '"7"'), 412, 'precondition_failed');
    expect((await member.send('get', `${path}/${id}`)).status).toBe(200);
  });
});

describe.each(['get', 'patch', 'delete'] as const)(
  '%s /tasks/:id/comments/:commentId',
  (method) => {
    const body = method === 'patch' ? { text: 'changed' } : undefined;

    test('401: asks for a token', async () => {
      const { member, path } = await commenter(api());
      const { id } = await comment(member, path);
      const answer = await send(api(), undefined, method, `${path}/${id}`).send(body);
      expectUnauthorized(answer, 'unauthenticated');
    });

    test('404: answers alike for one that is absent, on another task, or somebody else’s', async () => {
      const { member, path } = await commenter(api());
      const theirs = await commenter(api());
      const other = await createTask(member);
      const mine = await comment(member, path);
      const foreign = await comment(theirs.member, theirs.path);
      const paths = [
        `${path}/${'0'.repeat(24)}`,
        `${path}/x`,
        `/tasks/${other.id}/comments/${mine.id}`,
        `${path}/${foreign.id}`,
        `${theirs.path}/${foreign.id}`,
      ];
      const answers = await Promise.all(paths.map((each) => member.send(method, each, body)));
      for (const answer of answers) expectProblem(answer, 404, 'not_found');
      expect(new Set(answers.map((answer) => answer.body.detail)).size).toBe(1);
      expect(await CommentModel.countDocuments({ text: 'Hello', _id: [mine.id, foreign.id] })).toBe(
        2,
      );
    });
  },
);

describe('the comments of a task', () => {
  const expiryOf = async (id: string) =>
    (await CommentModel.findById(id).lean())?.expiresAt?.toISOString();

  test('go with the trash and come back from it', async () => {
    const { member, taskId, path } = await commenter(api());
    const other = await createTask(member);
    const mine = await comment(member, path);
    const elsewhere = await comment(member, `/tasks/${other.id}/comments`);
    const at = new Date(Date.now() + 86_400_000);
    const ids = [new Types.ObjectId(taskId)];
    for (let repeated = 0; repeated < 2; repeated += 1) await expireCommentsOf(ids, at);
    expect(await expiryOf(mine.id)).toBe(at.toISOString());
    expect(await expiryOf(elsewhere.id)).toBeUndefined();
    for (let repeated = 0; repeated < 2; repeated += 1) await expireCommentsOf(ids, null);
    expect(await expiryOf(mine.id)).toBeUndefined();
    expect((await member.send('get', `${path}/${mine.id}`)).body).toEqual(mine);
  });

  test('are purged with it, and only they', async () => {
    const { member, taskId, path } = await commenter(api());
    const other = await createTask(member);
    await comment(member, path);
    const kept = await comment(member, `/tasks/${other.id}/comments`);
    await purgeCommentsOf([new Types.ObjectId(taskId)]);
    const left = await CommentModel.find({ ownerId: member.user.id }).lean();
    expect(left.map(({ _id }) => _id.toHexString())).toEqual([kept.id]);
  });

  test('are all listed for the export of an account, and deleted with it', async () => {
    const { member, path } = await commenter(api());
    const theirs = await commenter(api());
    const other = await createTask(member);
    const made = [
      await comment(member, path, 'one'),
      await comment(member, `/tasks/${other.id}/comments`, 'two'),
      await comment(member, path, 'three'),
    ];
    await comment(theirs.member, theirs.path);
    const caller = { userId: member.user.id };
    const first = await listCommentsOf(caller, { limit: 2 });
    const rest = await listCommentsOf(caller, { limit: 2, cursor: String(first.nextCursor) });
    expect([...first.data, ...rest.data]).toEqual(made);
    await deleteCommentsOf(new Types.ObjectId(member.user.id));
    expect((await listCommentsOf(caller, { limit: 2 })).data).toEqual([]);
    expect(await CommentModel.countDocuments({ ownerId: theirs.member.user.id })).toBe(1);
  });
});
