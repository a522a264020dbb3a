import { describe, expect, test } from '@jest/globals';
import { useApi } from './support/api.ts';
import { expectProblem } from './support/problems.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

const get = (path: string, headers = {}) => exchange(api().origin + path, { headers });

function addressesIn(html: string): string[] {
  return [...html.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address = '']) => address);
}

describe('GET /docs', () => {
  test('is a page', async () => {
    const { status, headers, text } = await get('/docs');
    expect(status).toBe(200);
    expect(headers['content-type']).toBe('text/html; charset=utf-8');
    expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(text).toContain('<title>Task Manager API</title>');
  });

  test('needs nothing that this server does not serve', async () => {
    const addresses = addressesIn((await get('/docs')).text);
    expect(addresses.length).toBeGreaterThanOrEqual(4);
    for (const address of addresses) {
      expect(address).toMatch(/^\/[^/]/);
      expect(await get(address)).toMatchObject({ status: 200 });
    }
  });

  test('has neither inline scripts nor inline styles, which its policy forbids', async () => {
    const { text } = await get('/docs');
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|javascript:/i);
    expect(text.match(/<script[^>]*>/g)).toEqual(text.match(/<script src="[^"]+">/g));
  });

  test('shows the document of this server', async () => {
    const { text } = await get('/docs/start.js');
    const [, address = ''] = /url: '([^']+)'/.exec(text) ?? [];
    expect(await get(address)).toMatchObject({
      status: 200,
      body: { openapi: expect.any(String) },
    });
    expect(text).not.toMatch(/https?:/);
  });

  // With nosniff a browser runs and applies only what carries its own media type.
  test.each([
    ['start.js', 'text/javascript'],
    ['swagger-ui-bundle.js', 'text/javascript'],
    ['swagger-ui.css', 'text/css'],
    ['favicon-32x32.png', 'image/png'],
  ])('/docs/%s is %s', async (asset, type) => {
    expect((await get(`/docs/${asset}`)).headers['content-type']?.split(';')[0]).toBe(type);
  });

  test('an asset that is there already is not sent again', async () => {
    const { headers } = await get('/docs/swagger-ui.css');
    const answer = await get('/docs/swagger-ui.css', { 'If-None-Match': headers.etag });
    expect(answer).toMatchObject({ status: 304, text: '' });
  });

  test('an asset comes whole, whatever range is asked for', async () => {
    const answer = await get('/docs/favicon-32x32.png', { Range: 'bytes=99999999-' });
    expect(answer.status).toBe(200);
  });

  test.each([
    'package.json',
    'swagger-ui-bundle.js.map',
    'index.html',
    'oauth2-redirect.html',
    '.',
  ])('/docs/%s is not served', async (asset) => {
    expectProblem(await get(`/docs/${asset}`), 404, 'not_found');
  });
});

describe('GET /problems/:code', () => {
  test('needs nothing that this server does not serve', async () => {
    for (const address of addressesIn((await get('/problems/validation-failed')).text)) {
      expect(await get(address)).toMatchObject({ status: 200 });
    }
  });

  test('has the one style that its policy allows', async () => {
    const { headers, text } = await get('/problems/validation-failed');
    const [, style = ''] = /<style>([^]*)<\/style>/.exec(text) ?? [];
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
    const policy = headers['content-security-policy'];
    expect(policy).toContain(`style-src 'sha256-${Buffer.from(digest).toString('base64')}'`);
  });
});
