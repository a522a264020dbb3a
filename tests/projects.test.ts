import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { colours, maximumProjects } from '../src/features/projects/projects.contract.ts';
import { ProjectModel } from '../src/features/projects/projects.model.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { basePath, type Member, send, signUp } from './support/factories.ts';
import { createProject, namesIn } from './support/projects.ts';

const api = useApi();
const path = '/projects';

/** Gives somebody projects without asking for them one by one. */
async function giveProjects(member: Member, count: number): Promise<void> {
  const now = new Date();
  const projects = Array.from({ length: count }, () => ({
    ownerId: member.user.id,
    name: 'Other',
    nameKey: 'other',
    colour: 'grey',
    rank: 'a0',
    createdAt: now,
    updatedAt: now,
    version: 1,
  }));
  await ProjectModel.insertMany(projects);
}

describe('POST /projects', () => {
  describe('201', () => {
    test('creates a project with defaults', async () => {
      const member = await signUp(api());
      const answer = await member.send('post', path, { name: ' Spring cleaning\t' });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        id: expect.any(String),
        name: 'Spring cleaning',
        description: '',
        colour: 'grey',
        isInbox: false,
        archived: false,
        archivedAt: null,
        rank: expect.any(String),
        createdAt: instant,
        updatedAt: instant,
        version: 1,
      });
      expect(answer.headers['etag']).toBe('"1"');
      expect(answer.headers['location']).toBe(`${basePath}${path}/${answer.body.id}`);
      expect((await member.send('get', `${path}/${answer.body.id}`)).body).toEqual(answer.body);
    });

    test.each(colours)('takes the colour %s', async (colour) => {
      const member = await signUp(api());
      const description = ' as it is given \n';
      const project = await createProject(member, { colour, description });
      expect(project).toMatchObject({ colour, description });
    });

    test('makes one project of a request that is repeated with its key', async () => {
      const member = await signUp(api());
      const ask = () =>
        send(api(), member.accessToken, 'post', path)
          .set('Idempotency-Key', 'once')
          .send({ name: 'Once' });
      const [first, second] = [await ask(), await ask()];
      expect(second.body).toEqual(first.body);
      expect(await namesIn(member, path)).toEqual(['Inbox', 'Once']);
    });
  });

  test('401: asks for a token', async () => {
    const answer = await send(api(), undefined, 'post', path).send({ name: 'x' });
    expectUnauthorized(answer, 'unauthenticated');
  });

  describe('403', () => {
    test('refuses one more than there may be, and takes it once another is gone', async () => {
      const member = await signUp(api());
      await giveProjects(member, maximumProjects - 1);
      await member.send('patch', `${path}/${member.user.id}`, { colour: 'red' });
      const last = await createProject(member);
      const refused = await member.send('post', path, { name: 'Too many' });
      expectProblem(refused, 403, 'limit_reached');
      expect(await ProjectModel.countDocuments({ name: 'Too many' })).toBe(0);
      await member.send('patch', `${path}/${last.id}`, { archived: true });
      expectProblem(await member.send('post', path, { name: 'x' }), 403, 'limit_reached');
      await member.send('delete', `${path}/${last.id}`);
      await createProject(member);
    });

    test('never lets there be too many, however many are asked for at the same time', async () => {
      const member = await signUp(api());
      await giveProjects(member, maximumProjects - 2);
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => member.send('post', path, { name: 'x' })),
      );
      const made = answers.filter(({ status }) => status === 201);
      expect(made.length).toBeLessThanOrEqual(2);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expectProblem(answer, 403, 'limit_reached');
      }
      const stored = await ProjectModel.countDocuments({ ownerId: member.user.id });
      expect(stored).toBe(maximumProjects - 2 + made.length);
    });
  });

  test.each<[string, object, string]>([
    ['no name', { name: undefined }, 'body.name invalid_type'],
    ['an empty name', { name: ' ' }, 'body.name too_small'],
    ['a long name', { name: 'x'.repeat(101) }, 'body.name too_big'],
    ['a long description', { description: 'x'.repeat(10_001) }, 'body.description too_big'],
    ['another colour', { colour: 'infrared' }, 'body.colour invalid_value'],
    ['an owner', { ownerId: 'x' }, 'body.ownerId unrecognized_key'],
    ['the archive', { archived: true }, 'body.archived unrecognized_key'],
    ['an operator', { name: { $ne: null } }, 'body.name invalid_type'],
  ])('422: refuses %s', async (_, given, violation) => {
    const member = await signUp(api());
    const answer = await member.send('post', path, { name: 'Fine', ...given });
    expect(violationsIn(answer)).toEqual([violation]);
  });
});

