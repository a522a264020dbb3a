import { describe, expect, test } from '@jest/globals';
import { maximumComments } from '../src/features/comments/comments.contract.ts';
import { CommentModel } from '../src/features/comments/comments.model.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { comment, commenter, textsIn } from './support/comments.ts';
import { basePath, createTask, type Member, send, signUp } from './support/factories.ts';

const api = useApi();

/** Gives a task comments without asking for them one by one. */
async function giveComments(member: Member, taskId: string, count: number): Promise<void> {
  const now = new Date();
  const comments = Array.from({ length: count }, (_, index) => ({
    ownerId: member.user.id,
    taskId,
    text: `Comment ${index}`,
    createdAt: now,
    updatedAt: now,
    version: 1,
  }));
  await CommentModel.insertMany(comments);
}

describe('POST /tasks/:id/comments', () => {
  test('201: keeps the text exactly as it is given', async () => {
    const { member, taskId, path } = await commenter(api());
    const text = '  # Büro \u{1F511}\r\n\n<script>alert(1)</script> $where  ';
    const answer = await member.send('post', path, { text });
    expect(answer.status).toBe(201);
    expect(answer.body).toEqual({
      id: expect.any(String),
      taskId,
      text,
      createdAt: instant,
      updatedAt: answer.body.createdAt,
      editedAt: null,
      version: 1,
    });
    expect(answer.headers['location']).toBe(`${basePath}${path}/${answer.body.id}`);
    expect(answer.headers['etag']).toBe('"1"');
    expect((await member.send('get', answer.headers['location'] ?? '')).body).toEqual(answer.body);
  });

  test('201: takes 10,000 characters', async () => {
    const { member, path } = await commenter(api());
    const text = '\u{1F511}'.repeat(10_000);
    expect((await comment(member, path, text)).text).toBe(text);
  });

  test('401: asks for a token', async () => {
    const { path } = await commenter(api());
    const answer = await send(api(), undefined, 'post', path).send({ text: 'x' });
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('403: refuses one more than a task may have, until one is deleted', async () => {
    const { member, taskId, path } = await commenter(api());
    await giveComments(member, taskId, maximumComments - 1);
    const last = await comment(member, path);
    expectProblem(await member.send('post', path, { text: 'x' }), 403, 'limit_reached');
    expect(await CommentModel.countDocuments({ taskId })).toBe(maximumComments);
    const other = await createTask(member);
    await comment(member, `/tasks/${other.id}/comments`);
    await member.send('delete', `${path}/${last.id}`);
    await comment(member, path);
  });

  test('403: never takes too many, however many come at the same time', async () => {
    const { member, taskId, path } = await commenter(api());
    await giveComments(member, taskId, maximumComments - 2);
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => member.send('post', path, { text: 'x' })),
    );
    const taken = answers.filter(({ status }) => status === 201).length;
    expect(taken).toBeLessThanOrEqual(2);
    for (const answer of answers.filter(({ status }) => status !== 201)) {
      expectProblem(answer, 403, 'limit_reached');
    }
    expect(await CommentModel.countDocuments({ taskId })).toBe(maximumComments - 2 + taken);
  });

  test('404: takes none on a task that is absent or somebody else’s', async () => {
    const { taskId, path } = await commenter(api());
    const stranger = await signUp(api());
    const paths = [path, `/tasks/${'0'.repeat(24)}/comments`, '/tasks/x/comments'];
    for (const each of paths) {
      expectProblem(await stranger.send('post', each, { text: 'x' }), 404, 'not_found');
    }
    expect(await CommentModel.countDocuments({ taskId })).toBe(0);
  });

  test.each<[string, object, string]>([
    ['no text', {}, 'body.text invalid_type'],
    ['an empty text', { text: '' }, 'body.text too_small'],
    ['a text that is too long', { text: 'x'.repeat(10_001) }, 'body.text too_big'],
    ['a broken text', { text: '\ud800' }, 'body.text custom'],
    ['an author', { text: 'x', ownerId: 'x' }, 'body.ownerId unrecognized_key'],
  ])('422: refuses %s', async (_, given, violation) => {
    const { member, path } = await commenter(api());
    expect(violationsIn(await member.send('post', path, given))).toEqual([violation]);
  });
});

describe('GET /tasks/:id/comments', () => {
  test('200: lists those on this task, the oldest first, page by page', async () => {
    const { member, path } = await commenter(api());
    const other = await createTask(member);
    await comment(member, `/tasks/${other.id}/comments`, 'elsewhere');
    for (const text of ['one', 'two', 'three']) await comment(member, path, text);
    const first = await member.send('get', `${path}?limit=2`);
    expect(textsIn(first)).toEqual(['one', 'two']);
    expect(first.headers['link']).toContain('rel="next"');
    const rest = await member.send('get', `${path}?limit=2&cursor=${first.body.nextCursor}`);
    expect(textsIn(rest)).toEqual(['three']);
    expect(rest.body.nextCursor).toBeNull();
  });

  test('200: lists the newest first where asked to', async () => {
    const { member, path } = await commenter(api());
    for (const text of ['one', 'two', 'three']) await comment(member, path, text);
    const first = await member.send('get', `${path}?limit=2&sort=-createdAt`);
    expect(textsIn(first)).toEqual(['three', 'two']);
    const { nextCursor } = first.body;
    const rest = await member.send('get', `${path}?limit=2&sort=-createdAt&cursor=${nextCursor}`);
    expect(textsIn(rest)).toEqual(['one']);
  });

  test('422: takes the cursor of no other list', async () => {
    const { member, path } = await commenter(api());
    const other = await createTask(member);
    for (const text of ['one', 'two']) await comment(member, path, text);
    const { nextCursor } = (await member.send('get', `${path}?limit=1`)).body;
    const others = [`/tasks/${other.id}/comments?limit=1`, `${path}?limit=1&sort=-createdAt`];
    for (const list of others) {
      const answer = await member.send('get', `${list}&cursor=${nextCursor}`);
      expect(violationsIn(answer)).toEqual(['query.cursor invalid_cursor']);
    }
  });

  test.each<[string, string]>([
    ['limit=101', 'query.limit too_big'],
    ['sort=text', 'query.sort invalid_value'],
    ['ownerId=x', 'query.ownerId unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const { member, path } = await commenter(api());
    expect(violationsIn(await member.send('get', `${path}?${query}`))).toEqual([violation]);
  });

  test('404: shows nobody else’s', async () => {
    const { member, path } = await commenter(api());
    await comment(member, path);
    expectProblem(await (await signUp(api())).send('get', path), 404, 'not_found');
  });
});

describe('GET /tasks/:id/comments/:commentId', () => {
  test('304: where If-None-Match names the version', async () => {
    const { member, path } = await commenter(api());
    const { id } = await comment(member, path);
    const read = (tag: string) =>
      send(api(), member.accessToken, 'get', `${path}/${id}`).set('If-None-Match', tag);
    expect((await read('"1"')).status).toBe(304);
    expect((await read('"2"')).status).toBe(200);
  });
});
