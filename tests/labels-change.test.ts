import { describe, expect, test } from '@jest/globals';
import type { Label } from '../src/features/labels/labels.contract.ts';
import { LabelModel } from '../src/features/labels/labels.model.ts';
import { expectProblem, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { type Member, send, signUp } from './support/factories.ts';
import { createLabel, finishLater, namesOf } from './support/labels.ts';

const api = useApi();
const path = '/labels';

async function deletedIf(member: Member, { id }: Label, tag: string) {
  return send(api(), member.accessToken, 'delete', `${path}/${id}`).set('If-Match', tag);
}

describe('PATCH /labels/:id', () => {
  describe('200', () => {
    test.each([
      [{ name: 'house' }, { name: 'house' }],
      [{ name: 'Home' }, { name: 'Home' }],
      [{ colour: 'teal' }, { colour: 'teal' }],
      [{ colour: null }, { colour: 'grey' }],
    ])('%j changes what it names', async (patch, shown) => {
      const member = await signUp(api());
      const label = await createLabel(member, { colour: 'red' });
      const answer = await member.send('patch', `${path}/${label.id}`, patch);
      expect(answer.status).toBe(200);
      expect(answer.body).toEqual({ ...label, ...shown, updatedAt: instant, version: 2 });
      expect(answer.headers['etag']).toBe('"2"');
      expect((await member.send('get', `${path}/${label.id}`)).body).toEqual(answer.body);
    });

    test.each([[{}], [{ name: ' home ' }], [{ colour: 'red' }]])(
      'leaves the version alone when %j changes nothing',
      async (patch) => {
        const member = await signUp(api());
        const label = await createLabel(member, { colour: 'red' });
        const answer = await member.send('patch', `${path}/${label.id}`, patch);
        expect(answer.body).toEqual(label);
      },
    );

    test('loses no change when several arrive at once', async () => {
      const member = await signUp(api());
      const { id } = await createLabel(member);
      await Promise.all([
        member.send('patch', `${path}/${id}`, { name: 'house' }),
        member.send('patch', `${path}/${id}`, { colour: 'teal' }),
        member.send('post', `${path}/${id}/move`, { position: 'first' }),
      ]);
      const { body } = await member.send('get', `${path}/${id}`);
      expect(body).toMatchObject({ name: 'house', colour: 'teal', version: 4 });
    });
  });

  test('404: leaves the label of somebody else alone', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const label = await createLabel(stranger);
    const answer = await member.send('patch', `${path}/${label.id}`, { name: 'mine' });
    expectProblem(answer, 404, 'not_found');
    expect(await namesOf(stranger)).toEqual(['home']);
  });

  test('409: refuses the name of another label', async () => {
    const member = await signUp(api());
    await createLabel(member, { name: 'work' });
    const label = await createLabel(member);
    const answer = await member.send('patch', `${path}/${label.id}`, { name: 'work' });
    expectProblem(answer, 409, 'name_taken');
    expect(await namesOf(member)).toEqual(['work', 'home']);
  });

  test('412: keeps what somebody else has changed meanwhile', async () => {
    const member = await signUp(api());
    const label = await createLabel(member);
    const answer = await send(api(), member.accessToken, 'patch', `${path}/${label.id}`)
      .set('If-Match', '"9"')
      .send({ name: 'house' });
    expectProblem(answer, 412, 'precondition_failed');
    expect(answer.headers['etag']).toBe('"1"');
    expect(await namesOf(member)).toEqual(['home']);
  });

  test.each([
    [{ name: null }, ['body.name invalid_type']],
    [{ name: 'a,b' }, ['body.name custom']],
    [{ version: 3 }, ['body.version unrecognized_key']],
  ])('422: refuses %j', async (patch, violations) => {
    const member = await signUp(api());
    const label = await createLabel(member);
    const answer = await member.send('patch', `${path}/${label.id}`, patch);
    expect(violationsIn(answer)).toEqual(violations);
  });
});

describe('POST /labels/:id/move', () => {
  test.each<[string, (ids: string[]) => object, string[]]>([
    ['the front', () => ({ position: 'first' }), ['c', 'a', 'b', 'd']],
    ['the end', () => ({ position: 'last' }), ['a', 'b', 'd', 'c']],
    ['the place before another', ([, b]) => ({ before: b }), ['a', 'c', 'b', 'd']],
    ['the place behind another', ([a]) => ({ after: a }), ['a', 'c', 'b', 'd']],
  ])('200: moves a label to %s', async (_, move, names) => {
    const member = await signUp(api());
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c', 'd']) ids.push((await createLabel(member, { name })).id);
    const answer = await member.send('post', `${path}/${ids[2]}/move`, move(ids));
    expect(answer.status).toBe(200);
    expect(answer.body.version).toBe(2);
    expect(await namesOf(member)).toEqual(names);
  });

  test('404: leaves the label of somebody else alone', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const { id } = await createLabel(stranger);
    const answer = await member.send('post', `${path}/${id}/move`, { position: 'first' });
    expectProblem(answer, 404, 'not_found');
  });

  test('412: moves only the version that If-Match names', async () => {
    const member = await signUp(api());
    const { id } = await createLabel(member);
    const answer = await send(api(), member.accessToken, 'post', `${path}/${id}/move`)
      .set('If-Match', '"9"')
      .send({ position: 'first' });
    expectProblem(answer, 412, 'precondition_failed');
  });

  test('422: refuses a neighbour that is not another label of the caller', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const own = await createLabel(member);
    const other = await createLabel(stranger);
    for (const id of [own.id, other.id, 'x']) {
      const answer = await member.send('post', `${path}/${own.id}/move`, { before: id });
      expect(violationsIn(answer)).toEqual(['body.before not_found']);
    }
    const nowhere = await member.send('post', `${path}/${own.id}/move`, {});
    expect(violationsIn(nowhere)).toEqual(['body custom']);
  });
});

describe('DELETE /labels/:id', () => {
  test('204: deletes the label, whose name is free at once', async () => {
    const member = await signUp(api());
    const label = await createLabel(member);
    expect((await member.send('delete', `${path}/${label.id}`)).status).toBe(204);
    for (const method of ['get', 'delete'] as const) {
      expectProblem(await member.send(method, `${path}/${label.id}`), 404, 'not_found');
    }
    expect(await namesOf(member)).toEqual([]);
    const next = await createLabel(member);
    expect(next.id).not.toBe(label.id);
    await finishLater();
    expect(await namesOf(member)).toEqual(['home']);
    expect(await LabelModel.countDocuments({ ownerId: member.user.id })).toBe(1);
  });

  test('404: leaves the label of somebody else alone', async () => {
    const [member, stranger] = await Promise.all([signUp(api()), signUp(api())]);
    const { id } = await createLabel(stranger);
    expectProblem(await member.send('delete', `${path}/${id}`), 404, 'not_found');
    expectProblem(await member.send('get', `${path}/${id}`), 404, 'not_found');
    expect(await namesOf(stranger)).toEqual(['home']);
  });

  test('412: deletes only the version that If-Match names', async () => {
    const member = await signUp(api());
    const label = await createLabel(member);
    expectProblem(await deletedIf(member, label, '"9"'), 412, 'precondition_failed');
    expect((await deletedIf(member, label, '"1"')).status).toBe(204);
  });
});