describe('GET /projects', () => {
  test('200: lists the Inbox first, then the others in their order, page by page', async () => {
    const member = await signUp(api());
    await createProject(await signUp(api()), { name: 'Foreign' });
    for (const name of ['A', 'B', 'C']) await createProject(member, { name });
    for (const limit of [1, 2, 3, 100]) {
      expect(await namesIn(member, path, limit)).toEqual(['Inbox', 'A', 'B', 'C']);
    }
    await member.send('patch', `${path}/${member.user.id}`, { name: 'Eingang' });
    for (const limit of [1, 2, 3, 100]) {
      expect(await namesIn(member, path, limit)).toEqual(['Eingang', 'A', 'B', 'C']);
    }
  });

  test('200: shows those in use, those in the archive, or all', async () => {
    const member = await signUp(api());
    await createProject(member, { name: 'Used' });
    const { id } = await createProject(member, { name: 'Archived' });
    await member.send('patch', `${path}/${id}`, { archived: true });
    expect(await namesIn(member, path)).toEqual(['Inbox', 'Used']);
    expect(await namesIn(member, `${path}?archived=false`)).toEqual(['Inbox', 'Used']);
    expect(await namesIn(member, `${path}?archived=true`)).toEqual(['Archived']);
    expect(await namesIn(member, `${path}?archived=all`, 1)).toEqual(['Inbox', 'Used', 'Archived']);
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api(), undefined, 'get', path), 'unauthenticated');
  });

  test.each<[string, string]>([
    ['limit=0', 'query.limit too_small'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['archived=maybe', 'query.archived invalid_value'],
    ['name=x', 'query.name unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const member = await signUp(api());
    expect(violationsIn(await member.send('get', `${path}?${query}`))).toEqual([violation]);
  });

  test('422: refuses the cursor of a list with another filter', async () => {
    const member = await signUp(api());
    await createProject(member);
    const { body } = await member.send('get', `${path}?limit=1`);
    const other = await member.send('get', `${path}?archived=all&cursor=${body.nextCursor}`);
    expect(violationsIn(other)).toEqual(['query.cursor invalid_cursor']);
  });
});

