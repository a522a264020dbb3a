import { describe, expect, jest, test } from '@jest/globals';
import { FilterModel } from '../src/features/filters/filters.model.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { send, signUp } from './support/factories.ts';
import { saveFilter, wanted } from './support/saved-filters.ts';

const api = useApi();
const path = '/filters';

describe('GET /filters/:id', () => {
  test('304: says nothing more to whoever has this version', async () => {
    const member = await signUp(api());
    const { id } = await saveFilter(member);
    const answer = await send(api(), member.accessToken, 'get', `${path}/${id}`).set(
      'If-None-Match',
      '"1"',
    );
    expect(answer.status).toBe(304);
  });
});

describe('PATCH /filters/:id', () => {
  describe('200', () => {
    test('changes what is given, and leaves the rest', async () => {
      const member = await signUp(api());
      const saved = await saveFilter(member);
      const changes = [
        { name: 'Next' },
        { filter: 'overdue' },
        { sort: ['title'] },
        { sort: null },
      ];
      const expected = { ...saved };
      for (const [index, change] of changes.entries()) {
        const answer = await member.send('patch', `${path}/${saved.id}`, change);
        Object.assign(expected, change, { updatedAt: instant, version: index + 2 });
        expect(answer.status).toBe(200);
        expect(answer.body).toEqual(expected);
        expect(answer.headers['etag']).toBe(`"${index + 2}"`);
      }
      expect((await member.send('get', `${path}/${saved.id}`)).body).toEqual(expected);
    });

    test('leaves the version as it is where nothing changes', async () => {
      const member = await signUp(api());
      const saved = await saveFilter(member);
      for (const change of [{}, wanted, { name: ` ${wanted.name} ` }]) {
        const answer = await member.send('patch', `${path}/${saved.id}`, change);
        expect([answer.status, answer.body]).toEqual([200, saved]);
      }
    });

    test('lets a name change its case, and takes one that is free again', async () => {
      const member = await signUp(api());
      const saved = await saveFilter(member);
      const answer = await member.send('patch', `${path}/${saved.id}`, { name: 'TO DO NEXT' });
      expect(answer.body.name).toBe('TO DO NEXT');
      await member.send('patch', `${path}/${saved.id}`, { name: 'Later' });
      await saveFilter(member);
    });

    test('loses none of the changes that come at the same time', async () => {
      const member = await signUp(api());
      const { id } = await saveFilter(member);
      const changes = [{ name: 'Next' }, { filter: 'overdue' }, { sort: null }];
      await Promise.all(changes.map((change) => member.send('patch', `${path}/${id}`, change)));
      const { body } = await member.send('get', `${path}/${id}`);
      expect(body).toMatchObject({ name: 'Next', filter: 'overdue', sort: null, version: 4 });
    });
  });

  test('412: leaves alone what somebody else has changed since it was read', async () => {
    const member = await signUp(api());
    const { id } = await saveFilter(member);
    const { collection } = FilterModel;
    const read = collection.findOne.bind(collection);
    const rival = { $set: { name: 'Rival', nameKey: 'rival' }, $inc: { version: 1 } };
    const reads = jest.spyOn(collection, 'findOne').mockImplementationOnce(async (filter = {}) => {
      const found = await read(filter);
      await collection.updateOne(filter, rival);
      return found;
    });
    const answer = await send(api(), member.accessToken, 'patch', `${path}/${id}`)
      .set('If-Match', '"1"')
      .send({ name: 'Next' });
    reads.mockRestore();
    expectProblem(answer, 412, 'precondition_failed');
    expect((await member.send('get', `${path}/${id}`)).body.name).toBe('Rival');
  });

  test('412: changes only the version that was read', async () => {
    const member = await signUp(api());
    const { id } = await saveFilter(member);
    const patch = (version: string) =>
      send(api(), member.accessToken, 'patch', `${path}/${id}`)
        .set('If-Match', version)
        .send({ name: 'Next' });
    const refused = await patch('"2"');
    expectProblem(refused, 412, 'precondition_failed');
    expect(refused.headers['etag']).toBe('"1"');
    expect((await patch('"1"')).status).toBe(200);
  });

  describe('422', () => {
    test.each<[string, object, string]>([
      ['no name', { name: null }, 'body.name invalid_type'],
      ['no filter', { filter: null }, 'body.filter invalid_type'],
      ['a filter that cannot be read', { filter: 'lable = a' }, 'body.filter custom'],
      ['another version', { version: 2 }, 'body.version unrecognized_key'],
    ])('refuses %s', async (_, given, violation) => {
      const member = await signUp(api());
      const { id } = await saveFilter(member);
      const answer = await member.send('patch', `${path}/${id}`, given);
      expect(violationsIn(answer)).toEqual([violation]);
    });

    test('refuses the name of another filter, in whatever case', async () => {
      const member = await signUp(api());
      await saveFilter(member);
      const other = await saveFilter(member, { name: 'Other' });
      const answer = await member.send('patch', `${path}/${other.id}`, { name: 'to do NEXT' });
      expect(answer.status).toBe(409);
      expect(answer.body.code).toBe('name_taken');
      expect((await member.send('get', `${path}/${other.id}`)).body).toEqual(other);
    });
  });
});

describe('DELETE /filters/:id', () => {
  test('204: takes it from the list', async () => {
    const member = await signUp(api());
    const { id } = await saveFilter(member);
    const kept = await saveFilter(member, { name: 'Other' });
    const answer = await member.send('delete', `${path}/${id}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    const { body } = await member.send('get', path);
    expect(body.data).toEqual([kept]);
    expectProblem(await member.send('delete', `${path}/${id}`), 404, 'not_found');
  });

  test('412: deletes only the version that was read', async () => {
    const member = await signUp(api());
    const { id } = await saveFilter(member);
    const remove = (version: string) =>
      send(api(), member.accessToken, 'delete', `${path}/${id}`).set('If-Match', version);
    expectProblem(await remove('"2"'), 412, 'precondition_failed');
    expect((await remove('"1"')).status).toBe(204);
  });
});

describe.each(['get', 'patch', 'delete'] as const)('%s /filters/:id', (method) => {
  const body = method === 'patch' ? { name: 'Next' } : undefined;

  test('401: asks for a token', async () => {
    const { id } = await saveFilter(await signUp(api()));
    const answer = await send(api(), undefined, method, `${path}/${id}`).send(body);
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('404: answers alike for an id that is absent, malformed or of somebody else’s', async () => {
    const member = await signUp(api());
    const theirs = await saveFilter(await signUp(api()));
    const ids = ['0'.repeat(24), 'x', '%7B%22$ne%22:null%7D', theirs.id];
    const answers = await Promise.all(ids.map((id) => member.send(method, `${path}/${id}`, body)));
    for (const answer of answers) expectProblem(answer, 404, 'not_found');
    expect(new Set(answers.map(({ body: { detail } }) => detail)).size).toBe(1);
    expect(await FilterModel.findById(theirs.id).lean()).toMatchObject({ name: 'To do next' });
  });
});
