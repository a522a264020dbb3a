import { createContext, runInContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { startInstance } from './support/api.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { linkIn, untilMailsAreSent, useMailedApi } from './support/mail-server.ts';
import { exchange } from './support/wire.ts';

const { api, database, mailServer } = useMailedApi();

async function mailedToken({ user }: Member): Promise<string> {
  return linkIn(await mailServer().take(user.email, /Verify your e-mail address/)).token;
}

async function isVerified(member: Member): Promise<boolean> {
  const { body } = await member.send('get', '/users/me');
  return body.emailVerified;
}

const pages = ['/verify-email', '/reset-password'];
const get = (path: string) => exchange(api().origin + path);

test.each(pages)('%s needs nothing but this server', async (path) => {
  const { status, headers, text } = await get(path);
  expect(status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'referrer-policy': 'no-referrer',
  });
  const policy = headers['content-security-policy'];
  expect(policy).toMatch(/default-src 'none'.*connect-src 'self'.*script-src 'self';/);
  const [, style = ''] = /<style>([^]*)<\/style>/.exec(text) ?? [];
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
  expect(policy).toContain(`style-src 'sha256-${Buffer.from(digest).toString('base64')}'`);
  expect(text).not.toMatch(/\sstyle=|\son\w+=|<script>/);
  for (const [, address = ''] of text.matchAll(/(?:src|href)="([^"]*)"/g)) {
    expect(await get(address)).toMatchObject({ status: 200 });
  }
});

test('a password manager is told that the password is a new one', async () => {
  expect((await get('/reset-password')).text).toContain('autocomplete="new-password"');
});

test('opening one uses nothing up', async () => {
  const member = await signUp(api());
  const token = await mailedToken(member);
  await get(`/verify-email?token=${token}`);
  const verify = send(api(), undefined, 'post', '/auth/verify-email').send({ token });
  expect((await verify).status).toBe(204);
});

/** Runs the page's script in as much of a browser as it uses. */
async function openPage(path: string, hash: string, fields: [string, string][]) {
  const { text } = await get(path);
  const [, endpoint, done] = /data-endpoint="([^"]*)"\s+data-done="([^"]*)"/.exec(text) ?? [];
  const listeners: ((event: object) => Promise<void>)[] = [];
  const status = { textContent: '' };
  const form = {
    dataset: { endpoint, done },
    hidden: false,
    querySelector: () => ({ disabled: false }),
    addEventListener: (_type: string, listener: (event: object) => Promise<void>) =>
      listeners.push(listener),
  };
  const shown: string[] = [];
  const page = createContext({
    URLSearchParams,
    FormData: function FormData() {
      return fields;
    },
    document: { querySelector: (name: string) => (name === 'form' ? form : status) },
    location: { hash, pathname: path },
    history: { replaceState: (_state: null, _title: string, to: string) => shown.push(to) },
    fetch: (address: string, init: object) => fetch(api().origin + address, init),
  });
  runInContext((await get('/account.js')).text, page);
  const press = async () => {
    for (const listener of listeners) await listener({ preventDefault: () => undefined });
  };
  return { form, press, shown, status };
}

test('the button verifies the address, and the token leaves the address bar', async () => {
  const member = await signUp(api());
  const token = await mailedToken(member);
  const page = await openPage('/verify-email', `#token=${token}`, []);
  expect(page.shown).toEqual(['/verify-email']);
  expect(await isVerified(member)).toBe(false);
  await page.press();
  expect(page.status.textContent).toBe('Your e-mail address is verified. You can close this page.');
  expect(page.form.hidden).toBe(true);
  expect(await isVerified(member)).toBe(true);
});

test('the form says why a password is refused, and takes a better one', async () => {
  const { user } = await signUp(api());
  await send(api(), undefined, 'post', '/auth/forgot-password').send({ email: user.email });
  const { token } = linkIn(await mailServer().take(user.email, /Reset/));
  const weak = await openPage('/reset-password', `#token=${token}`, [['newPassword', 'password']]);
  await weak.press();
  expect(weak.status.textContent).toMatch(/^The request does not match.*newPassword: must/);
  const fields: [string, string][] = [['newPassword', 'staple battery horse']];
  const strong = await openPage('/reset-password', `#token=${token}`, fields);
  await strong.press();
  expect(strong.status.textContent).toMatch(/^Your password is set/);
});

test('a link without its token says so, and offers no button', async () => {
  const { form, status } = await openPage('/verify-email', '', []);
  expect(status.textContent).toMatch(/^This link is not complete/);
  expect(form.hidden).toBe(true);
});

test('are left to the frontend where there is one', async () => {
  const settings = { APP_URL: 'https://app.example.com/', SMTP_URL: mailServer().url };
  const other = await startInstance(database(), settings);
  for (const path of [...pages, '/account.js']) {
    expect((await exchange(other.origin + path)).status).toBe(404);
  }
  await untilMailsAreSent();
  await api().dependencies.jobs.stop();
  await other.dependencies.jobs.start();
  const { user } = await signUp(other);
  const { link } = linkIn(await mailServer().take(user.email));
  expect(link).toMatch(/^https:\/\/app\.example\.com\/verify-email#token=/);
  await other.dependencies.jobs.stop();
  await other.close();
  await api().dependencies.jobs.start();
});
