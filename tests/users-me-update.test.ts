import { describe, expect, test } from '@jest/globals';
import type { Response } from 'supertest';
import { expectProblem, expectUnauthorized, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { converse } from './support/wire.ts';

const api = useApi();

const etagOf = ({ headers }: Response) => String(headers['etag']);

async function currentEtag(member: Member): Promise<string> {
  return etagOf(await member.send('get', '/users/me'));
}

const patchWith = (member: Member, header: string, value: string) =>
  send(api(), member.accessToken, 'patch', '/users/me').set(header, value);

/** The statuses of requests that go out in one piece, so that none waits for the one before. */
async function renameAtOnce(member: Member, etag: string, names: string[]): Promise<number[]> {
  const requests = names.map((name, index) => {
    const body = JSON.stringify({ name });
    const isLast = index === names.length - 1;
    const lines = [
      'PATCH /api/v1/users/me HTTP/1.1',
      'Host: localhost',
      `Authorization: Bearer ${member.accessToken}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      `If-Match: ${etag}`,
      `Connection: ${isLast ? 'close' : 'keep-alive'}`,
    ];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
  });
  const received = await converse(api().origin, requests.join(''));
  return [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

/** Fails unless the account is as it was at its registration. */
async function expectUnchanged(member: Member): Promise<void> {
  expect((await member.send('get', '/users/me')).body).toEqual(member.user);
}

describe('PATCH /users/me', () => {
  describe('200', () => {
    test('changes what is given and leaves what is not', async () => {
      const member = await signUp(api());
      const renamed = await member.send('patch', '/users/me', { name: ' Ada L. ' });
      expect(renamed.status).toBe(200);
      expect(renamed.headers['cache-control']).toBe('private, no-cache');
      expect(renamed.body).toEqual({
        ...member.user,
        name: 'Ada L.',
        updatedAt: renamed.body.updatedAt,
      });
      const moved = await member.send('patch', '/users/me', { timeZone: 'Asia/Tokyo' });
      expect(moved.body).toMatchObject({ name: 'Ada L.', timeZone: 'Asia/Tokyo' });
      const read = await member.send('get', '/users/me');
      expect(read.body).toEqual(moved.body);
      expect(etagOf(read)).toBe(etagOf(moved));
    });

    test('makes another version', async () => {
      const member = await signUp(api());
      const before = await currentEtag(member);
      const { headers, body } = await member.send('patch', '/users/me', { name: 'Grace' });
      expect(headers['etag']).not.toBe(before);
      expect(body.updatedAt >= member.user.updatedAt).toBe(true);
      expect(body.createdAt).toBe(member.user.createdAt);
    });

    test('makes no other version where nothing changes', async () => {
      const member = await signUp(api());
      const before = await member.send('get', '/users/me');
      for (const patch of [{}, { name: 'Ada' }, { timeZone: 'UTC' }, { timeZone: null }]) {
        const answer = await member.send('patch', '/users/me', patch);
        expect(answer.body).toEqual(before.body);
        expect(etagOf(answer)).toBe(etagOf(before));
      }
    });

    test('takes JSON Merge Patch under its own media type', async () => {
      const member = await signUp(api());
      const answer = await patchWith(member, 'Content-Type', 'application/merge-patch+json').send(
        JSON.stringify({ name: 'Grace' }),
      );
      expect(answer.body.name).toBe('Grace');
    });

    test('clears the time zone with null, which makes it UTC', async () => {
      const member = await signUp(api());
      await member.send('patch', '/users/me', { timeZone: 'Europe/Paris' });
      const { body } = await member.send('patch', '/users/me', { timeZone: null });
      expect(body).toMatchObject({ timeZone: 'UTC', name: 'Ada' });
    });

    test.each(['Europe/Paris', 'Asia/Kolkata', 'America/Argentina/Ushuaia', 'Etc/GMT+5', 'UTC'])(
      'gives the time zone %s back as it came',
      async (timeZone) => {
        const member = await signUp(api());
        const { body } = await member.send('patch', '/users/me', { timeZone });
        expect(body.timeZone).toBe(timeZone);
      },
    );

    test('obeys If-Match with this version', async () => {
      const member = await signUp(api());
      const etag = await currentEtag(member);
      const answer = await patchWith(member, 'If-Match', etag).send({ name: 'Grace' });
      expect(answer.body.name).toBe('Grace');
    });

    test('loses none of many changes to different members at once', async () => {
      const member = await signUp(api());
      await Promise.all(
        [{ name: 'Grace' }, { timeZone: 'Asia/Tokyo' }].flatMap((patch) =>
          Array.from({ length: 6 }, () => member.send('patch', '/users/me', patch)),
        ),
      );
      const { body } = await member.send('get', '/users/me');
      expect(body).toMatchObject({ name: 'Grace', timeZone: 'Asia/Tokyo' });
    });
  });

  test('400: refuses a body that is no object, or no JSON', async () => {
    const member = await signUp(api());
    for (const body of ['null', '"Eve"', '{"name":"Eve"', "{'name':'Eve'}", '']) {
      const answer = await patchWith(member, 'Content-Type', 'application/json').send(body);
      expectProblem(answer, 400, 'malformed_request');
    }
    await expectUnchanged(member);
  });

  test('401: asks for a token', async () => {
    const anonymous = await send(api(), undefined, 'patch', '/users/me').send({ name: 'Eve' });
    expectUnauthorized(anonymous, 'unauthenticated');
  });

  describe('412', () => {
    test('changes nothing where the preconditions do not allow this version', async () => {
      const member = await signUp(api());
      const etag = await currentEtag(member);
      for (const [header, value] of [
        ['If-Match', '"another"'],
        ['If-Match', `W/${etag}`],
        ['If-None-Match', etag],
        ['If-None-Match', '*'],
      ] as const) {
        const answer = await patchWith(member, header, value).send({ name: 'Grace' });
        expectProblem(answer, 412, 'precondition_failed');
        expect(etagOf(answer)).toBe(etag);
      }
      await expectUnchanged(member);
    });

    test('lets one of many changes of the same version win', async () => {
      const member = await signUp(api());
      const names = Array.from({ length: 16 }, (_, index) => `Ada ${index}`);
      const statuses = await renameAtOnce(member, await currentEtag(member), names);
      expect(statuses.toSorted()).toEqual([200, ...Array<number>(15).fill(412)]);
      const { body } = await member.send('get', '/users/me');
      expect(body.name).toBe(names[statuses.indexOf(200)]);
    });
  });

  test('415: refuses other media types', async () => {
    const member = await signUp(api());
    for (const type of [
      'application/json-patch+json',
      'text/plain',
      'application/json;charset=x',
    ]) {
      const answer = await patchWith(member, 'Content-Type', type).send('{"name":"Eve"}');
      expectProblem(answer, 415, 'unsupported_media_type');
    }
  });

  describe('422', () => {
    test('lists every violation, and changes nothing', async () => {
      const member = await signUp(api());
      const answer = await member.send('patch', '/users/me', {
        name: null,
        timeZone: 'Mars/Olympus',
        email: 'eve@example.com',
        id: '68f1c2a79d3e4b5a6c7d8e90',
        emailVerified: true,
        passwordHash: 'x',
        version: 9,
      });
      expect(violationsIn(answer)).toEqual([
        'body.email unrecognized_key',
        'body.emailVerified unrecognized_key',
        'body.id unrecognized_key',
        'body.name invalid_type',
        'body.passwordHash unrecognized_key',
        'body.timeZone custom',
        'body.version unrecognized_key',
      ]);
      await expectUnchanged(member);
    });

    test.each<[string, unknown, string]>([
      ['with an offset', '+01:00', 'custom'],
      ['of a city alone', 'Paris', 'custom'],
      ['that is empty', '', 'custom'],
      ['with white space around it', ' UTC', 'custom'],
      ['with a NUL character', 'UTC\0', 'custom'],
      ['that climbs directories', '../../etc/localtime', 'custom'],
      ['that is a number', 60, 'invalid_type'],
      ['that is a list', ['UTC'], 'invalid_type'],
    ])('refuses a time zone %s', async (_, timeZone, code) => {
      const member = await signUp(api());
      const answer = await member.send('patch', '/users/me', { timeZone });
      expect(violationsIn(answer)).toEqual([`body.timeZone ${code}`]);
    });

    test.each<[string, unknown, string]>([
      ['of white space', ' \t', 'too_small'],
      ['of 101 characters', 'a'.repeat(101), 'too_big'],
      ['with a lone surrogate', '\ud800', 'custom'],
      ['that is null, as there is no account without one', null, 'invalid_type'],
      ['that is an object, as a merge of deeper members', { first: 'Ada' }, 'invalid_type'],
    ])('refuses a name %s', async (_, name, code) => {
      const member = await signUp(api());
      const answer = await member.send('patch', '/users/me', { name });
      expect(violationsIn(answer)).toEqual([`body.name ${code}`]);
    });

    test.each(['__proto__', 'constructor', '$set', 'name.first'])(
      'refuses the unknown member %s',
      async (name) => {
        const member = await signUp(api());
        const answer = await patchWith(member, 'Content-Type', 'application/json').send(
          `{"${name}":{"name":"Eve"}}`,
        );
        expect(violationsIn(answer)).toEqual([`body.${name} unrecognized_key`]);
        await expectUnchanged(member);
      },
    );

    test('refuses a JSON Patch, which is a list', async () => {
      const member = await signUp(api());
      const answer = await member.send('patch', '/users/me', [
        { op: 'replace', path: '/name', value: 'Eve' },
      ]);
      expect(violationsIn(answer)).toEqual(['body invalid_type']);
    });
  });
});
