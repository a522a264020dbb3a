import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import type { Response } from 'supertest';
import { maximumFilters } from '../src/features/filters/filters.contract.ts';
import { FilterModel } from '../src/features/filters/filters.model.ts';
import { deleteFiltersOf } from '../src/features/filters/filters.service.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { basePath, type Member, send, signUp } from './support/factories.ts';
import { saveFilter, wanted } from './support/saved-filters.ts';

const api = useApi();
const path = '/filters';

const idsIn = ({ body }: Response) => (body.data as { id: string }[]).map(({ id }) => id);

/** Gives somebody filters without asking for them one by one. */
async function giveFilters(member: Member, count: number): Promise<void> {
  const filters = Array.from({ length: count }, (_, index) => ({
    ownerId: new Types.ObjectId(member.user.id),
    name: `Filter ${index}`,
    nameKey: `filter ${index}`,
    filter: 'overdue',
    createdAt: new Date(),
    updatedAt: new Date(),
    version: 1,
  }));
  await FilterModel.insertMany(filters);
}

const storedOf = (member: Member) => FilterModel.countDocuments({ ownerId: member.user.id });

describe('POST /filters', () => {
  describe('201', () => {
    test('keeps a filter as it was written', async () => {
      const member = await signUp(api());
      const filter = ' Due < TODAY  or label = "a \\"b\\""';
      const answer = await member.send('post', path, { ...wanted, filter });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        id: expect.any(String),
        name: 'To do next',
        filter,
        sort: ['dueDate', '-priority'],
        createdAt: instant,
        updatedAt: instant,
        version: 1,
      });
      expect(answer.headers['location']).toBe(`${basePath}${path}/${answer.body.id}`);
      expect(answer.headers['etag']).toBe('"1"');
      const read = await member.send('get', `${path}/${answer.body.id}`);
      expect(read.body).toEqual(answer.body);
    });

    test('needs no sort', async () => {
      const member = await signUp(api());
      expect((await saveFilter(member, { sort: undefined })).sort).toBeNull();
      expect((await saveFilter(member, { name: 'Other', sort: null })).sort).toBeNull();
    });

    test('lets two people give the same name', async () => {
      await saveFilter(await signUp(api()));
      await saveFilter(await signUp(api()));
    });

    test('stores it once, however often it is sent with the same key', async () => {
      const member = await signUp(api());
      const ask = () =>
        send(api(), member.accessToken, 'post', path)
          .set('Idempotency-Key', '"a-filter-1"')
          .send(wanted);
      const first = await ask();
      const second = await ask();
      expect([first.status, second.status]).toEqual([201, 201]);
      expect(second.body).toEqual(first.body);
      expect(await storedOf(member)).toBe(1);
    });
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api(), undefined, 'post', path).send(wanted), 'unauthenticated');
  });

  describe('403', () => {
    test('refuses one more than there may be, and takes it once another is gone', async () => {
      const member = await signUp(api());
      await giveFilters(member, maximumFilters - 1);
      const last = await saveFilter(member);
      const refused = await member.send('post', path, { ...wanted, name: 'One more' });
      expectProblem(refused, 403, 'limit_reached');
      expect(await storedOf(member)).toBe(maximumFilters);
      await member.send('delete', `${path}/${last.id}`);
      await saveFilter(member, { name: 'One more' });
    });

    test('never keeps too many, however many are sent at the same time', async () => {
      const member = await signUp(api());
      await giveFilters(member, maximumFilters - 2);
      const names = Array.from({ length: 6 }, (_, index) => `New ${index}`);
      const answers = await Promise.all(
        names.map((name) => member.send('post', path, { ...wanted, name })),
      );
      const kept = answers.filter(({ status }) => status === 201);
      expect(kept.length).toBeLessThanOrEqual(2);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expectProblem(answer, 403, 'limit_reached');
      }
      expect(await storedOf(member)).toBe(maximumFilters - 2 + kept.length);
    });
  });

  describe('422', () => {
    test.each<[string, object, string]>([
      ['no name', { name: undefined }, 'body.name invalid_type'],
      ['an empty name', { name: ' ' }, 'body.name too_small'],
      ['a long name', { name: 'x'.repeat(101) }, 'body.name too_big'],
      ['no filter', { filter: undefined }, 'body.filter invalid_type'],
      ['an empty filter', { filter: '' }, 'body.filter too_small'],
      ['a long filter', { filter: `label = ${'x'.repeat(493)}` }, 'body.filter too_big'],
      ['a broken filter', { filter: 'label = "\ud800"' }, 'body.filter custom'],
      ['an operator', { filter: { $ne: '' } }, 'body.filter invalid_type'],
      ['a field that no task has', { sort: ['colour'] }, 'body.sort.0 invalid_value'],
      ['no field', { sort: [] }, 'body.sort too_small'],
      ['a field twice', { sort: ['title', '-title'] }, 'body.sort custom'],
      ['text for a sort', { sort: 'title' }, 'body.sort invalid_type'],
      ['an owner', { ownerId: 'x' }, 'body.ownerId unrecognized_key'],
    ])('refuses %s', async (_, given, violation) => {
      const member = await signUp(api());
      const answer = await member.send('post', path, { ...wanted, ...given });
      expect(violationsIn(answer)).toEqual([violation]);
    });

    test('says where a filter is wrong, and what was expected', async () => {
      const member = await signUp(api());
      const filter = 'priority >= hi';
      const answer = await member.send('post', path, { ...wanted, filter });
      expectProblem(answer, 422, 'validation_failed');
      expect(answer.body.errors).toEqual([
        {
          path: 'body.filter',
          code: 'custom',
          message: 'at 13: expected a value of priority (low, medium, high, urgent)',
        },
      ]);
    });

    test('refuses a name that is taken, in whatever case', async () => {
      const member = await signUp(api());
      await saveFilter(member, { name: 'Büro' });
      const answer = await member.send('post', path, { ...wanted, name: 'BÜRO' });
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('name_taken');
      expect(await storedOf(member)).toBe(1);
    });
  });
});

describe('GET /filters', () => {
  test('200: lists the caller’s filters, the oldest first, page by page', async () => {
    const member = await signUp(api());
    await saveFilter(await signUp(api()));
    const all = [];
    for (const name of ['c', 'a', 'b']) all.push((await saveFilter(member, { name })).id);
    const first = await member.send('get', `${path}?limit=2`);
    expect(first.status).toBe(200);
    expect(first.headers['link']).toContain('rel="next"');
    const second = await member.send('get', `${path}?limit=2&cursor=${first.body.nextCursor}`);
    expect([...idsIn(first), ...idsIn(second)]).toEqual(all);
    expect(second.body.nextCursor).toBeNull();
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api(), undefined, 'get', path), 'unauthenticated');
  });

  test.each<[string, string]>([
    ['limit=0', 'query.limit too_small'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['ownerId=x', 'query.ownerId unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const member = await signUp(api());
    expect(violationsIn(await member.send('get', `${path}?${query}`))).toEqual([violation]);
  });
});

test('the filters of an account can be deleted with it, and those of others stay', async () => {
  const [member, other] = [await signUp(api()), await signUp(api())];
  await saveFilter(member);
  await saveFilter(other);
  await deleteFiltersOf(new Types.ObjectId(member.user.id));
  expect([await storedOf(member), await storedOf(other)]).toEqual([0, 1]);
});