describe('PATCH /projects/:id', () => {
  describe('200', () => {
    test.each([
      ['name', 'Autumn cleaning', 'Autumn cleaning'],
      ['description', 'All of it', 'All of it'],
      ['description', null, ''],
      ['colour', 'teal', 'teal'],
      ['colour', null, 'grey'],
    ])('sets %s to %j and leaves the rest as it was', async (name, value, shown) => {
      const member = await signUp(api());
      const project = await createProject(member, { description: 'Attic', colour: 'red' });
      const answer = await member.send('patch', `${path}/${project.id}`, { [name]: value });
      expect(answer.body).toEqual({ ...project, [name]: shown, updatedAt: instant, version: 2 });
      expect(answer.headers['etag']).toBe('"2"');
      expect((await member.send('get', `${path}/${project.id}`)).body).toEqual(answer.body);
    });

    test('archives and brings back, by true, false and null', async () => {
      const member = await signUp(api());
      const project = await createProject(member);
      const change = (archived: boolean | null) =>
        member.send('patch', `${path}/${project.id}`, { archived });
      const { body } = await change(true);
      expect(body).toEqual({
        ...project,
        archived: true,
        archivedAt: instant,
        updatedAt: instant,
        version: 2,
      });
      expect((await change(true)).body).toEqual(body);
      expect((await change(false)).body).toMatchObject({ archivedAt: null, version: 3 });
      await change(true);
      expect((await change(null)).body).toMatchObject({ archived: false, version: 5 });
    });

    test.each([{}, { name: 'Spring cleaning' }, { archived: false, colour: 'grey' }])(
      'leaves the version alone when %j changes nothing',
      async (patch) => {
        const member = await signUp(api());
        const project = await createProject(member);
        const answer = await member.send('patch', `${path}/${project.id}`, patch);
        expect(answer.body).toEqual(project);
      },
    );

    test('loses none of several changes at once', async () => {
      const member = await signUp(api());
      const { id } = await createProject(member);
      const changes = [{ name: 'A' }, { description: 'B' }, { colour: 'red' }, { archived: true }];
      await Promise.all(changes.map((change) => member.send('patch', `${path}/${id}`, change)));
      const { body } = await member.send('get', `${path}/${id}`);
      expect(body).toMatchObject({ ...Object.assign({}, ...changes), version: 5 });
    });
  });

  test.each<[object, string]>([
    [{ name: null }, 'body.name invalid_type'],
    [{ name: '' }, 'body.name too_small'],
    [{ colour: 'x' }, 'body.colour invalid_value'],
    [{ archived: 'yes' }, 'body.archived invalid_type'],
    [{ archivedAt: null }, 'body.archivedAt unrecognized_key'],
    [{ rank: 'a0' }, 'body.rank unrecognized_key'],
  ])('422: refuses %j', async (patch, violation) => {
    const member = await signUp(api());
    const { id } = await createProject(member);
    const answer = await member.send('patch', `${path}/${id}`, patch);
    expect(violationsIn(answer)).toEqual([violation]);
  });
});

const calls = [
  ['get', ''],
  ['patch', ''],
  ['delete', ''],
  ['post', '/move'],
] as const;
const bodies: Record<string, object> = { patch: { name: 'x' }, post: { position: 'first' } };

describe.each(calls)('%s /projects/:id%s', (method, suffix) => {
  const address = (id: string) => `${path}/${id}${suffix}`;

  test('401: asks for a token', async () => {
    const { id } = await createProject(await signUp(api()));
    const answer = await send(api(), undefined, method, address(id)).send(bodies[method]);
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('404: answers alike for an id that is absent, malformed, deleted or of somebody else’s', async () => {
    const member = await signUp(api());
    const stranger = await signUp(api());
    const theirs = await createProject(stranger);
    const deleted = await createProject(member);
    await member.send('delete', `${path}/${deleted.id}`);
    const absent = new Types.ObjectId().toHexString();
    const ids = [absent, 'x', '%7B%22$ne%22:null%7D', deleted.id, theirs.id, stranger.user.id];
    const answers = await Promise.all(
      ids.map((id) => member.send(method, address(id), bodies[method])),
    );
    for (const answer of answers) expectProblem(answer, 404, 'not_found');
    expect(new Set(answers.map(({ body }) => body.detail)).size).toBe(1);
    expect((await stranger.send('get', `${path}/${theirs.id}`)).body).toEqual(theirs);
  });

  test('412: acts on the version that If-Match names, and on no other', async () => {
    const member = await signUp(api());
    await createProject(member);
    const project = await createProject(member);
    const ask = (tag: string) =>
      send(api(), member.accessToken, method, address(project.id))
        .set('If-Match', tag)
        .send(bodies[method]);
    const missed = await ask('"2"');
    expectProblem(missed, 412, 'precondition_failed');
    expect(missed.headers['etag']).toBe('"1"');
    expect((await member.send('get', `${path}/${project.id}`)).body).toEqual(project);
    expect((await ask('"1"')).status).toBeLessThan(300);
  });
});
