import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { repeatably } from '../src/database/new-id.ts';
import { type Label, maximumLabels } from '../src/features/labels/labels.contract.ts';
import { LabelModel } from '../src/features/labels/labels.model.ts';
import { createLabel as makeLabel, deleteLabelsOf } from '../src/features/labels/labels.service.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { basePath, send, signUp } from './support/factories.ts';
import { createLabel, leaveRoom, namesOf } from './support/labels.ts';

const api = useApi();
const path = '/labels';

describe('POST /labels', () => {
  describe('201', () => {
    test('creates a label with the usual colour', async () => {
      const member = await signUp(api());
      const answer = await member.send('post', path, { name: ' home\t' });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        id: expect.any(String),
        name: 'home',
        colour: 'grey',
        rank: expect.any(String),
        createdAt: instant,
        updatedAt: instant,
        version: 1,
      });
      expect(answer.headers['etag']).toBe('"1"');
      expect(answer.headers['location']).toBe(`${basePath}${path}/${answer.body.id}`);
      expect((await member.send('get', `${path}/${answer.body.id}`)).body).toEqual(answer.body);
    });

    test('takes a colour', async () => {
      const member = await signUp(api());
      expect(await createLabel(member, { colour: 'teal' })).toMatchObject({ colour: 'teal' });
    });

    test.each([
      ['home', 'Home'],
      ['é', 'e\u0301'],
      ['0', '$set'],
      ['a.b', '__proto__'],
    ])('tells %j and %j apart', async (one, other) => {
      const member = await signUp(api());
      await createLabel(member, { name: one });
      await createLabel(member, { name: other });
      expect(await namesOf(member)).toEqual([one, other]);
    });

    test('lets everybody have their own of a name', async () => {
      const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
      await createLabel(member);
      await createLabel(stranger);
      expect(await namesOf(stranger)).toEqual(['home']);
    });

    test('makes one of a request that is repeated after it broke off', async () => {
      const member = await signUp(api());
      const caller = { userId: member.user.id };
      const seed = new Types.ObjectId();
      const attempt = () =>
        repeatably(seed, () => makeLabel(caller, { name: 'once', colour: 'grey' }));
      const first = await attempt();
      expect(await attempt()).toEqual(first);
      expect(await namesOf(member)).toEqual(['once']);
    });
  });

  test('401: asks for a token', async () => {
    const answer = await send(api(), undefined, 'post', path).send({ name: 'x' });
    expectUnauthorized(answer, 'unauthenticated');
  });

  describe('403', () => {
    test('refuses one more than there may be, and takes it once another is gone', async () => {
      const member = await signUp(api());
      await leaveRoom(member, 1);
      const last = await createLabel(member);
      expectProblem(await member.send('post', path, { name: 'more' }), 403, 'limit_reached');
      await member.send('delete', `${path}/${last.id}`);
      await createLabel(member, { name: 'more' });
      expectProblem(await member.send('post', path, { name: 'and more' }), 403, 'limit_reached');
    });

    test('lets no more in at once than there is room for, and as many', async () => {
      const member = await signUp(api());
      await leaveRoom(member, 3);
      const answers = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          member.send('post', path, { name: `at once ${index}` }),
        ),
      );
      const made = answers.filter(({ status }) => status === 201);
      expect(made).toHaveLength(3);
      for (const answer of answers) {
        if (!made.includes(answer)) expectProblem(answer, 403, 'limit_reached');
      }
      expect(await LabelModel.countDocuments({ ownerId: member.user.id })).toBe(maximumLabels);
    });
  });

  describe('409', () => {
    test('refuses a name that is taken', async () => {
      const member = await signUp(api());
      await createLabel(member);
      expectProblem(await member.send('post', path, { name: ' home ' }), 409, 'name_taken');
      expect(await namesOf(member)).toEqual(['home']);
    });

    test('lets one of several rivals have a name', async () => {
      const member = await signUp(api());
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => member.send('post', path, { name: 'home' })),
      );
      const statuses = answers.map(({ status }) => status).toSorted();
      expect(statuses).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
      expect(await namesOf(member)).toEqual(['home']);
    });
  });

  test.each([
    [{}, ['body.name invalid_type']],
    [{ name: ' ' }, ['body.name too_small']],
    [{ name: 'x'.repeat(51) }, ['body.name too_big']],
    [{ name: 'a,b' }, ['body.name custom']],
    [{ name: { $ne: null } }, ['body.name invalid_type']],
    [{ name: 'x', colour: 'plaid' }, ['body.colour invalid_value']],
    [{ name: 'x', rank: 'a0' }, ['body.rank unrecognized_key']],
  ])('422: refuses %j', async (body, violations) => {
    const member = await signUp(api());
    expect(violationsIn(await member.send('post', path, body))).toEqual(violations);
    expect(await namesOf(member)).toEqual([]);
  });
});

describe('GET /labels', () => {
  test('200: lists the caller’s labels in their order, page by page', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    for (const name of ['c', 'a', 'b']) await createLabel(member, { name });
    await createLabel(stranger);
    const first = await member.send('get', `${path}?limit=2`);
    expect(first.status).toBe(200);
    const second = await member.send('get', `${path}?limit=2&cursor=${first.body.nextCursor}`);
    const names = [...first.body.data, ...second.body.data].map(({ name }: Label) => name);
    expect(names).toEqual(['c', 'a', 'b']);
    expect(second.body.nextCursor).toBeNull();
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api(), undefined, 'get', path), 'unauthenticated');
  });

  test('422: refuses the cursor of another list, and unknown parameters', async () => {
    const member = await signUp(api());
    const answer = await member.send('get', `${path}?cursor=x&name=home`);
    expect(violationsIn(answer)).toEqual(['query.name unrecognized_key']);
    const cursor = await member.send('get', `${path}?cursor=x`);
    expect(violationsIn(cursor)).toEqual(['query.cursor invalid_cursor']);
  });
});

test('each path asks for a token', async () => {
  const id = new Types.ObjectId().toHexString();
  for (const [method, where] of [
    ['get', `${path}/${id}`],
    ['patch', `${path}/${id}`],
    ['delete', `${path}/${id}`],
    ['post', `${path}/${id}/move`],
  ] as const) {
    expectUnauthorized(await send(api(), undefined, method, where), 'unauthenticated');
  }
});

test('an account’s labels can be deleted all together, and only they', async () => {
  const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
  await createLabel(member);
  await createLabel(stranger);
  await deleteLabelsOf(new Types.ObjectId(member.user.id));
  expect(await namesOf(member)).toEqual([]);
  expect(await namesOf(stranger)).toEqual(['home']);
});
