import { describe, expect, test } from '@jest/globals';
import { Types } from 'mongoose';
import { maximumSections } from '../src/features/sections/sections.contract.ts';
import { SectionModel } from '../src/features/sections/sections.model.ts';
import { expectProblem, expectUnauthorized, instant, violationsIn } from './support/accounts.ts';
import { useApi } from './support/api.ts';
import { basePath, createTask, type Member, send, signUp } from './support/factories.ts';
import { createProject, createSection, namesIn } from './support/projects.ts';

const api = useApi();
const path = '/sections';

/** Somebody with a project. */
async function withProject() {
  const member = await signUp(api());
  return { member, project: await createProject(member) };
}

/** Gives a project sections without asking for them one by one. */
async function giveSections(member: Member, projectId: string, count: number): Promise<void> {
  const now = new Date();
  const sections = Array.from({ length: count }, () => ({
    ownerId: member.user.id,
    projectId,
    name: 'Other',
    nameKey: 'other',
    rank: 'a0',
    createdAt: now,
    updatedAt: now,
    version: 1,
  }));
  await SectionModel.insertMany(sections);
}

describe('POST /sections', () => {
  describe('201', () => {
    test('creates a section of a project', async () => {
      const { member, project } = await withProject();
      const answer = await member.send('post', path, { projectId: project.id, name: ' Kitchen ' });
      expect(answer.status).toBe(201);
      expect(answer.body).toEqual({
        id: expect.any(String),
        projectId: project.id,
        name: 'Kitchen',
        rank: expect.any(String),
        createdAt: instant,
        updatedAt: instant,
        version: 1,
      });
      expect(answer.headers['etag']).toBe('"1"');
      expect(answer.headers['location']).toBe(`${basePath}${path}/${answer.body.id}`);
      expect((await member.send('get', `${path}/${answer.body.id}`)).body).toEqual(answer.body);
    });

    test('makes one section of a request that is repeated with its key', async () => {
      const { member, project } = await withProject();
      const ask = () =>
        send(api(), member.accessToken, 'post', path)
          .set('Idempotency-Key', 'once')
          .send({ projectId: project.id, name: 'Once' });
      const [first, second] = [await ask(), await ask()];
      expect(second.body).toEqual(first.body);
      expect(await namesIn(member, path)).toEqual(['Once']);
    });
  });

  test('401: asks for a token', async () => {
    const answer = await send(api(), undefined, 'post', path).send({ projectId: 'x', name: 'x' });
    expectUnauthorized(answer, 'unauthenticated');
  });

  describe('403', () => {
    test('refuses one more than a project may have, and takes it once another is gone', async () => {
      const { member, project } = await withProject();
      await giveSections(member, project.id, maximumSections - 1);
      const last = await createSection(member, project);
      const given = { projectId: project.id, name: 'Too many' };
      expectProblem(await member.send('post', path, given), 403, 'limit_reached');
      expect(await SectionModel.countDocuments({ name: 'Too many' })).toBe(0);
      await createSection(member, await createProject(member));
      await member.send('delete', `${path}/${last.id}`);
      await createSection(member, project);
    });

    test('never lets there be too many, however many are asked for at the same time', async () => {
      const { member, project } = await withProject();
      await giveSections(member, project.id, maximumSections - 2);
      const given = { projectId: project.id, name: 'x' };
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => member.send('post', path, given)),
      );
      const made = answers.filter(({ status }) => status === 201);
      expect(made.length).toBeLessThanOrEqual(2);
      for (const answer of answers.filter(({ status }) => status !== 201)) {
        expectProblem(answer, 403, 'limit_reached');
      }
      const stored = await SectionModel.countDocuments({ projectId: project.id });
      expect(stored).toBe(maximumSections - 2 + made.length);
    });
  });

  describe('422', () => {
    test('refuses a project of somebody else’s, a deleted one, one in the archive, and none', async () => {
      const { member, project: deleted } = await withProject();
      const { member: stranger, project: theirs } = await withProject();
      const archived = await createProject(member);
      await member.send('delete', `/projects/${deleted.id}`);
      await member.send('patch', `/projects/${archived.id}`, { archived: true });
      for (const projectId of [theirs.id, stranger.user.id, deleted.id, archived.id, 'x']) {
        const answer = await member.send('post', path, { projectId, name: 'x' });
        expect(violationsIn(answer)).toEqual(['body.projectId not_found']);
      }
      expect(await namesIn(stranger, path)).toEqual([]);
    });

    test.each<[string, object, string]>([
      ['no name', { name: undefined }, 'body.name invalid_type'],
      ['an empty name', { name: ' ' }, 'body.name too_small'],
      ['a long name', { name: 'x'.repeat(101) }, 'body.name too_big'],
      ['no project', { projectId: undefined }, 'body.projectId invalid_type'],
      ['an operator', { projectId: { $ne: null } }, 'body.projectId invalid_type'],
      ['a rank', { rank: 'a0' }, 'body.rank unrecognized_key'],
    ])('refuses %s', async (_, given, violation) => {
      const member = await signUp(api());
      const fine = { projectId: member.user.id, name: 'Fine' };
      const answer = await member.send('post', path, { ...fine, ...given });
      expect(violationsIn(answer)).toEqual([violation]);
    });
  });
});

