import { describe, expect, test } from '@jest/globals';
import { createClient } from '../src/client.ts';
import { useApi } from './support/api.ts';
import { basePath, signUp } from './support/factories.ts';
import { expectProblem } from './support/problems.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

/** Somebody who creates a task with a key, sent as it is given here. */
async function creating() {
  const member = await signUp(api());
  const create = (key: string | string[]) => {
    const headers = {
      Authorization: `Bearer ${member.accessToken}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': key,
    };
    const body = JSON.stringify({ title: 'Pay rent' });
    return exchange(`${api().origin}${basePath}/tasks`, { method: 'POST', headers }, body);
  };
  return { create, member };
}

describe('The key', () => {
  test.each<[string, string | string[]]>([
    ['empty', ''],
    ['empty in quotes', '""'],
    ['of 256 characters', 'x'.repeat(256)],
    ['of 256 characters in quotes', `"${'x'.repeat(256)}"`],
    ['with a space', 'a b'],
    ['with a tab', 'a\tb'],
    ['with a tab in quotes', '"a\tb"'],
    ['not in ASCII', 'caf\u00e9'],
    ['not in ASCII in quotes', '"caf\u00e9"'],
    ['with one quote', '"abc'],
    ['with a quote at its end', 'abc"'],
    ['with a quote inside', '"a"b"'],
    ['with an escape that is none', String.raw`"a\b"`],
    ['one of a list', 'a,b'],
    ['one of a list in quotes', '"a", "b"'],
    ['given twice', ['a', 'b']],
    ['given twice alike', ['a', 'a']],
    ['given in two halves', ['"a', 'b"']],
  ])('400: cannot be %s', async (_, key) => {
    const { create, member } = await creating();
    const answer = await create(key);
    const { detail } = expectProblem(answer, 400, 'malformed_request');
    expect(detail).toMatch(/^Idempotency-Key: /);
    expect((await member.send('get', '/tasks')).body).toMatchObject({ data: [] });
  });

  test.each<[string, string, string]>([
    ['a UUID', '8e03978e-40d5-43e8-bc93-6894a57f9324', '"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
    ['one character', '!', '"!"'],
    ['255 characters', 'x'.repeat(255), `"${'x'.repeat(255)}"`],
    ['all kinds of signs', "#$%&'*+-.^_`|~:/=;@{}[]<>()?", '"#$%&\'*+-.^_`|~:/=;@{}[]<>()?"'],
    ['a backslash', String.raw`a\b`, String.raw`"a\\b"`],
  ])('may be %s', async (_, bare, quoted) => {
    const { create } = await creating();
    const first = await create(bare);
    expect(first.status).toBe(201);
    expect((await create(quoted)).text).toBe(first.text);
  });

  test('may have spaces, commas and quotes, in quotes', async () => {
    const { create } = await creating();
    const key = String.raw`"a, \"b\""`;
    const first = await create(key);
    expect(first.status).toBe(201);
    expect((await create(key)).text).toBe(first.text);
  });
});

test('The typed client sends a key', async () => {
  const member = await signUp(api());
  const client = createClient({ baseUrl: api().origin, accessToken: () => member.accessToken });
  const idempotencyKey = String.raw`say "hi", \o/`;
  const body = { title: 'By the client' };
  const first = await client.tasks.create({ body, idempotencyKey });
  const second = await client.tasks.create({ body, idempotencyKey }).withResponse();
  expect(second.data).toEqual(first);
  expect(second.response.headers.get('Idempotent-Replayed')).toBe('true');
});
