import { beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { useApi } from './support/api.ts';
import { basePath, createTask, type Member, signUp } from './support/factories.ts';
import type { Document } from './support/openapi-document.ts';
import { expectProblem } from './support/problems.ts';
import { exchange } from './support/wire.ts';

const api = useApi();

let document: Document;
let member: Member;
let validator: Ajv2020;
beforeAll(async () => {
  document = (await exchange(`${api().origin}/openapi.json`)).body as unknown as Document;
  member = await signUp(api());
  validator = new Ajv2020({ strict: false });
  formats.default(validator);
  validator.addSchema(document, 'document');
});

/** Whether the document allows a value; a pointer leads to its schema. */
function allows(pointer: string[], value: unknown): boolean {
  const names = pointer.map((name) => name.replaceAll('~', '~0').replaceAll('/', '~1'));
  const $ref = `document#/${names.map(encodeURIComponent).join('/')}`;
  return validator.validate({ $ref }, value);
}

function bodySchema(method: string, path: string): string[] {
  const media = ['requestBody', 'content', 'application/json', 'schema'];
  return ['paths', basePath + path, method, ...media];
}

function parameterSchema(method: string, path: string, name: string): string[] {
  const { parameters = [] } = document.paths[basePath + path]?.[method] ?? {};
  const place = parameters.findIndex((one) => one.name === name);
  return ['paths', basePath + path, method, 'parameters', String(place), 'schema'];
}

const refused = new Set([400, 422]);
const someId = '68f1c2a79d3e4b5a6c7d8e9f';
const update = { op: 'update', changes: { status: 'done' } };
const local = (length: number) => 'a'.repeat(length);

describe('The document refuses the bodies that the API refuses', () => {
  test.each<[string, string, object]>([
    ['a move to two places', '/tasks/{id}/move', { before: someId, position: 'first' }],
    ['a move between two tasks', '/tasks/{id}/move', { before: someId, after: someId }],
    ['a move to nowhere', '/tasks/{id}/move', {}],
    ['a subtask with a project', '/tasks/{id}/move', { parentId: someId, projectId: someId }],
    ['a subtask with a section', '/tasks/{id}/move', { parentId: someId, sectionId: null }],
    ['a reminder without a moment', '/tasks/{id}/reminders', {}],
    ['a reminder at nothing', '/tasks/{id}/reminders', { at: null }],
    [
      'a reminder at two moments',
      '/tasks/{id}/reminders',
      { at: '2026-12-01T08:00:00Z', before: 'PT5M' },
    ],
    ['a reminder before 1900', '/tasks/{id}/reminders', { at: '1899-12-01T08:00:00Z' }],
    ['an operation on nothing', '/tasks/batch', { operations: [update] }],
    [
      'an operation on a task and a filter',
      '/tasks/batch',
      { operations: [{ ...update, id: someId, filter: 'today' }] },
    ],
    [
      'an operation on versions of many',
      '/tasks/batch',
      { operations: [{ ...update, filter: 'today', version: 1 }] },
    ],
    ['a recurrence that never begins', '/tasks', { title: 'x', recurrence: 'FREQ=DAILY' }],
    ['a due date before 1900', '/tasks', { title: 'x', dueDate: '1899-12-31' }],
    ['a due date after 9998', '/tasks', { title: 'x', dueDate: '9999-01-01' }],
    ['a local time that no clock shows', '/tasks', { title: 'x', dueDate: '2026-12-01T24:00' }],
    ['a NUL in a title', '/tasks', { title: 'x\0y' }],
    ['a NUL in a label', '/tasks', { title: 'x', labels: ['x\0y'] }],
    ['a NUL in a description', '/tasks', { title: 'x', description: '\0' }],
    ['a local part of 65 characters', '/auth/forgot-password', { email: `${local(65)}@a.example` }],
    [
      'a domain label of 64 characters',
      '/auth/forgot-password',
      { email: `a@${local(64)}.example` },
    ],
    ['a domain label that ends with -', '/auth/forgot-password', { email: 'a@b-.example' }],
  ])('%s', async (_, path, body) => {
    expect(allows(bodySchema('post', path), body)).toBe(false);
    const { id } = await createTask(member);
    const answer = await member.send('post', path.replace('{id}', id), body);
    expectProblem(answer, 422, 'validation_failed');
  });
});

describe('The document allows the bodies that the API takes', () => {
  test.each<[string, string, object]>([
    ['a move to one place', '/tasks/{id}/move', { position: 'first' }],
    ['a move to the top level of its project', '/tasks/{id}/move', { parentId: null }],
    ['a reminder with a null', '/tasks/{id}/reminders', { at: null, before: 'PT5M' }],
    ['an operation on many', '/tasks/batch', { operations: [{ ...update, filter: 'today' }] }],
    ['a due date at a local time', '/tasks', { title: 'x', dueDate: '2026-12-01T09:30:00' }],
    ['a due date without seconds', '/tasks', { title: 'x', dueDate: '2026-12-01T09:30' }],
    ['a due date with an offset', '/tasks', { title: 'x', dueDate: '2026-12-01T09:30:00+01:00' }],
    [
      'a recurrence with its beginning',
      '/tasks',
      { title: 'x', recurrence: 'FREQ=DAILY', dueDate: '2026-12-01' },
    ],
    ['a local part of 64 characters', '/auth/forgot-password', { email: `${local(64)}@a.example` }],
  ])('%s', async (_, path, body) => {
    expect(allows(bodySchema('post', path), body)).toBe(true);
    const { id } = await createTask(member);
    const answer = await member.send('post', path.replace('{id}', id), body);
    expect([200, 201, 204]).toContain(answer.status);
  });
});

describe('The document and the API agree on parameters', () => {
  test.each<[string, string, string, boolean]>([
    ['/tasks', 'cursor', 'no cursor', false],
    ['/tasks', 'cursor', '', false],
    ['/tasks', 'dueBefore', '0802-10-19', false],
    ['/tasks', 'dueBefore', '1900-01-01', true],
    ['/statistics/completions', 'from', '0802-10-19', false],
    ['/statistics/completions', 'to', '9999-12-31', false],
    ['/statistics/completions', 'to', '2026-12-31', true],
  ])('%s?%s=%s: %s', async (path, name, value, allowed) => {
    expect(allows(parameterSchema('get', path, name), value)).toBe(allowed);
    const query = new URLSearchParams({ [name]: value });
    const { status } = await member.send('get', `${path}?${query.toString()}`);
    expect(refused.has(status)).toBe(!allowed);
  });

  test.each(['a/b', String.raw`a\b`, 'a\x7fb', 'a\x85b', 'a\nb'])(
    'a file cannot be named %j',
    async (name) => {
      const path = '/tasks/{id}/attachments';
      expect(allows(parameterSchema('post', path, 'name'), name)).toBe(false);
      const { id } = await createTask(member);
      const query = new URLSearchParams({ name });
      const answer = await member.send('post', `${path.replace('{id}', id)}?${query.toString()}`);
      expectProblem(answer, 422, 'validation_failed');
    },
  );

  test.each<[string, boolean]>([
    ['0', false],
    ['"1', false],
    ['"1" "2"', false],
    ['W/', false],
    ['"1"', true],
    ['*', true],
    ['W/"1", "2"', true],
    ['"1" ,', true],
  ])('If-Match: %s: %s', async (value, allowed) => {
    expect(allows(parameterSchema('get', '/users/me', 'If-Match'), value)).toBe(allowed);
    const headers = { Authorization: `Bearer ${member.accessToken}`, 'If-Match': value };
    const { status } = await exchange(`${api().origin}${basePath}/users/me`, { headers });
    expect(refused.has(status)).toBe(!allowed);
  });

  test.each<[string, boolean]>([
    ['a b', false],
    ['a,b', false],
    ['""', false],
    ['x'.repeat(256), false],
    ['x'.repeat(255), true],
    [`"${String.raw`\"`.repeat(255)}"`, true],
  ])('Idempotency-Key: %s: %s', async (value, allowed) => {
    const schema = parameterSchema('post', '/tasks', 'Idempotency-Key');
    expect(allows(schema, value)).toBe(allowed);
    const headers = {
      Authorization: `Bearer ${member.accessToken}`,
      'Content-Type': 'application/json',
      'Idempotency-Key': value,
    };
    const address = `${api().origin}${basePath}/tasks`;
    const { status } = await exchange(address, { method: 'POST', headers }, '{"title":"x"}');
    expect(status).toBe(allowed ? 201 : 400);
  });
});

test('404: a list by a saved filter that is not there says so, as the document does', async () => {
  const answer = await member.send('get', `/tasks?savedFilter=${someId}`);
  expectProblem(answer, 404, 'not_found');
  expect(document.paths[`${basePath}/tasks`]?.['get']?.responses['404']).toBeDefined();
});
