import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { createClient } from '../src/client.ts';
import { endpoint, type Handler, type Handlers } from '../src/contract/endpoint.ts';
import { typeErrors } from './support/compiler.ts';

// Each line below that is marked so must be an error, and no other may be: the first test compiles
// this very file, as does the type check.
test('the compiler refuses the lines that are marked so, and only them', async () => {
  expect(await typeErrors(['tests/contract-types.test.ts'])).toBe('');
}, 120_000);

const thing = z.object({ id: z.string(), name: z.string() });
const answer = { id: '1', name: 'Lamp' };
const params = z.strictObject({ id: z.string() });
const query = z.strictObject({ name: z.string().optional() });
const body = z.strictObject({ name: z.string() });

const shared = { access: 'user', summary: 'A thing', errors: [] } as const;
const reading = { ...shared, method: 'get', status: 200, answer: thing } as const;
const creating = { ...shared, method: 'post', body, answer: thing } as const;

const contract = {
  list: endpoint({ ...reading, path: '/things', query, example: { query: {}, answer } }),
  read: endpoint({ ...reading, path: '/things/:id', params, example: { answer } }),
  create: endpoint({
    ...creating,
    path: '/things',
    access: 'public',
    status: 201,
    location: '/things/:id',
    versioned: true,
    example: { body: { name: 'Lamp' }, answer },
  }),
  remove: endpoint({
    ...shared,
    method: 'delete',
    path: '/things/:id',
    params,
    status: 204,
    preconditions: true,
    example: {},
  }),
};

describe('a declaration is refused', () => {
  test('without the schema of a path parameter', () => {
    // @ts-expect-error
    endpoint({ ...reading, path: '/things/:id', example: { answer } });
  });

  test('with the schema of a parameter that its path does not have', () => {
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', params, example: { answer } });
    const more = z.strictObject({ id: z.string(), other: z.string() });
    // @ts-expect-error
    endpoint({ ...reading, path: '/things/:id', params: more, example: { answer } });
  });

  test('with an answer to 204, or without one to 200', () => {
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', status: 204, example: { answer } });
    const { answer: _none, ...silent } = reading;
    // @ts-expect-error
    endpoint({ ...silent, path: '/things', example: {} });
  });

  test('with a version but no answer that could have it', () => {
    const removing = { ...shared, method: 'delete', path: '/things', status: 204 } as const;
    // @ts-expect-error
    endpoint({ ...removing, versioned: true, example: {} });
  });

  test('with an error code that the list does not have', () => {
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', errors: ['out_of_lamps'], example: { answer } });
  });

  test('with 201 but no location, or one that the answer cannot fill in', () => {
    const example = { body: { name: 'Lamp' }, answer };
    // @ts-expect-error
    endpoint({ ...creating, path: '/things', status: 201, example });
    // @ts-expect-error
    endpoint({ ...creating, path: '/things', status: 201, location: '/things/:key', example });
    // @ts-expect-error
    endpoint({ ...creating, path: '/things', status: 200, location: '/things/:id', example });
  });

  test('with a body in a GET', () => {
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', body, example: { body: { name: 'Lamp' }, answer } });
  });

  test('with a file beside JSON, in either direction', () => {
    const post = { ...shared, method: 'post', path: '/things', status: 204, example: {} } as const;
    endpoint({ ...post, upload: true });
    // @ts-expect-error
    endpoint({ ...post, upload: true, body, example: { body: { name: 'Lamp' } } });
    // @ts-expect-error
    endpoint({ ...post, method: 'put', upload: true });
    const get = { ...shared, method: 'get', path: '/things', status: 200, example: {} } as const;
    endpoint({ ...get, download: true });
    // @ts-expect-error
    endpoint({ ...get, download: true, answer: thing, example: { answer } });
    // @ts-expect-error
    endpoint({ ...get, download: true, versioned: true });
  });

  test('with an example that its schemas refuse, or none where there is something to show', () => {
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', example: {} });
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', example: { answer: { id: 1, name: 'Lamp' } } });
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', query, example: { query: { colour: 'red' }, answer } });
  });

  test('with a member that endpoints do not have, such as one misspelt', () => {
    // @ts-expect-error
    endpoint({ ...reading, path: '/things', example: { answer }, limits: 'credentials' });
  });
});

