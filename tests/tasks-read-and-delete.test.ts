import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { createTask, send, signUp } from './support/factories.ts';

const api = useApi();

describe('GET /tasks/:id', () => {
  describe('200', () => {
    test('answers the task with its version as a strong ETag', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await member.send('get', `/tasks/${task.id}`);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(task);
      expect(answer.headers['etag']).toBe('"1"');
    });

    test('answers HEAD like GET, without the body', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await api()
        .request.head(`/api/v1/tasks/${task.id}`)
        .set('Authorization', `Bearer ${member.accessToken}`);
      expect(answer.status).toBe(200);
      expect(answer.headers['etag']).toBe('"1"');
      expect(Number(answer.headers['content-length'])).toBe(JSON.stringify(task).length);
    });
  });

  describe('304', () => {
    test.each(['"1"', '"7", "1"', '*'])(
      'answers If-None-Match: %s without a body',
      async (tags) => {
        const member = await signUp(api());
        const task = await createTask(member);
        const answer = await send(api(), member.accessToken, 'get', `/tasks/${task.id}`).set(
          'If-None-Match',
          tags,
        );
        expect(answer.status).toBe(304);
        expect(answer.text).toBe('');
        expect(answer.headers).toMatchObject({ etag: '"1"', 'cache-control': 'private, no-cache' });
      },
    );

    test.each(['"2"', 'W/"1"'])('answers If-None-Match: %s in full', async (tags) => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await send(api(), member.accessToken, 'get', `/tasks/${task.id}`).set(
        'If-None-Match',
        tags,
      );
      expect(answer.status).toBe(200);
    });
  });

  describe('400', () => {
    test.each(['1', '"1', 'W/1', '"1" "2"'])('refuses If-None-Match: %s', async (tags) => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await send(api(), member.accessToken, 'get', `/tasks/${task.id}`).set(
        'If-None-Match',
        tags,
      );
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe('malformed_request');
    });
  });

  describe('404', () => {
    test('hides whether a task is absent, deleted, foreign or was never one', async () => {
      const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
      const deleted = await createTask(member);
      await member.send('delete', `/tasks/${deleted.id}`);
      const foreign = await createTask(stranger);
      for (const id of ['6b0345de8c6e26d1282ba682', deleted.id, foreign.id, 'never', '%00']) {
        const { status, body } = await member.send('get', `/tasks/${id}`);
        expect({ status, body }).toEqual({
          status: 404,
          body: {
            type: '/problems/not-found',
            title: 'Nothing is here',
            status: 404,
            detail: expect.any(String),
            instance: `/api/v1/tasks/${id}`,
            code: 'not_found',
            requestId: expect.any(String),
          },
        });
      }
    });
  });

  describe('412', () => {
    test('answers only the version that If-Match names', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const path = `/tasks/${task.id}`;
      const missed = await send(api(), member.accessToken, 'get', path).set('If-Match', '"2"');
      expect(missed.status).toBe(412);
      expect(missed.headers['etag']).toBe('"1"');
      const met = await send(api(), member.accessToken, 'get', path).set('If-Match', '"1"');
      expect(met.status).toBe(200);
    });
  });
});

describe('DELETE /tasks/:id', () => {
  describe('204', () => {
    test('deletes the task', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await member.send('delete', `/tasks/${task.id}`);
      expect(answer.status).toBe(204);
      expect(answer.text).toBe('');
      expect((await member.send('get', `/tasks/${task.id}`)).status).toBe(404);
      expect((await member.send('get', '/tasks')).body.data).toEqual([]);
    });

    test('deletes the version that If-Match names', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answer = await send(api(), member.accessToken, 'delete', `/tasks/${task.id}`).set(
        'If-Match',
        '"1"',
      );
      expect(answer.status).toBe(204);
    });

    test('lets one of two at once succeed', async () => {
      const member = await signUp(api());
      const task = await createTask(member);
      const answers = await Promise.all(
        [1, 2].map(() => member.send('delete', `/tasks/${task.id}`)),
      );
      expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404]);
    });
  });

  describe('404', () => {
    test('leaves the task of somebody else alone', async () => {
      const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
      const task = await createTask(stranger);
      expect((await member.send('delete', `/tasks/${task.id}`)).status).toBe(404);
      expect((await stranger.send('get', `/tasks/${task.id}`)).body).toEqual(task);
    });
  });

  describe('412', () => {
    test.each([
      ['If-Match', '"2"'],
      ['If-Match', 'W/"1"'],
      ['If-None-Match', '"1"'],
      ['If-None-Match', '*'],
    ])('keeps the task when %s: %s does not hold', async (header, tags) => {
      const member = await signUp(api());
      const task = await createTask(member);
      const path = `/tasks/${task.id}`;
      const answer = await send(api(), member.accessToken, 'delete', path).set(header, tags);
      expect(answer.status).toBe(412);
      expect(answer.headers['etag']).toBe('"1"');
      expect((await member.send('get', path)).status).toBe(200);
    });
  });
});
