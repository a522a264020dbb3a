import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { expectProblem } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { attach, bytesIn, download, owner } from './support/attachments.ts';
import { basePath, send } from './support/factories.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

describe('GET /tasks/:id/attachments/:attachmentId/content', () => {
  test('200: sends the bytes so that no browser runs them', async () => {
    const { member, path } = await owner(api());
    const page = '<!doctype html><script>alert(1)</script>';
    const { id } = await attach(api(), member, path, page, 'page.html');
    const answer = await download(api(), member, `${path}/${id}/content`, { Accept: 'image/*' });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(page);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/plain; charset=utf-8',
      'content-length': String(page.length),
      'content-disposition': `attachment; filename="page.html"; filename*=UTF-8''page.html`,
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'; sandbox",
      'x-content-type-options': 'nosniff',
      'cache-control': 'private, no-cache',
      'accept-ranges': 'bytes',
      etag: `"${createHash('sha256').update(page).digest('hex')}"`,
    });
  });

  test.each<[string, string, string]>([
    ['Übersicht.pdf', '_bersicht.pdf', '%C3%9Cbersicht.pdf'],
    ['a"b;\'(1)*%41.txt', "a_b;'(1)*_41.txt", 'a%22b%3B%27%281%29%2A%2541.txt'],
    ['\u{1F511}', '_', '%F0%9F%94%91'],
  ])('200: names the file %s', async (name, ascii, encoded) => {
    const { member, path } = await owner(api());
    const { id } = await attach(api(), member, path, 'x', name);
    const answer = await download(api(), member, `${path}/${id}/content`);
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`,
    );
  });

  test('200: a HEAD request tells the same without the bytes', async () => {
    const { member, path } = await owner(api());
    const { id, sha256 } = await attach(api(), member, path, 'Hello');
    const headers = { Authorization: `Bearer ${member.accessToken}`, Range: 'bytes=0-1' };
    const address = `${api().origin}${basePath}${path}/${id}/content`;
    const answer = await exchange(address, { method: 'HEAD', headers });
    expect(answer).toMatchObject({
      status: 200,
      text: '',
      headers: { 'content-length': '5', etag: `"${sha256}"`, 'accept-ranges': 'bytes' },
    });
  });

  /** Longer than a piece in the database, so that parts cross from one to the next. */
  const long = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 7) % 251));

  test.each<[string, number, number]>([
    ['bytes=0-0', 0, 0],
    ['bytes=0-', 0, 599_999],
    ['bytes=261119-261120', 261_119, 261_120],
    ['bytes=100-590000', 100, 590_000],
    ['bytes=599999-', 599_999, 599_999],
    ['bytes=599990-700000', 599_990, 599_999],
    ['bytes=-5', 599_995, 599_999],
    ['bytes=-700000', 0, 599_999],
  ])('206: sends the part %s', async (range, first, last) => {
    const { member, path } = await owner(api());
    const { id } = await attach(api(), member, path, long);
    const answer = await download(api(), member, `${path}/${id}/content`, { Range: range });
    expect(answer.status).toBe(206);
    expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/600000`);
    expect(answer.headers.get('content-length')).toBe(String(last - first + 1));
    expect((await bytesIn(answer)).equals(long.subarray(first, last + 1))).toBe(true);
  });

  test.each(['bytes=0-1,3-4', 'bytes=4-2', 'bytes=-', 'bytes=x-', 'lines=0-1'])(
    '200: sends the whole where the range is %s',
    async (range) => {
      const { member, path } = await owner(api());
      const { id } = await attach(api(), member, path, 'Hello');
      const answer = await download(api(), member, `${path}/${id}/content`, { Range: range });
      expect(answer.status).toBe(200);
      expect(await answer.text()).toBe('Hello');
    },
  );

  test('goes on with a download only where If-Range names the content', async () => {
    const { member, path } = await owner(api());
    const { id, sha256 } = await attach(api(), member, path, 'Hello');
    const ask = (tag: string) =>
      download(api(), member, `${path}/${id}/content`, { Range: 'bytes=3-', 'If-Range': tag });
    const [same, other] = await Promise.all([ask(`"${sha256}"`), ask('"another"')]);
    expect([same.status, await same.text()]).toEqual([206, 'lo']);
    expect([other.status, await other.text()]).toEqual([200, 'Hello']);
  });

  test('304: where If-None-Match names the content', async () => {
    const { member, path } = await owner(api());
    const { id, sha256 } = await attach(api(), member, path);
    const address = `${api().origin}${basePath}${path}/${id}/content`;
    const ask = (tag: string) =>
      exchange(address, {
        headers: { Authorization: `Bearer ${member.accessToken}`, 'If-None-Match': tag },
      });
    expect(await ask(`"${sha256}"`)).toMatchObject({ status: 304, text: '' });
    expect(await ask('"another"')).toMatchObject({ status: 200, text: 'Hello' });
  });

  test('412: where If-Match names another content', async () => {
    const { member, path } = await owner(api());
    const { id, sha256 } = await attach(api(), member, path);
    const request = send(api(), member.accessToken, 'get', `${path}/${id}/content`);
    const answer = await request.set('If-Match', '"another"');
    expectProblem(answer, 412, 'precondition_failed');
    expect(answer.headers['etag']).toBe(`"${sha256}"`);
  });

  test.each(['bytes=5-', 'bytes=5-9', 'bytes=-0'])(
    '416: there is no part %s of five bytes',
    async (range) => {
      const { member, path } = await owner(api());
      const { id } = await attach(api(), member, path, 'Hello');
      const request = send(api(), member.accessToken, 'get', `${path}/${id}/content`);
      const answer = await request.set('Range', range);
      expectProblem(answer, 416, 'range_not_satisfiable');
      expect(answer.headers['content-range']).toBe('bytes */5');
    },
  );
});
