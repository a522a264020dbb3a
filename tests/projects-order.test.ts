import { beforeAll, describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { type Member, signUp } from './support/factories.ts';
import { createProject, createSection, listed, namesIn } from './support/projects.ts';

const api = useApi();

interface Named {
  id: string;
  name: string;
  rank: string;
  version: number;
}

/** What stands in an order, how it is made, and where it is listed. */
interface Kind {
  path: '/projects' | '/sections';
  make: (member: Member, name: string) => Promise<Named>;
  /** What the list has in front of what was made. */
  front: string[];
}

const kinds: Kind[] = [
  {
    path: '/projects',
    make: (member, name) => createProject(member, { name }),
    front: ['Inbox'],
  },
  {
    path: '/sections',
    make: (member, name) => createSection(member, { id: member.user.id }, { name }),
    front: [],
  },
];

describe.each(kinds)('POST $path/:id/move', ({ path, make, front }) => {
  let member: Member;
  let made: Record<string, Named>;
  beforeAll(async () => {
    member = await signUp(api());
    made = {};
    for (const name of ['A', 'B', 'C', 'D']) made[name] = await make(member, name);
  });

  const idOf = (name: string) => made[name]?.id ?? name;
  const move = (name: string, place: object, mover = member) =>
    mover.send('post', `${path}/${idOf(name)}/move`, place);

  test('200: puts it first, last, before or after another one', async () => {
    const moves: [string, object, string][] = [
      ['D', { position: 'first' }, 'DABC'],
      ['D', { position: 'last' }, 'ABCD'],
      ['C', { before: idOf('B') }, 'ACBD'],
      ['A', { after: idOf('B') }, 'CBAD'],
      ['B', { after: idOf('D') }, 'CADB'],
      ['D', { before: idOf('C') }, 'DCAB'],
      ['D', { before: idOf('C') }, 'DCAB'],
      ['B', { before: idOf('A') }, 'DCBA'],
    ];
    for (const [name, place, order] of moves) {
      const { body: before } = await member.send('get', `${path}/${idOf(name)}`);
      const answer = await move(name, place);
      expect(answer.status).toBe(200);
      const { rank, updatedAt } = answer.body;
      expect(answer.body).toEqual({ ...before, rank, updatedAt, version: before.version + 1 });
      expect(answer.headers['etag']).toBe(`"${answer.body.version}"`);
      expect(await namesIn(member, path, 2)).toEqual([...front, ...order.split('')]);
    }
  });

  test.each(['after', 'before'])(
    '200: keeps the order, however often something is put %s the same one',
    async (side) => {
      const other = await signUp(api());
      const [a, b, c] = [await make(other, 'A'), await make(other, 'B'), await make(other, 'C')];
      const [anchor, ...others] = side === 'after' ? [a, b, c] : [c, a, b];
      for (let turn = 0; turn < 20; turn += 1) {
        const mover = others.shift() ?? anchor;
        await move(mover.id, { [side]: anchor.id }, other);
        const order = [anchor, mover, ...others].map(({ name }) => name);
        const expected = side === 'after' ? order : order.toReversed();
        expect(await namesIn(other, path)).toEqual([...front, ...expected]);
        others.push(mover);
      }
      const ranks = (await listed<Named>(other, path)).map(({ rank }) => rank);
      expect(ranks).toEqual(ranks.toSorted());
    },
  );

  test('200: gives each a place of its own, whoever moves at the same time', async () => {
    const other = await signUp(api());
    const all: Named[] = [];
    for (const name of ['A', 'B', 'C', 'D', 'E', 'F']) all.push(await make(other, name));
    const [anchor, ...others] = all;
    const place = { after: anchor?.id };
    const answers = await Promise.all(others.map(({ id }) => move(id, place, other)));
    for (const { status } of answers) expect(status).toBe(200);
    const ranks = (await listed<Named>(other, path)).map(({ rank }) => rank);
    expect(new Set(ranks).size).toBe(front.length + all.length);
    expect((await namesIn(other, path))[front.length]).toBe('A');
  });

  test('422: refuses a neighbour that is absent, no id, deleted, of somebody else’s, or itself', async () => {
    const theirs = await make(await signUp(api()), 'Theirs');
    const deleted = await make(member, 'Deleted');
    await member.send('delete', `${path}/${deleted.id}`);
    const absent = new Types.ObjectId().toHexString();
    const order = await namesIn(member, path);
    for (const neighbour of [absent, 'x', deleted.id, theirs.id, idOf('A')]) {
      for (const side of ['before', 'after']) {
        const answer = await move('A', { [side]: neighbour });
        expect(violationsIn(answer)).toEqual([`body.${side} not_found`]);
      }
    }
    expect(await namesIn(member, path)).toEqual(order);
  });

  test.each<[object, string]>([
    [{}, 'body custom'],
    [{ position: 'middle' }, 'body.position invalid_value'],
    [{ position: 'first', before: 'x' }, 'body custom'],
    [{ before: 'x', after: 'y' }, 'body custom'],
    [{ before: null }, 'body.before invalid_type'],
    [{ rank: 'a0' }, 'body.rank unrecognized_key'],
  ])('422: refuses %j', async (place, violation) => {
    const violations = violationsIn(await move('A', place));
    expect(violations).toContain(violation);
  });
});

describe('POST /projects/:id/move', () => {
  test('200: right behind the Inbox is in front of all others', async () => {
    const member = await signUp(api());
    await createProject(member, { name: 'A' });
    const { id } = await createProject(member, { name: 'B' });
    await member.send('post', `/projects/${id}/move`, { after: member.user.id });
    expect(await namesIn(member, '/projects')).toEqual(['Inbox', 'B', 'A']);
  });

  test('200: an archived project keeps its place', async () => {
    const member = await signUp(api());
    const [a, b] = [
      await createProject(member, { name: 'A' }),
      await createProject(member, { name: 'B' }),
    ];
    const c = await createProject(member, { name: 'C' });
    await member.send('patch', `/projects/${b.id}`, { archived: true });
    await member.send('post', `/projects/${c.id}/move`, { after: a.id });
    await member.send('patch', `/projects/${b.id}`, { archived: false });
    expect(await namesIn(member, '/projects')).toEqual(['Inbox', 'A', 'C', 'B']);
  });
});