describe('GET /sections', () => {
  test('200: lists those of a project, or of all, page by page', async () => {
    const { member, project } = await withProject();
    const { member: stranger, project: theirs } = await withProject();
    await createSection(stranger, theirs, { name: 'Foreign' });
    const inbox = { id: member.user.id };
    for (const name of ['A', 'B', 'C']) await createSection(member, project, { name });
    await createSection(member, inbox, { name: 'D' });
    expect(await namesIn(member, `${path}?projectId=${project.id}`, 2)).toEqual(['A', 'B', 'C']);
    expect(await namesIn(member, `${path}?projectId=${inbox.id}`, 2)).toEqual(['D']);
    expect(await namesIn(member, path, 2)).toEqual(['A', 'B', 'C', 'D']);
    for (const none of [theirs.id, 'x', '0'.repeat(24), 'a'.repeat(12)]) {
      expect(await namesIn(member, `${path}?projectId=${none}`)).toEqual([]);
    }
  });

  test('401: asks for a token', async () => {
    expectUnauthorized(await send(api(), undefined, 'get', path), 'unauthenticated');
  });

  test.each<[string, string]>([
    ['limit=0', 'query.limit too_small'],
    ['cursor=x', 'query.cursor invalid_cursor'],
    ['name=x', 'query.name unrecognized_key'],
  ])('422: refuses ?%s', async (query, violation) => {
    const member = await signUp(api());
    expect(violationsIn(await member.send('get', `${path}?${query}`))).toEqual([violation]);
  });
});

describe('PATCH /sections/:id', () => {
  test('200: renames it', async () => {
    const { member, project } = await withProject();
    const section = await createSection(member, project);
    const answer = await member.send('patch', `${path}/${section.id}`, { name: 'Hall' });
    expect(answer.body).toEqual({ ...section, name: 'Hall', updatedAt: instant, version: 2 });
    expect(answer.headers['etag']).toBe('"2"');
    expect((await member.send('get', `${path}/${section.id}`)).body).toEqual(answer.body);
  });

  test.each([{}, { name: 'Kitchen' }])('200: %j changes nothing', async (patch) => {
    const { member, project } = await withProject();
    const section = await createSection(member, project);
    expect((await member.send('patch', `${path}/${section.id}`, patch)).body).toEqual(section);
  });

  test.each<[object, string]>([
    [{ name: null }, 'body.name invalid_type'],
    [{ name: '' }, 'body.name too_small'],
    [{ projectId: 'x' }, 'body.projectId unrecognized_key'],
  ])('422: refuses %j', async (patch, violation) => {
    const { member, project } = await withProject();
    const { id } = await createSection(member, project);
    expect(violationsIn(await member.send('patch', `${path}/${id}`, patch))).toEqual([violation]);
  });
});

const calls = [
  ['get', ''],
  ['patch', ''],
  ['delete', ''],
  ['post', '/move'],
] as const;
const bodies: Record<string, object> = { patch: { name: 'x' }, post: { position: 'first' } };

describe.each(calls)('%s /sections/:id%s', (method, suffix) => {
  const address = (id: string) => `${path}/${id}${suffix}`;

  test('401: asks for a token', async () => {
    const { member, project } = await withProject();
    const { id } = await createSection(member, project);
    const answer = await send(api(), undefined, method, address(id)).send(bodies[method]);
    expectUnauthorized(answer, 'unauthenticated');
  });

  test('404: answers alike for an id that is absent, malformed, deleted or of somebody else’s', async () => {
    const { member, project } = await withProject();
    const { member: stranger, project: other } = await withProject();
    const theirs = await createSection(stranger, other);
    const deleted = await createSection(member, project);
    await member.send('delete', `${path}/${deleted.id}`);
    const ids = [new Types.ObjectId().toHexString(), 'x', deleted.id, theirs.id];
    const answers = await Promise.all(
      ids.map((id) => member.send(method, address(id), bodies[method])),
    );
    for (const answer of answers) expectProblem(answer, 404, 'not_found');
    expect(new Set(answers.map(({ body }) => body.detail)).size).toBe(1);
    expect((await stranger.send('get', `${path}/${theirs.id}`)).body).toEqual(theirs);
  });

  test('412: acts on the version that If-Match names, and on no other', async () => {
    const { member, project } = await withProject();
    await createSection(member, project);
    const section = await createSection(member, project);
    const ask = (tag: string) =>
      send(api(), member.accessToken, method, address(section.id))
        .set('If-Match', tag)
        .send(bodies[method]);
    const missed = await ask('"2"');
    expectProblem(missed, 412, 'precondition_failed');
    expect(missed.headers['etag']).toBe('"1"');
    expect((await member.send('get', `${path}/${section.id}`)).body).toEqual(section);
    expect((await ask('"1"')).status).toBeLessThan(300);
  });
});

describe('A task', () => {
  test('gets into the project of its section, named or not', async () => {
    const { member, project } = await withProject();
    const { id } = await createSection(member, project);
    for (const given of [{ sectionId: id }, { sectionId: id, projectId: project.id }]) {
      const task = await createTask(member, given);
      expect(task).toMatchObject({ projectId: project.id, sectionId: id });
    }
  });

  test('is not made in a section of another project, of somebody else’s, or that is gone', async () => {
    const { member, project } = await withProject();
    const { member: stranger, project: other } = await withProject();
    const own = await createSection(member, project);
    const theirs = await createSection(stranger, other);
    const deleted = await createSection(member, project);
    await member.send('delete', `${path}/${deleted.id}`);
    for (const given of [
      { sectionId: own.id, projectId: member.user.id },
      { sectionId: theirs.id },
      { sectionId: deleted.id },
      { sectionId: 'x' },
    ]) {
      const answer = await member.send('post', '/tasks', { title: 'x', ...given });
      expect(violationsIn(answer)).toEqual(['body.sectionId not_found']);
    }
    await member.send('patch', `/projects/${project.id}`, { archived: true });
    const archived = await member.send('post', '/tasks', { title: 'x', sectionId: own.id });
    expect(violationsIn(archived)).toEqual(['body.sectionId not_found']);
  });
});