describe('handlers are refused', () => {
  const create: Handler<typeof contract.create> = () => ({ value: answer, version: '1' });
  const list = () => answer;
  const read = () => answer;
  const remove = () => undefined;

  test('when one is missing, or one has no endpoint', () => {
    const complete: Handlers<typeof contract> = { create, list, read, remove };
    // @ts-expect-error
    const incomplete: Handlers<typeof contract> = { create, list, read };
    // @ts-expect-error
    const excessive: Handlers<typeof contract> = { create, list, read, remove, paint: read };
    expect([complete, incomplete, excessive]).toHaveLength(3);
  });

  test('when they use what their endpoint does not declare', () => {
    const known: Handler<typeof contract.read> = ({ caller, params: { id } }) => ({
      id,
      name: caller.userId,
    });
    // @ts-expect-error
    const noCaller: Handler<typeof contract.create> = ({ caller }) => caller;
    // @ts-expect-error
    const noBody: Handler<typeof contract.read> = ({ body: sent }) => sent;
    // @ts-expect-error
    const noConditions: Handler<typeof contract.read> = ({ preconditions }) => preconditions;
    // @ts-expect-error
    const noSuchParameter: Handler<typeof contract.read> = ({ params: { key } }) => key;
    expect([known, noCaller, noBody, noConditions, noSuchParameter]).toHaveLength(5);
  });

  test('when their answer is not the declared one', () => {
    // @ts-expect-error
    const incomplete: Handler<typeof contract.read> = () => ({ id: '1' });
    // @ts-expect-error
    const late: Handler<typeof contract.read> = async () => ({ id: 1, name: 'Lamp' });
    // @ts-expect-error
    const withoutVersion: Handler<typeof contract.create> = () => answer;
    // @ts-expect-error
    const absent: Handler<typeof contract.read> = () => undefined;
    expect([incomplete, late, withoutVersion, absent]).toHaveLength(4);
  });
});

describe('a call of the client is refused', () => {
  const { auth, tasks, users } = createClient({ baseUrl: 'https://tasks.example.com' });
  const id = '68f1c2a79d3e4b5a6c7d8e9f';

  test('without the path parameters or the body that its endpoint needs', () => {
    // @ts-expect-error
    void (() => tasks.read());
    // @ts-expect-error
    void (() => tasks.read({ params: {} }));
    // @ts-expect-error
    void (() => tasks.create({}));
    // @ts-expect-error
    void (() => tasks.create({ body: { priority: 'high' } }));
    void (() => tasks.create({ body: { title: 'Pay rent' } }));
    void (() => tasks.list());
    void (() => users.read());
  });

  test('with members that its endpoint does not know', () => {
    // @ts-expect-error
    void (() => tasks.create({ body: { title: 'Pay rent', colour: 'red' } }));
    // @ts-expect-error
    void (() => tasks.list({ query: { colour: 'red' } }));
    // @ts-expect-error
    void (() => tasks.list({ body: {} }));
    // @ts-expect-error
    void (() => tasks.read({ params: { id }, ifMatch: '"1"' }));
    // @ts-expect-error
    void (() => tasks.paint({ params: { id } }));
    void (() => tasks.update({ params: { id }, body: { status: 'done' }, ifMatch: '"1"' }));
    // @ts-expect-error
    void (() => tasks.update({ params: { id }, body: { status: 'done' }, idempotencyKey: 'k' }));
    void (() => tasks.create({ body: { title: 'x' }, idempotencyKey: 'k' }));
  });

  test('with values that its endpoint does not take', () => {
    // @ts-expect-error
    void (() => tasks.create({ body: { title: 'Pay rent', priority: 'highest' } }));
    // @ts-expect-error
    void (() => tasks.list({ query: { status: ['todo', 'started'] } }));
    // @ts-expect-error
    void (() => tasks.list({ query: { dueBefore: 5 } }));
    void (() => tasks.list({ query: { status: ['todo'], sort: 'title', limit: 5 } }));
  });

  test('where the answer is used as what it is not', () => {
    const use = async () => {
      const task = await tasks.read({ params: { id } });
      const { etag } = await tasks.read({ params: { id } }).withResponse();
      // @ts-expect-error
      const version: string = task.version;
      // @ts-expect-error
      const tag: string = etag;
      // @ts-expect-error
      const { user } = await auth.logout();
      // @ts-expect-error
      const items: AsyncIterable<unknown> = tasks.read({ params: { id } });
      for await (const { title } of tasks.list()) title.trim();
      return [version, tag, user, items];
    };
    expect(use).toBeInstanceOf(Function);
  });

  test('with a token and a session, which would contradict each other', () => {
    const session = { get: () => null, set: () => undefined };
    // @ts-expect-error
    createClient({ baseUrl: '', session, accessToken: () => 'token' });
  });
});
