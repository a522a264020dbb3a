import { describe, expect, test } from '@jest/globals';
import { expectProblem, expectUnauthorized, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { type Member, send, signUp } from './support/factories.ts';

const api = useApi();

async function currentEtag(member: Member): Promise<string> {
  const { headers } = await member.send('get', '/users/me');
  return String(headers['etag']);
}

const readWith = (member: Member, header: string, value: string) =>
  send(api(), member.accessToken, 'get', '/users/me').set(header, value);

describe('GET /users/me', () => {
  describe('200', () => {
    test('answers the account of the caller', async () => {
      const member = await signUp(api(), { name: 'Ada' });
      await signUp(api(), { name: 'Eve' });
      const answer = await member.send('get', '/users/me');
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual(member.user);
      expect(Object.keys(answer.body as object)).toEqual([
        'id',
        'email',
        'name',
        'timeZone',
        'emailVerified',
        'createdAt',
        'updatedAt',
      ]);
    });

    test('may be kept by its reader only, who asks again each time', async () => {
      const answer = await (await signUp(api())).send('get', '/users/me');
      expect(answer.headers).toMatchObject({
        'cache-control': 'private, no-cache',
        etag: expect.stringMatching(/^"[^"]+"$/),
        vary: expect.stringContaining('Authorization'),
      });
    });

    test('comes whole where If-None-Match names another version, or a weak one', async () => {
      const member = await signUp(api());
      const stranger = await signUp(api());
      const etag = await currentEtag(member);
      for (const other of ['"another"', `W/${etag}`, await currentEtag(stranger)]) {
        const answer = await readWith(member, 'If-None-Match', other);
        expect(answer.status).toBe(200);
        expect(answer.body).toEqual(member.user);
      }
    });

    test('comes where If-Match names this version', async () => {
      const member = await signUp(api());
      for (const value of [await currentEtag(member), '*']) {
        expect((await readWith(member, 'If-Match', value)).status).toBe(200);
      }
    });

    test('answers HEAD with the same headers and no body', async () => {
      const member = await signUp(api());
      const get = await member.send('get', '/users/me');
      const head = await api()
        .request.head('/api/v1/users/me')
        .set('Authorization', `Bearer ${member.accessToken}`);
      expect(head.status).toBe(200);
      expect(head.text).toBeUndefined();
      for (const name of ['etag', 'cache-control', 'content-type', 'content-length']) {
        expect(head.headers[name]).toBe(get.headers[name]);
      }
    });
  });

  test('304: has no body where If-None-Match names this version', async () => {
    const member = await signUp(api());
    const etag = await currentEtag(member);
    for (const value of [etag, `"another", ${etag}`, `W/"x",${etag}`, '*']) {
      const answer = await readWith(member, 'If-None-Match', value);
      expect(answer.status).toBe(304);
      expect(answer.text).toBe('');
      expect(answer.headers).toMatchObject({ etag, 'cache-control': 'private, no-cache' });
    }
  });

  test('400: refuses conditions that are no ETags', async () => {
    const member = await signUp(api());
    for (const value of ['1', '"open', 'W/1', '*, "x"', '']) {
      for (const header of ['If-Match', 'If-None-Match']) {
        expectProblem(await readWith(member, header, value), 400, 'malformed_request');
      }
    }
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api(), undefined, 'get', '/users/me'), 'unauthenticated');
    expectUnauthorized(await send(api(), 'x', 'get', '/users/me'), 'invalid_token');
  });

  test('405: names the methods that there are', async () => {
    const answer = await (await signUp(api())).send('post', '/users/me', {});
    expectProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers['allow']).toBe('GET, HEAD, PATCH, DELETE, OPTIONS');
  });

  test('412: tells the current version where If-Match names another one', async () => {
    const member = await signUp(api());
    const etag = await currentEtag(member);
    for (const value of ['"another"', `W/${etag}`]) {
      const answer = await readWith(member, 'If-Match', value);
      expectProblem(answer, 412, 'precondition_failed');
      expect(answer.headers['etag']).toBe(etag);
    }
  });

  test('422: takes no query parameters', async () => {
    const answer = await (await signUp(api())).send('get', '/users/me?fields=email');
    expect(violationsIn(answer)).toEqual(['query.fields unrecognized_key']);
  });
});
